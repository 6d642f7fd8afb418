"""Tables for tests of ``report``: made with one statement each, with as many rows a day as wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from desk import Answer, Desk, days_between

KEY = ["DAY", "ID"]


def make_table(
    desk: Desk,
    name: str,
    first: str,
    last: str,
    rows: int | Callable[[date], int] = 10,
    changed: Mapping[str, int] = {},
) -> None:
    """A table DAY, ID, NAME with ``rows`` for each day, but as many as ``changed`` says for some; every key once."""
    counts = {
        str(day): changed.get(str(day), rows if isinstance(rows, int) else rows(day))
        for day in days_between(first, last)
    }
    days = ", ".join(f"('{day}'::DATE, {count})" for day, count in counts.items())
    numbers = ", ".join(f"({number})" for number in range(max(counts.values())))
    desk.sql(
        f"CREATE TABLE {name} AS SELECT D::DATE AS DAY, I::NUMBER(9,0) AS ID, 'x'::VARCHAR(40) AS NAME FROM "
        f"(SELECT COLUMN1 AS D, COLUMN2 AS C FROM VALUES {days}), (SELECT COLUMN1 AS I FROM VALUES {numbers}) "
        "WHERE I < C"
    )


def entry(table: str, pattern: str = "f_{date_range}.tsv", **more: Any) -> dict[str, Any]:
    return {
        "file_pattern": pattern,
        "table_name": table,
        "date_column": "DAY",
        "duplicate_key_columns": KEY,
        **more,
    }


def use_tables(desk: Desk, *entries: dict[str, Any]) -> None:
    """Let the desk's configuration name these tables."""
    desk.sections["files"] = list(entries)


def write_config(desk: Desk, path: Path, *entries: dict[str, Any], **section: Any) -> Path:
    """One more configuration of the desk's database."""
    snowflake = {"connection": "local", "database": desk.database, "schema": "PUBLIC", "network_timeout": 20}
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps({"snowflake": {**snowflake, **section}, "files": list(entries)}), encoding="utf-8")
    return path


def report(desk: Desk, *words: str) -> Answer:
    """``report`` with the desk's configuration, unless others are named."""
    chosen = () if {"--config", "--configs"} & set(words) else ("--config", str(desk.config))
    return desk.run("report", *chosen, *words)


def rows_of(desk: Desk, *words: str, code: int = 0) -> dict[str, Any]:
    """The tables of ``report --json`` by their bare name."""
    answer = report(desk, "--json", *words)
    assert answer.code == code, answer
    return {table["table"].rsplit(".", 1)[-1]: table for table in answer.result["tables"]}
