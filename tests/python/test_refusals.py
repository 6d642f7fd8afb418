"""What is refused, and in which words: kinds of tables, missing privileges, warehouses, locks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from desk import Desk
from snowflake_etl.errors import ConnectError, EtlError, WarehouseError
from snowflake_etl.operations.refusals import Surroundings, explained
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import catalog, locks, table_kind, transaction
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session

OBJECTS = WorkObjects("D", "ETL_WORK")
TARGET = ObjectName("D", "S", "T")


class Answering:
    """A session that answers some statements by their beginning, with what Snowflake answers."""

    def __init__(self, **records: Sequence[dict[str, Any]]) -> None:
        self.records_of = {key.replace("_", " ").upper(): rows for key, rows in records.items()}
        self.asked: list[str] = []

    def records(self, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        self.asked.append(sql)
        for beginning, rows in self.records_of.items():
            if sql.startswith(beginning):
                return list(rows)
        raise WarehouseError("SQL access control error: not for you", code=3001)

    def query(self, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        assert sql == "SELECT CURRENT_ROLE()"
        return [("LOADER",)]


def told(text: str, code: int = 3001, warehouse: str | None = "WH", session: Any = None) -> str:
    error = WarehouseError(text, code=code, sqlstate="42501", query_id="q")
    better = explained(error, session or Answering(), Surroundings(OBJECTS, (TARGET,), warehouse))
    if better is not error:
        assert isinstance(better, WarehouseError)
        assert (better.code, better.query_id) == (code, "q")
    return str(better)


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


def test_a_missing_privilege_on_the_target_names_role_and_grant() -> None:
    sentence = told("SQL access control error:\nInsufficient privileges to operate on table 'T'.")
    assert sentence == (
        "Role LOADER lacks a privilege on table T. Its owner runs: "
        'GRANT SELECT, INSERT, DELETE ON TABLE "D"."S"."T" TO ROLE "LOADER";'
    )


def test_our_own_objects_get_their_own_grants() -> None:
    sentence = told("SQL access control error:\nInsufficient privileges to operate on table 'ETL_LOAD_LEDGER'.")
    assert 'GRANT SELECT, INSERT, UPDATE ON TABLE "D"."ETL_WORK"."ETL_LOAD_LEDGER" TO ROLE "LOADER";' in sentence
    stage = told("SQL access control error:\nInsufficient privileges to operate on stage 'ETL_STAGE'.")
    assert 'GRANT READ, WRITE ON STAGE "D"."ETL_WORK"."ETL_STAGE" TO ROLE "LOADER";' in stage


def test_a_role_that_may_not_create_tables_is_told_of_the_grant_and_of_direct() -> None:
    for text in (
        "SQL access control error:\nInsufficient privileges to operate on schema 'ETL_WORK'.",
        "SQL access control error:\nInsufficient privileges to operate on schema 'ETL_WORK'.\n"
        "Your primary role LOADER must have CREATE TABLE granted\non SCHEMA D.ETL_WORK.",
    ):
        sentence = told(text)
        assert 'GRANT USAGE, CREATE TABLE ON SCHEMA "D"."ETL_WORK" TO ROLE "LOADER";' in sentence
        assert "set load.via to direct" in sentence
    elsewhere = told("SQL access control error:\nInsufficient privileges to operate on schema 'S'.")
    assert "direct" not in elsewhere
    assert 'GRANT USAGE ON SCHEMA "D"."S" TO ROLE "LOADER";' in elsewhere


def test_what_the_warehouse_tells_of_privilege_and_role_is_used() -> None:
    sentence = told(
        "SQL access control error:\nInsufficient privileges to operate on table 'OTHER'.\n\n"
        'Your primary role ANALYST must have TRUNCATE granted on TABLE D."My Schema".OTHER.'
    )
    assert sentence.startswith("Role ANALYST lacks TRUNCATE on table ")
    assert 'GRANT TRUNCATE ON TABLE "D"."My Schema"."OTHER" TO ROLE "ANALYST";' in sentence


def test_what_is_hidden_may_be_missing_too() -> None:
    sentence = told("SQL compilation error:\nStage 'D.ETL_WORK.ETL_STAGE' does not exist or not authorized.", 2003)
    assert sentence.startswith("There is no stage D.ETL_WORK.ETL_STAGE, or role LOADER may not use it.")
    assert 'GRANT READ, WRITE ON STAGE "D"."ETL_WORK"."ETL_STAGE" TO ROLE "LOADER";' in sentence
    assert "doctor --setup-sql" in sentence
    table = told("SQL compilation error:\nObject 'D.S.T' does not exist or not authorized.", 2003)
    assert 'GRANT SELECT, INSERT, DELETE ON TABLE "D"."S"."T"' in table
    other = told("SQL compilation error:\nObject 'D.S.OTHER' does not exist or not authorized.", 2003)
    assert other == "There is no object D.S.OTHER, or role LOADER may not use it. Ask its owner for the privilege."


def test_warehouses_that_do_not_run_are_explained() -> None:
    none = "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse'"
    assert 'GRANT USAGE ON WAREHOUSE "WH" TO ROLE "LOADER";' in told(none, 606)
    assert "Set snowflake.warehouse, or load.warehouse" in told(none, 606, warehouse=None)
    suspended = (
        "Warehouse 'MY_WH' is suspended. Use 'alter warehouse MY_WH resume;' command if you need to use it again."
    )
    assert 'ALTER WAREHOUSE "MY_WH" RESUME;' in told(suspended, 607)
    monitor = "Warehouse 'WH' cannot be resumed because resource monitor 'DAILY' has exceeded its quota."
    assert "resource monitor DAILY has used up its quota" in told(monitor, 90073)


def test_a_forbidden_upload_is_explained_without_the_signed_address() -> None:
    text = (
        "While putting file(s) there was an error: '403 Client Error: Forbidden for url: "
        "https://store.blob.core.windows.net/stages/a/part-00001?sig=SECRET', this might be caused by your access"
    )
    sentence = told(text, 253003)
    assert "SYSTEM$ALLOWLIST()" in sentence
    assert "SECRET" not in sentence
    full = told("While putting file(s) there was an error: 'QuotaExceeded: the quota of the bucket is used up'", 253003)
    assert full.startswith("The stage has no room")


@pytest.mark.parametrize(
    "error",
    [
        WarehouseError("SQL compilation error: error line 1 at position 7\ninvalid identifier 'X'", code=904),
        ConnectError("The connection to x was lost."),
    ],
)
def test_other_errors_stay_as_they_are(error: EtlError) -> None:
    session: Any = Answering()
    assert explained(error, session, Surroundings(OBJECTS, (TARGET,), None)) is error


LOCKED = (
    "Statement '01b43b22-0509-2fce-0003-29019743c0af' has locked table 'T' in transaction 1715330074481000000 and this "
    "lock has not yet been released.\nYour statement '01b43b22-0509-2fce-0003-29019743c13b' was aborted because the "
    "number of waiters for this lock exceeds the 20 statements limit."
)
SINCE = datetime(2024, 5, 10, 8, 34, 34, tzinfo=UTC)


def test_a_lock_names_the_transaction_and_its_age_even_where_nothing_may_be_asked() -> None:
    holder = locks.holder_of(LOCKED)
    assert holder is not None
    assert (holder.table, holder.transaction) == ("T", "1715330074481000000")
    assert holder.since is not None and abs(holder.since - SINCE) < timedelta(seconds=1)
    assert locks.lock_in_words(holder, SINCE + timedelta(minutes=12)).startswith(
        "T is locked by transaction 1715330074481000000, open since 2024-05-10 08:34:34 UTC (11 min)."
    )
    assert "SYSTEM$ABORT_TRANSACTION(1715330074481000000)" in told(LOCKED, 625)


def test_a_lock_names_user_and_session_where_show_tells_them() -> None:
    transaction = {"id": 1715330074481000000, "user": "ANNA", "session": 77, "started_on": SINCE, "state": "running"}
    session = Answering(show_locks=[], show_transactions=[transaction])
    sentence = told(LOCKED, 625, session=session)
    assert "transaction 1715330074481000000 of user ANNA (session 77), open since 2024-05-10 08:34:34 UTC" in sentence


def test_a_lock_timeout_without_a_name_is_looked_up_among_our_tables() -> None:
    row = {"type": "PARTITIONS", "transaction_started_on": SINCE, "acquired_on": SINCE, "query_id": "q2", "session": 9}
    rows = [
        {**row, "resource": "D.S.OTHER", "transaction": 1, "status": "HOLDING"},
        {**row, "resource": "D.ETL_WORK.ETL_LOAD_LOCK", "transaction": 2, "status": "WAITING"},
        {**row, "resource": "D.ETL_WORK.ETL_LOAD_LOCK", "transaction": 3, "status": "HOLDING"},
    ]
    session = Answering(show_locks=rows, show_transactions=[])
    sentence = told("Statement was aborted: lock timeout.", 625, session=session)
    assert sentence.startswith("D.ETL_WORK.ETL_LOAD_LOCK is locked by transaction 3 (session 9), open since 2024-05-10")
    nobody = Answering(show_locks=[], show_transactions=[])
    assert told("Statement was aborted: lock timeout.", 625, session=nobody) == "Statement was aborted: lock timeout."


def failing(monkeypatch: pytest.MonkeyPatch, beginning: str, text: str, number: int, state: str) -> None:
    """Let the warehouse answer statements that begin so with an error of Snowflake's."""
    genuine = SnowflakeCursor.execute

    def execute(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        if command.startswith(beginning):
            raise ProgrammingError(msg=text, errno=number, sqlstate=state, sfqid="01b43b22-0509-2fce-0003-29019743c0af")
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", execute)


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
