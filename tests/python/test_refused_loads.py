"""Loads, plans and doctor where Snowflake refuses a statement: what is said, and that the next load is right."""

from __future__ import annotations

import pytest

from desk import Desk
from snowflake_answers import LOCKED, failing
from snowflake_etl.warehouse import transaction


def test_a_load_by_a_role_without_create_table_says_grant_or_direct(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.month("2024-01-01", "2024-01-31")
    text = "SQL access control error:\nInsufficient privileges to operate on schema 'ETL_WORK'."
    with monkeypatch.context() as patched:
        failing(patched, "CREATE TRANSIENT TABLE", text, 3001, "42501")
        answer = desk.load("--month", "2024-01")
    assert answer.code == 5
    assert f'GRANT USAGE, CREATE TABLE ON SCHEMA "{desk.database}"."ETL_WORK" TO ROLE "SYSADMIN";' in answer.out
    assert "set load.via to direct" in answer.out
    desk.sections = {"load": {"via": "direct"}}
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310


def test_a_load_that_waits_for_a_lock_in_vain_says_who_holds_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    monkeypatch.setattr(transaction, "RETRY_SECONDS", 0.0)
    with monkeypatch.context() as patched:
        failing(patched, "INSERT INTO " + f'"{desk.database}"."PUBLIC"."T"', LOCKED, 625, "57014")
        answer = desk.load("--month", "2024-01")
    assert answer.code == 5
    assert "T is locked by transaction 1715330074481000000, open since 2024-05-10 08:34:34 UTC" in answer.out
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310


def test_a_plan_on_a_warehouse_that_sleeps_says_how_to_start_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    text = "Warehouse 'MY_WH' is suspended. Use 'alter warehouse MY_WH resume;' command if you need to use it again."
    failing(monkeypatch, "SELECT COUNT(*)", text, 607, "57P03")
    answer = desk.load("--month", "2024-01", "--dry-run")
    assert answer.code == 5
    assert 'ALTER WAREHOUSE "MY_WH" RESUME;' in answer.out


def test_doctor_says_which_grant_is_missing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    text = "SQL access control error:\nInsufficient privileges to operate on table 'T'."
    failing(monkeypatch, "SELECT COUNT(*)", text, 3001, "42501")
    examined = desk.run("doctor", "--config", str(desk.config))
    assert examined.code == 6
    wanted = f'GRANT SELECT, INSERT, DELETE ON TABLE "{desk.database}"."PUBLIC"."T" TO ROLE "SYSADMIN";'
    assert wanted in examined.out


def test_the_plan_of_several_months_says_which_grant_is_missing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.month("2024-02-01", "2024-02-29")
    text = "SQL access control error:\nInsufficient privileges to operate on table 'ETL_LOAD_LEDGER'."
    failing(monkeypatch, 'SELECT "PUBLISH_ID"', text, 3001, "42501")
    answer = desk.load("--month", "all")
    assert answer.code == 5
    ledger = f'"{desk.database}"."ETL_WORK"."ETL_LOAD_LEDGER"'
    assert f'GRANT SELECT, INSERT, UPDATE ON TABLE {ledger} TO ROLE "SYSADMIN";' in answer.err
    assert desk.count() == 310


@pytest.mark.parametrize(
    ("beginning", "text", "number", "state", "sentences"),
    [
        (
            "PUT",
            "SQL access control error:\nInsufficient privileges to operate on stage 'ETL_STAGE'.",
            3001,
            "42501",
            ("Role SYSADMIN lacks a privilege on stage ETL_STAGE", "GRANT READ, WRITE ON STAGE", "TO ROLE"),
        ),
        (
            "PUT",
            "While putting file(s) there was an error: 'QuotaExceeded: the quota of the bucket is used up'",
            253003,
            "",
            ("The stage has no room", "raise its quota"),
        ),
        (
            "PUT",
            "While putting file(s) there was an error: '507 Server Error: Insufficient Storage for url: http://a/b?c'",
            253003,
            "",
            ("The storage of local is full. Make room there and run the same command again.",),
        ),
        (
            "PUT",
            "While putting file(s) there was an error: '403 Client Error: Forbidden for url: https://a.b/c?sig=SECRET'",
            253003,
            "",
            ("The cloud store behind the stage refused the upload", "SYSTEM$ALLOWLIST()"),
        ),
        (
            "COPY INTO",
            "Warehouse 'MY_WH' is suspended. Use 'alter warehouse MY_WH resume;' command if you need to use it again.",
            607,
            "57P03",
            ("Warehouse MY_WH is suspended", 'ALTER WAREHOUSE "MY_WH" RESUME;'),
        ),
        (
            "COPY INTO",
            "Warehouse 'WH' cannot be resumed because resource monitor 'DAILY' has exceeded its quota.",
            90073,
            "57014",
            ("resource monitor DAILY has used up its quota",),
        ),
        (
            'INSERT INTO "T',
            "SQL access control error:\nInsufficient privileges to operate on table 'T'.",
            3001,
            "42501",
            ("lacks a privilege on table T", "GRANT SELECT, INSERT, DELETE ON TABLE"),
        ),
    ],
)
def test_a_load_that_is_refused_on_its_way_says_what_mends_it_and_the_next_one_is_right(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    beginning: str,
    text: str,
    number: int,
    state: str,
    sentences: tuple[str, ...],
) -> None:
    desk.month("2024-01-01", "2024-01-31")
    with monkeypatch.context() as patched:
        failing(patched, beginning.replace('"T', f'"{desk.database}"."PUBLIC"."T'), text, number, state)
        answer = desk.load("--month", "2024-01")
    assert answer.code == 5, answer
    for sentence in sentences:
        assert sentence in answer.out
    assert "SECRET" not in answer.out + answer.err
    assert desk.count() == 0
    assert desk.work_tables() == []
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310
