"""The questions asked of the account that ETL_TEST_CONNECTION names; skipped where it names none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import Holds, Question, all_questions, ask
from room import HOW_TO_RUN, Account, Place, place_in, temporary_state

pytestmark = pytest.mark.skipif(Account.of_environment(Path()) is None, reason=HOW_TO_RUN)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with temporary_state() as state:
        account = Account.of_environment(state)
        assert account is not None
        with place_in(account) as here:
            yield here


@pytest.mark.parametrize("asked", all_questions(), ids=lambda asked: f"{asked.number}-{asked.function.__name__}")
def test_question(place: Place, asked: Question) -> None:
    if asked.long and not os.environ.get("ETL_TEST_LONG"):
        pytest.skip("it takes minutes: set ETL_TEST_LONG=1 to ask it")
    answer = ask(asked, place)
    if answer.holds is Holds.UNKNOWN:
        pytest.skip(f"question {asked.number} is unknown: {answer.seen}")
    said = f"{asked.text}\nAssumed: {asked.assumption}\nSeen: {answer.seen}\n{asked.otherwise}"
    assert answer.holds is Holds.YES, said
