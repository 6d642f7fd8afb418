"""Targets that are no ordinary tables are refused: views, external and other special tables, masked ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from desk import Desk
from snowflake_answers import TARGET, Answering
from snowflake_etl.warehouse import catalog, table_kind
from snowflake_etl.warehouse.session import Session


def test_a_view_is_refused_as_a_target(desk: Desk) -> None:
    desk.sql("CREATE TABLE BASE (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("CREATE VIEW T AS SELECT * FROM BASE")
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--month", "2024-01")
    assert answer.code == 7
    assert f"{desk.database}.PUBLIC.T is a view" in answer.out
    assert desk.count(table="BASE") == 0
    examined = desk.run("doctor", "--config", str(desk.config))
    assert examined.code == 6
    assert "is a view" in examined.out


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"is_external": "N", "is_iceberg": "N", "is_hybrid": "N", "is_dynamic": "N"}, ""),
        ({"is_external": "Y"}, "an external table"),
        ({"is_external": "N", "is_iceberg": "Y"}, "an Iceberg table"),
        ({"is_external": "N", "is_hybrid": "Y"}, "a hybrid table"),
        ({"is_dynamic": "Y"}, "a dynamic table"),
        ({"is_external": "N"}, ""),
    ],
)
def test_the_kind_of_a_table_is_read_from_show_tables(record: dict[str, str], kind: str) -> None:
    assert table_kind.special_table(record) == kind
    # LIKE takes _ for any character: only the row of the very name counts.
    session: Any = Answering(show_tables=[{"name": "X", "is_external": "Y"}, {"name": "T", **record}])
    assert table_kind.kind_of(session, TARGET) == kind


def test_a_materialized_view_is_told_from_a_view() -> None:
    rows = [{"name": "T", "is_materialized": "true"}]
    session: Any = Answering(show_tables=[], show_views=rows)
    assert table_kind.kind_of(session, TARGET) == "a materialized view"


@pytest.mark.parametrize("mode", ["append", "replace"])
@pytest.mark.parametrize("kind", ["external", "iceberg", "hybrid", "dynamic"])
def test_special_tables_are_refused_as_targets_of_a_load(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str, mode: str
) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.month("2024-01-01", "2024-01-31")
    genuine = Session.records

    def records(self: Session, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        rows = genuine(self, sql, binds)
        return [{**row, f"is_{kind}": "Y"} for row in rows] if sql.startswith("SHOW TABLES LIKE 'T'") else rows

    monkeypatch.setattr(Session, "records", records)
    consent = ("--yes", "--expect-rows", "any") if mode == "replace" else ()
    answer = desk.load("--month", "2024-01", "--mode", mode, *consent)
    assert answer.code == 7
    assert re.search(rf"{desk.database}.PUBLIC.T is an? {kind} table", answer.out, re.IGNORECASE)
    assert desk.count() == 0


def test_a_masking_policy_on_the_target_is_warned_of_and_keeps_a_replace_from_writing_masks_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.load("--month", "2024-01")
    desk.month("2024-01-16", "2024-01-31")
    monkeypatch.setattr(catalog, "policies_on", lambda *_: ["MASKING_POLICY HIDE_NAMES"])
    appended = desk.load_json("--month", "2024-01")
    assert appended["status"] == "loaded"
    assert any("T has MASKING_POLICY HIDE_NAMES" in warning for warning in appended["warnings"])
    desk.month("2024-01-16", "2024-01-31", per_day=11)
    words = ("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "any")
    refused = desk.load(*words)
    assert refused.code == 7
    assert "--policies-checked" in refused.out
    assert desk.count() == 310
    assert desk.load(*words, "--policies-checked").code == 0
    assert desk.count() == 150 + 176
