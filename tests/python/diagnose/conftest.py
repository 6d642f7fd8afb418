"""A desk whose table has a column of every kind."""

from __future__ import annotations

import pytest
from planted_faults import TABLE

from desk import Desk


@pytest.fixture
def typed(desk: Desk) -> Desk:
    desk.entry |= {"create_table": TABLE, "quote_char": '"'}
    return desk
