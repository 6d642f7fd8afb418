"""Advice on the warehouse's size before large loads, and the warehouse that only loads use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from desk import Desk
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import Refused, WarehouseError
from snowflake_etl.operations.doctor import setup_sql
from snowflake_etl.warehouse import advice
from snowflake_etl.warehouse.advice import Advice, WarehouseState, judge
from snowflake_etl.warehouse.signin import Warehouse

GB = 10**9


def warehouse(size: str) -> WarehouseState:
    return WarehouseState("WH", size, "STARTED", True)


def judged(size: str, gigabytes: float, parts: int) -> Advice:
    found = judge(warehouse(size), int(gigabytes * GB), parts)
    assert found is not None
    return found


class Answering:
    """A session whose current warehouse is WH, listed as ``row`` says."""

    def __init__(self, row: dict[str, Any] | None, name: str | None = "WH") -> None:
        self.row = row
        self.name = name

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return [(self.name,)]

    def records(self, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        if self.row is None:
            raise WarehouseError("Insufficient privileges")
        # LIKE matches more than the very name.
        return [{"name": "W_", "size": "6X-Large", "state": "STARTED", "auto_resume": "true"}, self.row]


ROW = {"name": "WH", "size": "X-Small", "state": "STARTED", "auto_resume": "true"}


def test_files_at_once_double_with_every_size() -> None:
    assert [advice.files_at_once(step) for step in range(4)] == [8, 16, 32, 64]


@pytest.mark.parametrize(("size", "gigabytes", "parts"), [("X-Small", 50, 685), ("Small", 3, 41), ("Large", 50, 685)])
def test_a_size_that_fits_gets_an_estimate_and_no_warning(size: str, gigabytes: float, parts: int) -> None:
    found = judged(size, gigabytes, parts)
    assert found.warning == ""
    assert f"COPY of {parts} parts takes about" in found.plan


def test_a_warehouse_that_would_idle_is_called_too_large() -> None:
    found = judged("3X-Large", 5, 68)
    assert "Warehouse WH is larger (3X-Large) than this load needs" in found.warning
    # 64 parts at once are the most that 68 parts can keep busy.
    assert "ALTER WAREHOUSE \"WH\" SET WAREHOUSE_SIZE = 'LARGE';" in found.warning
    assert "'X-SMALL'" in judged("Medium", 3, 5).warning


def test_a_warehouse_that_takes_very_long_is_called_too_small() -> None:
    found = judged("X-Small", 500, 6850)
    assert "Warehouse WH is smaller (X-Small) than this load needs: the COPY would take about 70 min" in found.warning
    assert "SET WAREHOUSE_SIZE = 'MEDIUM';" in found.warning


def test_beyond_large_a_larger_one_is_not_advised() -> None:
    assert "'LARGE'" in judged("X-Small", 50_000, 685_000).warning
    assert judged("Large", 50_000, 685_000).warning == ""


def test_a_size_of_the_future_gets_no_advice() -> None:
    assert judge(warehouse("7X-Large"), GB, 10) is None


def test_small_loads_and_unknown_warehouses_get_no_advice() -> None:
    def ask(session: Any, size: int = 50 * GB) -> Advice | None:
        return advice.advise(session, size, size, 685)

    assert ask(Answering(ROW)) is not None
    assert ask(Answering(ROW), advice.LARGE_BYTES - 1) is None
    assert ask(Answering(ROW, name=None)) is None
    assert ask(Answering({**ROW, "name": "OTHER"})) is None
    assert ask(Answering(None)) is None


def test_a_warehouse_that_sleeps_and_does_not_wake_up_is_refused() -> None:
    session: Any = Answering({**ROW, "state": "SUSPENDED", "auto_resume": "false"})
    with pytest.raises(Refused, match='ALTER WAREHOUSE "WH" RESUME;'):
        advice.advise(session, 50 * GB, 50 * GB, 685)
    awakes: Any = Answering({**ROW, "state": "SUSPENDED"})
    assert advice.advise(awakes, 50 * GB, 50 * GB, 685) is not None


def test_loads_alone_use_load_warehouse(desk: Desk) -> None:
    desk.sections = {"load": {"warehouse": "LOADING_WH"}}
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    history = (
        f"SELECT DISTINCT WAREHOUSE_NAME FROM TABLE({desk.database}.INFORMATION_SCHEMA.QUERY_HISTORY()) "
        "WHERE CONTAINS(QUERY_TEXT, ?) AND CONTAINS(QUERY_TEXT, ?)"
    )
    assert desk.sql(history, "COPY INTO", f'"{desk.database}"') == [("LOADING_WH",)]
    assert desk.run("doctor", "--config", str(desk.config)).code == 0
    # The doctor's count of the table, and this very look, have the warehouse of every other session.
    assert desk.sql(f"{history} AND QUERY_TAG = ?", "COUNT(*)", f'"{desk.database}"', "snowflake_etl doctor") != [
        ("LOADING_WH",)
    ]
    assert desk.sql("SELECT CURRENT_WAREHOUSE()") != [("LOADING_WH",)]


@pytest.mark.parametrize(("seconds", "told"), [(90, "90"), (0, "0"), (None, "0")])
def test_the_time_in_the_queue_is_limited_where_it_is_configured(desk: Desk, seconds: int | None, told: str) -> None:
    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC")
    load = LoadSection(queue_timeout=seconds)
    with Warehouse(section, load, desk.state, sweeps=False).open("test") as session:
        shown = {row["key"]: row for row in session.records("SHOW PARAMETERS LIKE 'STATEMENT_%TIMEOUT%' IN SESSION")}
    assert shown["STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"]["value"] == told
    assert (shown["STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"]["level"] == "SESSION") is (seconds is not None)
    assert shown["STATEMENT_TIMEOUT_IN_SECONDS"]["value"] == "86400"


def test_the_advice_comes_with_the_load_where_the_warehouse_is_listed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advice, "LARGE_BYTES", 1)
    desk.month("2024-01-01", "2024-01-31")
    plain = desk.load("--month", "2024-01", "--dry-run")
    assert (plain.code, "Warehouse" in plain.err) == (0, False)
    # The one that the embedded warehouse lists: X-Small.
    desk.sections = {"load": {"warehouse": "FAKESNOW_WAREHOUSE"}}
    answer = desk.load("--month", "2024-01", "--dry-run")
    assert "Warehouse FAKESNOW_WAREHOUSE (X-Small) loads 8 parts at once: COPY of 1 parts" in answer.err
    loaded = desk.load_json("--month", "2024-01")
    assert (loaded["status"], loaded["warnings"]) == ("loaded", [])


def test_the_set_up_script_grants_both_warehouses() -> None:
    from snowflake_etl.config.model import Configuration

    configuration = Configuration.model_validate(
        {
            "snowflake": {"warehouse": "WH", "role": "R"},
            "files": [{"file_pattern": "a_{month}.tsv", "table_name": "A"}],
            "load": {"warehouse": "LOADING_WH"},
        }
    )
    script = setup_sql(configuration, None)
    assert 'GRANT USAGE ON WAREHOUSE "WH" TO ROLE "R";' in script
    assert 'GRANT USAGE ON WAREHOUSE "LOADING_WH" TO ROLE "R";' in script


def test_the_warehouse_of_loads_goes_to_the_driver(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    section = SnowflakeSection(account="acme", user="u", warehouse="WH", authenticator="externalbrowser")
    target = Warehouse(section, LoadSection(), tmp_path)
    assert target._arguments(None)["warehouse"] == "WH"
    assert target._arguments("LOADING_WH")["warehouse"] == "LOADING_WH"
