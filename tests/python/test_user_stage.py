"""``load.stage: user``: the parts go to the user's own stage, where no named one is to be had."""

from __future__ import annotations

import io

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.warehouse.signin import Warehouse

NAME = "t_20240101-20240131.tsv"


@pytest.fixture
def own_stage(desk: Desk) -> str:
    """The desk loads over the user's stage; the answer is the folder of its table there."""
    desk.sections |= {"load": {"stage": "user"}}
    return f"~/snowflake_etl/{desk.database.lower()}.etl_work/{desk.database.lower()}.public.t/"


@pytest.mark.parametrize("via", ["work_table", "direct"])
def test_a_load_goes_over_the_users_stage_and_says_what_that_means(desk: Desk, own_stage: str, via: str) -> None:
    desk.sections["load"]["via"] = via
    desk.month("2024-01-01", "2024-01-31")
    result = desk.load_json("--month", "2024-01", "--keep-staged")
    assert (result["status"], result["rows_published"]) == ("loaded", 310)
    assert any("no colleague" in warning for warning in result["warnings"])
    assert desk.count() == 310
    assert sorted(name.split("-")[0] for name in desk.staged(own_stage)) == ["manifest", "part"]


def test_nothing_is_left_on_it_and_no_named_stage_is_made(desk: Desk, own_stage: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    assert desk.staged(own_stage) == []
    assert desk.sql("SHOW STAGES IN SCHEMA ETL_WORK") == []


def test_a_failed_load_is_carried_on_without_sending_again(desk: Desk, own_stage: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    assert len(desk.staged(own_stage)) == 2
    result = desk.load_json("--month", "2024-01")
    assert (result["rows_published"], result["files"][0]["parts_sent"]) == (310, 0)


def test_recover_removes_parts_and_nothing_else_of_the_user(desk: Desk, own_stage: str) -> None:
    desk.file(NAME, [*rows_for(days_between("2024-01-01", "2024-01-31")), "20240131\tx\tbad"])
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 6
    assert own_stage.removeprefix("~/") in desk.run("recover", "--config", str(desk.config)).out
    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC")
    with Warehouse(section, LoadSection(), desk.state).open("test") as session:
        session.put(io.BytesIO(b"theirs"), "theirs.txt", f"@~/{desk.database}/")
    assert desk.run("recover", "--config", str(desk.config), "--clean", "--yes").code == 0
    assert desk.staged(own_stage) == []
    assert desk.staged(f"~/{desk.database}/") == ["theirs.txt"]


def test_the_plan_and_the_set_up_name_no_named_stage(desk: Desk, own_stage: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert f"'@{own_stage}2024-01/'" in desk.load("--month", "2024-01", "--dry-run").out
    printed = desk.run("doctor", "--config", str(desk.config), "--setup-sql", "--role", "LOADER").out
    assert "ETL_LOAD_LEDGER" in printed
    assert "STAGE" not in printed
