"""Only admits statements that the embedded warehouse may run (floor 3).
Statements go through the Snowflake parser into DuckDB.  DuckDB is locked down by its own
settings; this is the fence in front of it: only known kinds of statement, and no table function or table
name that reads a file.
"""

from __future__ import annotations

import re

from sqlglot import Expr, exp

from snowflake_etl.warehouse.local.sql_errors import SqlError, missing, syntax_error, unsupported

_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)
_KINDS_TO_CREATE = frozenset({"TABLE", "VIEW", "SCHEMA", "DATABASE", "SEQUENCE", "FILE FORMAT"})
_KINDS_TO_ALTER = frozenset({"TABLE", "VIEW"})
_TABLE_FUNCTIONS = frozenset(
    {"FLATTEN", "GENERATOR", "RESULT_SCAN", "SPLIT_TO_TABLE", "STRTOK_SPLIT_TO_TABLE", "UNNEST", "RANGE", "VALUES"}
)
_FORBIDDEN_FUNCTION = re.compile(
    r"read_|glob$|sniff_|scan_|.*_scan$|.*_scan_|copy_|query$|query_table$|getenv|getvariable|current_setting|"
    r"duckdb_|pragma_|set_config|load_|sql_auto_complete|from_substrait|get_substrait|pg_|json_execute|json_serialize",
    re.IGNORECASE,
)
_FILE_LIKE = re.compile(
    r"/|\\|\.(csv|tsv|txt|json|jsonl|ndjson|parquet|arrow|ipc|feather|db|duckdb|avro|xlsx?|orc|lance|vortex)(\.\w+)?$",
    re.IGNORECASE,
)


def check(statement: Expr) -> None:
    """Raise SqlError for a statement that the embedded warehouse does not run."""
    _check_kind(statement)
    for node in statement.walk():
        if isinstance(node, exp.Table):
            _check_table(node)
        elif isinstance(node, exp.Func):
            _check_function(node)


def _check_kind(statement: Expr) -> None:
    if isinstance(statement, (*_QUERIES, *_CHANGES, exp.Comment)):
        return
    kind = str(statement.args.get("kind") or "").upper()
    if isinstance(statement, (exp.Create, exp.Drop)) and kind in _KINDS_TO_CREATE:
        return
    if isinstance(statement, exp.Alter) and kind in _KINDS_TO_ALTER:
        if any(isinstance(action, exp.SwapTable) for action in statement.args.get("actions") or []):
            raise unsupported("ALTER TABLE SWAP")
        return
    if isinstance(statement, (exp.Show, exp.Describe)):
        return
    if isinstance(statement, exp.Set) and not any(item.args.get("kind") for item in statement.expressions):
        return
    word = statement.sql(dialect="snowflake").split(maxsplit=2)[:2]
    raise unsupported(" ".join(word))


def _check_table(table: exp.Table) -> None:
    source = table.this
    if isinstance(source, (exp.Literal, exp.Var)) or (
        isinstance(source, exp.Identifier) and _FILE_LIKE.search(table.name)
    ):
        raise missing("Object", table.name)
    if isinstance(source, exp.Func):
        name = source.name or source.sql_name()
        if name.upper() not in _TABLE_FUNCTIONS and name.upper() != "IDENTIFIER":
            raise missing("Function", name.upper())


def _check_function(function: exp.Func) -> None:
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if _FORBIDDEN_FUNCTION.match(name):
        raise SqlError(f"SQL compilation error:\nUnknown function {name.upper()}.", 2140, "42601")


def one_statement(statements: list[Expr | None]) -> Expr:
    """The only statement in a text.  Raise SqlError for none or several."""
    found = [
        statement for statement in statements if statement is not None and not isinstance(statement, exp.Semicolon)
    ]
    if not found:
        raise SqlError("Empty SQL statement.", 900, "42601")
    if len(found) > 1:
        raise SqlError(f"Actual statement count {len(found)} did not match the desired statement count 1.", 8, "0A000")
    if isinstance(found[0], exp.Command):
        raise syntax_error(f"syntax error: unexpected or unsupported statement '{found[0].this}'.")
    return found[0]
