"""drop-month and restore-month with what operators meet: odd tables, others at work, warnings that have to be seen."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from desk import Answer, Desk
from snowflake_etl.cli.common import Context
from snowflake_etl.month import DayRange
from snowflake_etl.operations.months import drop_plan
from snowflake_etl.sqltext import ObjectName, column_type, day_bounds, with_values
from snowflake_etl.warehouse import catalog, safety_copy
from snowflake_etl.warehouse.session import Session

CONSENT = ("--yes", "--expect-rows", "any")
LOCKED = (
    "Statement '01b43b22-0509-2fce-0003-29019743c0af' has locked table 'T' in transaction 1715330074481000000 and this "
    "lock has not yet been released.\nYour statement '01b43b22-0509-2fce-0003-29019743c13b' was aborted because the "
    "number of waiters for this lock exceeds the 20 statements limit."
)


@pytest.fixture
def january(desk: Desk) -> Desk:
    """Four rows of January and one of February, unknown to the ledger, in a table of two columns."""
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER)")
    desk.sql("INSERT INTO T SELECT '2024-01-05', COLUMN1 FROM VALUES (1), (2), (3), (4)")
    desk.sql("INSERT INTO T SELECT '2024-02-01', 5")
    desk.entry |= {"create_table": None, "duplicate_key_columns": None}
    return desk


def month(desk: Desk, verb: str, *words: str, table: str = "T") -> Answer:
    return desk.run(verb, "--config", str(desk.config), "--table", table, "--month", "2024-01", *words)


def audit(desk: Desk) -> list[dict[str, Any]]:
    entries = map(json.loads, (desk.state / "audit.jsonl").read_text().splitlines())
    return [entry for entry in entries if desk.database in entry["target"]]


# -- what is shown


def test_the_statement_is_shown_with_its_values(january: Desk) -> None:
    shown = month(january, "drop-month", "--dry-run", "--json").result
    (delete,) = [statement for statement in shown["statements"] if statement.startswith("DELETE")]
    assert "CAST('2024-01-01' AS DATE)" in delete
    assert "CAST('2024-02-01' AS DATE)" in delete
    assert delete in shown["message"]
    assert with_values("""SELECT "a?" FROM T WHERE B = '?''?' AND C = ? AND D = ?""", ["it's", 2]) == (
        """SELECT "a?" FROM T WHERE B = '?''?' AND C = 'it''s' AND D = '2'"""
    )


def test_a_dry_run_sends_no_dml_but_its_own_audit_row(january: Desk, sent: list[str]) -> None:
    assert month(january, "drop-month", "--dry-run").code == 0
    changing = [sql for sql in sent if sql.split()[0] in ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "BEGIN")]
    assert [sql.split("(")[0].strip() for sql in changing] == [
        f'INSERT INTO "{january.database}"."ETL_WORK"."ETL_AUDIT_LOG"'
    ]
    assert not [sql for sql in sent if "CLONE" in sql]


def test_what_will_see_the_deletes_is_named(january: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{january.database}.PUBLIC.T"
    answers = {
        "SHOW STREAMS": [{"name": "S1", "table_name": name}, {"name": "S2", "table_name": "X.Y.T"}],
        "SHOW DYNAMIC TABLES": [{"name": "D1", "text": "SELECT * FROM T"}],
        "SHOW MATERIALIZED VIEWS": [{"name": "M1", "text": "SELECT * FROM OTHER"}],
    }
    genuine = Session.records

    def records(self: Session, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        return next((rows for start, rows in answers.items() if sql.startswith(start)), None) or genuine(
            self, sql, binds
        )

    monkeypatch.setattr(Session, "records", records)
    monkeypatch.setattr(catalog, "policies_on", lambda *_: ["ROW_ACCESS_POLICY P"])
    planned = month(january, "drop-month", "--dry-run")
    assert planned.code == 0
    for text in ("stream S1 will see the deletes", "dynamic table D1 will see", "ROW_ACCESS_POLICY P on the table"):
        assert text in planned.out
    assert "S2" not in planned.out
    refused = month(january, "drop-month", *CONSENT)
    assert (refused.code, january.count()) == (7, 5)
    assert "--policies-checked" in refused.out
    assert month(january, "drop-month", *CONSENT, "--policies-checked").code == 0


@pytest.mark.parametrize(("assigned", "total", "warned"), [(3, 120, False), (120, 120, True)])
def test_the_share_of_micro_partitions_is_told(
    january: Desk, monkeypatch: pytest.MonkeyPatch, assigned: int, total: int, warned: bool
) -> None:
    stats = json.dumps({"GlobalStats": {"partitionsAssigned": assigned, "partitionsTotal": total}})
    genuine = Session.query

    def query(self: Session, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return [(stats,)] if sql.startswith("EXPLAIN") else genuine(self, sql, binds)

    monkeypatch.setattr(Session, "query", query)
    out = month(january, "drop-month", "--dry-run").out
    assert f"micro-partitions: {assigned} of {total} ({assigned / total:.0%}) are touched" in out
    assert ("not clustered by its days" in out) is warned


def test_rows_on_days_that_no_file_claims_and_an_open_load_are_told(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-15")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("INSERT INTO T SELECT '2024-01-20', 99, 'by hand'")
    desk.sql(
        "INSERT INTO ETL_WORK.ETL_LOAD_LEASE "
        "SELECT ?, 'f', 'run-1', 'jump2', 'anna', '2999-01-01 00:00:00', '', '', ''",
        f"{desk.database}.PUBLIC.T",
    )
    out = month(desk, "drop-month", "--dry-run").out
    assert "1 rows are on days that no loaded file claims" in out
    assert "anna on jump2 is loading into the table right now (run run-1)" in out


# -- days


@pytest.mark.parametrize(
    ("first", "last"), [(date(2013, 2, 1), date(2013, 2, 28)), (date(2024, 12, 1), date(2024, 12, 31))]
)
def test_a_month_of_timestamps_with_zones_is_told_by_the_day_that_the_value_names(first: date, last: date) -> None:
    condition, binds = day_bounds("AT", column_type("TIMESTAMP_TZ(9)"), DayRange(first, last))
    # 2013-02-28 23:30 -08:00 is a March moment in UTC, and a row of February: its own wall clock decides.
    at, day = 'CAST("AT" AS TIMESTAMP_NTZ)', "CAST(? AS TIMESTAMP_NTZ)"
    assert condition == f"{at} >= {day} AND {at} < {day}"
    assert binds == [first.isoformat(), (last + timedelta(days=1)).isoformat()]
    assert drop_plan.day_text("AT", column_type("TIMESTAMP_TZ(9)")) == 'CAST(CAST("AT" AS TIMESTAMP_NTZ) AS DATE)'


# -- others at work


def test_a_delete_that_is_blocked_names_who_blocks_it_and_leaves_no_copy(
    january: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snowflake_etl.warehouse.transaction.RETRY_SECONDS", 0.0)
    monkeypatch.setattr("snowflake_etl.warehouse.transaction.pause_before_retry", lambda _: None)
    genuine = SnowflakeCursor.execute

    def execute(self: SnowflakeCursor, sql: str, *arguments: Any, **named: Any) -> Any:
        if sql.startswith("DELETE FROM") and '"T"' in sql:
            raise ProgrammingError(msg=LOCKED, errno=625, sqlstate="57014", sfqid="q")
        return genuine(self, sql, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(SnowflakeCursor, "execute", execute)
        answer = month(january, "drop-month", *CONSENT)
    assert (answer.code, january.count()) == (5, 5)
    assert "T is locked by transaction 1715330074481000000, open since 2024-05-10 08:34:34 UTC" in answer.out
    assert "SYSTEM$ABORT_TRANSACTION(1715330074481000000)" in answer.out
    assert january.safety_copies() == []
    assert audit(january)[-1]["outcome"] == "failed"


# -- the way back


@pytest.mark.parametrize("table", ['"lower case"', '"a.b"', '"odd $(x) & y"'])
def test_the_way_back_can_be_typed_whatever_the_name(desk: Desk, table: str) -> None:
    desk.sql(f"CREATE TABLE {table} (DAY DATE, ID NUMBER)")
    desk.sql(f"INSERT INTO {table} SELECT '2024-01-05', 1")
    desk.entry |= {"table_name": table, "create_table": None, "duplicate_key_columns": None}
    result = month(desk, "drop-month", "--json", *CONSENT, table=table).result
    assert result["rows_deleted"] == 1
    program, *words = shlex.split(result["message"].partition("UTC): ")[2])
    assert program.endswith("snowflake_etl.sh")
    assert ("--config", str(desk.config)) == (words[1], words[2])
    assert desk.run(*words, "--yes").code == 0
    assert desk.count(table=table) == 1


def test_when_the_copy_is_gone_time_travel_is_tried_as_long_as_it_reaches(
    january: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_copy, "retention_days", lambda *_: 1)
    query_id = month(january, "drop-month", "--json", *CONSENT).result["query_id"]
    (copy,) = january.safety_copies()
    january.sql(f"DROP TABLE ETL_WORK.{copy}")
    words = ("restore-month", "--config", str(january.config), "--list", "--json")
    (listed,) = january.run(*words).result["deletions"]
    name = ObjectName(january.database, "PUBLIC", "T")
    assert listed["source"] == f"{name.sql} BEFORE(STATEMENT => '{query_id}')"
    out = january.run(*words[:-1]).out
    assert "2024-01: 4 rows dropped " in out
    assert "can be restored by Time Travel" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_restore_that_takes_rows_out_needs_their_number(january: Desk) -> None:
    assert month(january, "drop-month", *CONSENT).code == 0
    january.sql("INSERT INTO T SELECT '2024-01-06', 7")
    replacing = ("--mode", "replace")
    for words in (replacing, (*replacing, "--yes"), (*replacing, "--expect-rows", "1")):
        refused = month(january, "restore-month", *words)
        assert (refused.code, january.count()) == (7, 2), refused
        assert "--expect-rows" in refused.err
    assert "1 row of" in month(january, "restore-month", *replacing, "--yes", "--expect-rows", "2").out
    assert january.count() == 2
    assert month(january, "restore-month", *replacing, "--yes", "--expect-rows", "many").code == 2
    done = month(january, "restore-month", *replacing, "--yes", "--expect-rows", "1", "--json")
    assert (done.code, january.count()) == (0, 5)
    assert len(done.result["query_ids"]) == 2
    copies = [f"{january.database}.ETL_WORK.{copy}" for copy in january.safety_copies()]
    assert done.result["safety_copy"] in copies


# -- the audit log


def test_the_audit_log_tells_who_what_and_with_which_configuration(
    january: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    month(january, "drop-month")
    month(january, "drop-month", *CONSENT)
    month(january, "restore-month")
    month(january, "restore-month", "--yes")
    (copy,) = january.safety_copies()
    words = ("restore-month", "--config", str(january.config), "--drop-copies", "--older-than", "0d")
    assert january.run(*words, "--yes").code == 0
    told = [(entry["verb"], entry["outcome"]) for entry in audit(january)]
    assert told == [
        ("drop-month", "refused"),
        ("drop-month", "started"),
        ("drop-month", "dropped"),
        ("restore-month", "refused"),
        ("restore-month", "started"),
        ("restore-month", "restored"),
        ("drop-copies", "started"),
        ("drop-copies", "dropped"),
    ]
    monkeypatch.setattr(Context, "width", property(lambda _: 80))
    shown = january.run("history", "--audit").out
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert f"    {january.database}.PUBLIC.T, by {audit(january)[0]['who']} on " in shown
    assert audit(january)[2]["run_id"] in shown
    assert {entry["config"] for entry in audit(january)} == {str(january.config)}
    dropped = audit(january)[2]
    assert (dropped["rows"], dropped["rows_counted"], len(dropped["query_ids"])) == (4, 4, 1)
    assert dropped["safety_copy"] == f"{january.database}.ETL_WORK.{copy}"
    assert audit(january)[5]["query_ids"]
    rows = january.sql('SELECT EVENT, DETAIL FROM ETL_WORK.ETL_AUDIT_LOG ORDER BY "AT"')
    assert [event for event, _ in rows] == ["dropped", "restored", "drop-copies dropped"]
    assert {json.loads(detail)["config"] for _, detail in rows} == {str(january.config)}


def test_a_replace_is_in_the_audit_log_as_well(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert desk.load("--month", "2024-01", *consent).code == 0
    started, replaced = audit(desk)
    assert (started["verb"], started["outcome"], replaced["outcome"]) == ("load-replace", "started", "replaced")
    assert (replaced["rows"], replaced["rows_in"]) == (310, 341)
    assert started["command"] == (
        f"load --config {desk.config} --month 2024-01 --table T --qc file --mode replace --outside refuse "
        "--yes --expect-rows 310"
    )
    facts = (f"{desk.database}.PUBLIC.T", str(desk.config))
    assert [(one["table"], one["config"]) for one in (started, replaced)] == [facts, facts]


def test_a_replace_whose_safety_copy_has_other_rows_ends_in_the_audit_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    make_copy = safety_copy.make_copy

    def of_a_changed_table(session: Session, copy: ObjectName, table: ObjectName) -> None:
        session.query(f"DELETE FROM {table.sql} WHERE ID = 1001")
        make_copy(session, copy, table)

    monkeypatch.setattr(safety_copy, "make_copy", of_a_changed_table)
    answer = desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "any")
    assert (answer.code, "changed since it was counted" in answer.out) == (7, True), answer
    started, refused = audit(desk)
    assert (started["verb"], started["outcome"], refused["outcome"]) == ("load-replace", "started", "refused")
