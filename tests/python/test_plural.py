"""Numbers agree with what they count."""

from __future__ import annotations

import ast
import re

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.plural import counted
from test_layers import MODULES, PACKAGE

# What Snowflake itself says is said as it says it.
ITS_WORDS = {PACKAGE / "warehouse" / "local" / "sql_errors.py"}


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [
        (0, "error", "0 errors"),
        (1, "part file", "1 part file"),
        (2_000, "row", "2,000 rows"),
        (1, "entry", "1 entry"),
        (3, "safety copy", "3 safety copies"),
        (2, "day", "2 days"),
    ],
)
def test_a_number_and_what_it_counts_agree(number: int, thing: str, words: str) -> None:
    assert counted(number, thing) == words


def test_no_sentence_leaves_it_open_whether_there_is_one_or_several() -> None:
    open_ones = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        if path not in ITS_WORDS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "(s)" in node.value
    ]
    assert open_ones == []


def test_one_row_of_one_column_is_said_as_one(desk: Desk) -> None:
    """``1 rows`` and ``1 columns`` had stood in what sample, compare, clean-file, load and ledger say."""
    one, other = (
        desk.file("t_20240101-20240101.tsv", ["20240101"], "DAY"),
        desk.file("u_20240101-20240101.tsv", ["20240102"], "DAY"),
    )
    desk.entry.update(duplicate_key_columns=None, create_table={"DAY": "DATE"})
    config = ("--config", str(desk.config))
    said = [
        desk.run("sample", *config, "--file", str(one), "--header", "yes"),
        desk.run("compare", *config, "--file", str(one), "--with", str(other), "--header", "yes"),
        desk.run("clean-file", *config, "--file", str(one)),
        desk.load("--file", str(one), "--qc", "skip"),
        desk.run("ledger", *config, "list"),
    ]
    for answer in said:
        assert re.search(r"\b1 (row|column)\b", answer.out), answer
        assert not re.search(r"\b1 (rows|columns|records)\b", answer.out), answer


def test_lines_and_bytes_have_their_commas_wherever_they_are_told(desk: Desk) -> None:
    """One sentence said "line 12,000" and the next "line 12000"."""
    lines = rows_for(days_between("2024-01-01", "2024-01-31"), 400)
    lines[11_998] += "\tmore"
    path = desk.file("t_20240101-20240131.tsv", lines)
    answer = desk.run("check-file", "--config", str(desk.config), "--file", str(path))
    assert "first at line 12,000. " in answer.out and "line 12,000: 4 columns" in answer.out
    path.write_bytes(path.read_bytes().replace(b"\tmore", b"\xff"))
    answer = desk.run("check-file", "--config", str(desk.config), "--file", str(path))
    assert "12,000" in answer.out and "12000" not in answer.out
