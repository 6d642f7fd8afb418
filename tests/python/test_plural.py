"""Numbers agree with what they count."""

from __future__ import annotations

import ast

import pytest

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
