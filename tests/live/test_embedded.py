"""The questions asked of the embedded warehouse, so that their code is known to run, and to be able to say no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import Holds, Question, all_questions, ask
from room import Account, Place, place_in, temporary_state

QUESTIONS = all_questions()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with temporary_state() as state, place_in(Account("local", "LIVE", None, str(state))) as here:
        yield here


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(asked, id=f"{asked.number}-{asked.function.__name__}", marks=[pytest.mark.slow] * asked.long)
        for asked in QUESTIONS
    ],
)
def test_question(place: Place, asked: Question) -> None:
    if asked.cannot:
        pytest.skip(f"the embedded warehouse cannot be asked: {asked.cannot}")
    answer = ask(asked, place)
    expected = Holds.NO if asked.differs else Holds.YES
    assert answer.holds is expected, answer.seen


def test_every_question_says_all_of_itself() -> None:
    for asked in QUESTIONS:
        assert asked.text.endswith("?"), asked.number
        assert asked.assumption.endswith((".", "]")), asked.number
        assert asked.otherwise.endswith("."), asked.number
        assert asked.source, asked.number
        assert not (asked.cannot and asked.differs), asked.number
        texts = (asked.text, asked.assumption, asked.source, asked.otherwise)
        assert all(re.fullmatch(r"[\x20-\x7e]+", text) for text in texts), asked.number


def test_every_question_is_in_a_range_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "live.md").read_text(encoding="utf-8")
    ranges = [tuple(map(int, row.split("-"))) for row in re.findall(r"^\| (\d{3}(?:-\d{3})?) \|", text, re.MULTILINE)]
    outside = [asked.number for asked in QUESTIONS if not any(row[0] <= asked.number <= row[-1] for row in ranges)]
    assert outside == []
    assert {row[-1] for row in ranges} <= {asked.number for asked in QUESTIONS}
