"""Whether a statement is Snowflake's SQL: the embedded warehouse accepts more than Snowflake does."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

# Statements that sqlglot only passes through; Snowflake knows them, and their text is checked by their own tests.
PASSED_THROUGH = ("REMOVE ", "LIST ", "PUT ", "GET ", "SHOW ", "GRANT ")


def assert_snowflake_sql(statement: str) -> None:
    """Fail unless the statement is exactly one that Snowflake's grammar knows."""
    statement = statement.removeprefix("EXPLAIN USING JSON ")
    parsed = sqlglot.parse(statement, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
    assert len(parsed) == 1, statement
    if isinstance(parsed[0], exp.Command):
        assert statement.startswith(PASSED_THROUGH), f"sqlglot does not understand: {statement}"
