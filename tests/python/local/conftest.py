"""Sessions for the tests of the embedded warehouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local_client import Client


@pytest.fixture
def clients(connect: Callable[..., Any], database: str) -> Callable[..., Client]:
    """Open further sessions on the test's database."""
    return lambda **given: Client(connect(**given), database)


@pytest.fixture
def client(clients: Callable[..., Client]) -> Client:
    """A session with the stage and the schema WORK ready."""
    opened = clients()
    opened.rows("CREATE STAGE IF NOT EXISTS ETL_STAGE")
    return opened
