"""Findings on a screen: nothing said twice, samples that can be told apart, lines that end between words."""

from __future__ import annotations

import pytest

from check_file_desk import JANUARY, NAME, check
from desk import Desk, rows_for
from snowflake_etl.reports.check_text import findings_on_screen, fitted
from snowflake_etl.results import Finding, Severity


def on_screen(*samples: str, message: str = "m") -> list[str]:
    return list(findings_on_screen([Finding("c", Severity.ERROR, message, {}, samples)], "in x.json", indent=""))


def test_what_the_sentence_says_is_not_said_again() -> None:
    assert on_screen("2024-01-05 (1 day)", message="Missing: 2024-01-05 (1 day).") == [
        "error: Missing: 2024-01-05 (1 day)."
    ]
    assert on_screen("line 5", "line 7", message="first line 5") == ["error: first line 5", "  line 5, line 7"]


def test_samples_with_commas_stand_below_each_other_and_others_side_by_side() -> None:
    assert on_screen("A=1, B=2: 2 rows", "A=1, B=3: 2 rows") == [
        "error: m",
        "  A=1, B=2: 2 rows",
        "  A=1, B=3: 2 rows",
    ]
    assert on_screen(*(f"A={number}, B=2" for number in range(9)))[-1] == "  and 4 more, all of them in x.json"
    assert on_screen(*map(str, range(9)))[-1] == "  0, 1, 2, 3, 4 and 4 more, all of them in x.json"


def test_lines_are_broken_between_words_and_only_where_they_are_too_long() -> None:
    lines = ["    error: " + "word " * 30, "short", "x" * 200, "SELECT 1\n" + "y " * 100]
    broken = list(fitted(lines, 80))
    assert max(map(len, broken[:3])) <= 80
    assert broken[1].startswith("      word")
    assert broken[-3:] == lines[1:]
    assert list(fitted(lines, None)) == lines


def test_in_the_log_of_a_job_nothing_is_wider_than_a_terminal(
    nobody_home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = rows_for(JANUARY, 100)
    nobody_home.file(NAME, [*lines[:50], *lines[100:], *lines[200:400]])
    assert max(map(len, check(nobody_home, "--month", "2024-01").out.splitlines())) > 80
    job = nobody_home.folder / "job"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    text = check(nobody_home, "--month", "2024-01").out
    told = [line for line in text.splitlines() if str(nobody_home.folder) not in line]
    assert max(map(len, told)) <= 80
    assert "      DAY=2024-01-03, ID=3000: 2 rows\n      DAY=2024-01-03, ID=3001: 2 rows\n" in text
