"""Safety copies past their time go by themselves: once a day, whatever a run was for, and never for its outcome."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import pytest

from desk import Desk
from snowflake_etl.config.reading import read_configuration
from snowflake_etl.errors import ConnectError, ExitCode, Refused, Stopped, WarehouseError
from snowflake_etl.warehouse import safety_copy
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

OLD = "T__20240101_000000_0A0B0C0D_COPY"
NEW = "T__29990101_000000_0A0B0C0D_COPY"


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """A table with rows, a copy past its time and one that is not, and nobody has swept today."""
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("INSERT INTO T SELECT '2024-01-05', 1, 'a'")
    desk.sql("CREATE SCHEMA IF NOT EXISTS ETL_WORK")
    old_copies(desk)
    return desk


def old_copies(desk: Desk) -> None:
    for name in (OLD, NEW):
        desk.sql(f"CREATE TABLE IF NOT EXISTS ETL_WORK.{name} (ID NUMBER)")
    for stamp in desk.state.glob(".swept-*"):
        stamp.unlink()


def run(desk: Desk, *words: str) -> int:
    verb, *rest = words
    return desk.run(verb, "--config", str(desk.config), *rest).code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("drop-month", "--table", "T", "--month", "2024-01", "--yes", "--expect-rows", "9"), 7),
        (("restore-month", "--list"), 0),
        (("load", "--month", "2024-01"), 7),
        (("load", "--month", "2024-02", "--qc", "skip"), 6),
        (("recover",), 0),
        (("stage", "list"), 0),
        (("table-info", "--table", "T"), 0),
        (("validate", "--table", "T", "--month", "2024-01"), 6),
        (("report", "--table", "T"), 0),
        (("ledger", "list"), 0),
    ],
    ids=lambda words: "-".join(words[:3]) if isinstance(words, tuple) else None,
)
def test_every_run_that_signs_in_sweeps(kept: Desk, words: Sequence[str], code: int) -> None:
    kept.month("2024-01-01", "2024-01-05")
    kept.file("t_20240201-20240229.tsv", ["20240201\tno number\tname"])
    assert run(kept, *words) == code
    assert kept.safety_copies() == [NEW]


def test_what_may_change_nothing_sweeps_nothing(kept: Desk) -> None:
    kept.month("2024-01-01", "2024-01-31")
    assert run(kept, "drop-month", "--table", "T", "--month", "2024-01", "--dry-run") == 0
    run(kept, "load", "--month", "2024-01", "--dry-run")
    # Whoever asks for copies by their age decides about them.
    assert run(kept, "restore-month", "--drop-copies", "--older-than", "14d") == 7
    assert kept.safety_copies() == [OLD, NEW]
    assert list(kept.state.glob(".swept-*")) == []


def test_one_run_a_day_sweeps_and_each_role_has_its_day(kept: Desk) -> None:
    assert run(kept, "stage", "list") == 0
    (stamp,) = kept.state.glob(".swept-*")
    kept.sql(f"CREATE TABLE ETL_WORK.{OLD} (ID NUMBER)")
    assert run(kept, "stage", "list") == 0
    assert kept.safety_copies() == [OLD, NEW]
    assert run(kept, "stage", "list", "--set", "snowflake.role=OTHER") == 0
    assert kept.safety_copies() == [NEW]
    kept.sql(f"CREATE TABLE ETL_WORK.{OLD} (ID NUMBER)")
    yesterday = time.time() - 86_401
    os.utime(stamp, (yesterday, yesterday))
    assert run(kept, "stage", "list") == 0
    assert kept.safety_copies() == [NEW]


@pytest.mark.parametrize("broken", ["drop", "list", "stamp"])
def test_a_sweep_that_fails_changes_nothing_of_the_run(
    kept: Desk, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    good = kept.run("stage", "--config", str(kept.config), "list")
    old_copies(kept)

    def denied(*_: object) -> None:
        raise WarehouseError("Insufficient privileges to operate on table 'COPY'", code=3001)

    def nonsense(*_: object) -> None:
        raise ValueError("no such thing")

    if broken == "stamp":
        monkeypatch.setattr("snowflake_etl.warehouse.signin.stamp_of", lambda *_: kept.folder / "missing" / "stamp")
    else:
        monkeypatch.setattr(safety_copy, *(("drop_copies", denied) if broken == "drop" else ("copies", nonsense)))
    answer = kept.run("stage", "--config", str(kept.config), "list")
    monkeypatch.undo()
    assert (answer.code, answer.out, answer.err) == (0, good.out, good.err)
    assert kept.safety_copies() == [OLD, NEW]
    said = "could not be looked through" if broken != "drop" else f"{OLD} is past its time and could not be dropped"
    assert said in (kept.state / "snowflake_etl.log").read_text()


@pytest.mark.parametrize(
    ("error", "begins", "swept"),
    [
        (None, False, True),
        (Refused("no"), False, True),
        (WarehouseError("failed"), False, True),
        (WarehouseError("failed in a transaction"), True, False),
        (ConnectError("lost"), False, False),
        (Stopped("stop", ExitCode.INTERRUPTED), False, False),
        (ValueError("a bug"), False, False),
    ],
    ids=str,
)
def test_nobody_waits_for_a_sweep_and_no_open_transaction_is_committed_by_it(
    kept: Desk, error: BaseException | None, begins: bool, swept: bool
) -> None:
    configuration = read_configuration(kept.config).configuration
    warehouse = Warehouse(configuration.snowflake, configuration.load, kept.state)

    def work(session: Session) -> Any:
        with session:
            if begins:
                session.execute("BEGIN")
                session.execute("DELETE FROM T")
            if error is not None:
                raise error

    if error is None:
        work(warehouse.open("test"))
    else:
        with pytest.raises(type(error)):
            work(warehouse.open("test"))
    assert kept.safety_copies() == ([NEW] if swept else [OLD, NEW])
    assert kept.count() == 1
