"""The words in which missing privileges, warehouses that do not run and locks are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snowflake_answers import LOCKED, OBJECTS, TARGET, Answering
from snowflake_etl.errors import ConnectError, EtlError, WarehouseError
from snowflake_etl.operations.refusals import Surroundings, explained
from snowflake_etl.warehouse import locks

SINCE = datetime(2024, 5, 10, 8, 34, 34, tzinfo=UTC)


def told(text: str, code: int = 3001, warehouse: str | None = "WH", session: Any = None) -> str:
    error = WarehouseError(text, code=code, sqlstate="42501", query_id="q")
    better = explained(error, session or Answering(), Surroundings(OBJECTS, (TARGET,), warehouse))
    if better is not error:
        assert isinstance(better, WarehouseError)
        assert (better.code, better.query_id) == (code, "q")
    return str(better)


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
