"""``recover`` of loads that failed: listed, tried again, their columns widened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from crashing import KILLED, crash
from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.cli.commands import recover_load
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations.recovery.loads import last_failed
from snowflake_etl.warehouse.session import Session

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
LONG = "20240105\t9\tlonger than ten"


def audited(desk: Desk) -> list[tuple[str, str]]:
    """Verb and outcome of all entries of this desk's target in the audit log."""
    entries = map(json.loads, (desk.state / "audit.jsonl").read_text().splitlines())
    return [(entry["verb"], entry["outcome"]) for entry in entries if desk.database in entry["target"]]


def told(desk: Desk) -> list[tuple[str, str, str]]:
    """Event, table and detail of the audit log in the warehouse."""
    return [
        tuple(row) for row in desk.sql('SELECT EVENT, TABLE_NAME, DETAIL FROM ETL_WORK.ETL_AUDIT_LOG ORDER BY "AT"')
    ]


def recover(desk: Desk, *words: str) -> Answer:
    return desk.run("recover", "--config", str(desk.config), *words)


def failed_run(desk: Desk, line: str = LONG, quality: str = "skip") -> str:
    """Load January with a line that does not fit; return the run's id."""
    lines = rows_for(JANUARY)
    lines.insert(100, line)
    desk.file(NAME, lines)
    assert desk.load("--month", "2024-01", "--qc", quality).code == 6
    return RunRecords(desk.state).all()[-1].run_id


def test_a_failed_load_is_listed_with_the_way_on_until_the_month_is_loaded(desk: Desk) -> None:
    run_id = failed_run(desk)
    listed = recover(desk)
    assert f"failed: 2024-01 into {desk.database}.PUBLIC.T at " in listed.out
    assert f"        ./snowflake_etl.sh recover --widen {run_id}\n" in listed.out
    assert "Carry on" not in listed.out
    line = recover(desk, "--loads").out.splitlines()[0].split("\t")
    assert line[:6] == [run_id, "failed", "widen", "too_long", "2024-01", "T"]
    (load,) = recover(desk, "--json").result["loads"]
    assert (load["run_id"], load["way"]) == (run_id, "widen")
    desk.file(NAME, rows_for(JANUARY))
    assert desk.load("--month", "2024-01").code == 0
    assert recover(desk, "--loads").out == ""


def test_a_load_of_the_same_table_in_another_schema_makes_nothing_good(desk: Desk) -> None:
    run_id = failed_run(desk)
    failed_config, here = str(desk.config), {"connection": "local", "database": desk.database}
    desk.file(NAME, rows_for(JANUARY))
    desk.sections["snowflake"] = {**here, "schema": "OTHER"}
    assert desk.load("--month", "2024-01").code == 0
    assert recover(desk, "--loads").out.startswith(f"{run_id}\tfailed\t")
    by_run = desk.run("diagnose", "--json", run_id).result["diagnoses"][0]
    assert by_run["cures"] and "was loaded later" not in " ".join(by_run["notes"])
    there = desk.run("diagnose", "--config", str(desk.config), "--table", "t", "--json").result["diagnoses"][0]
    assert there["cause"] == "nothing"
    desk.sections["snowflake"] = {**here, "schema": "PUBLIC"}
    assert str(desk.config) == failed_config
    for name in ("t", f"{desk.database}.PUBLIC.T"):
        told = desk.run("diagnose", "--config", failed_config, "--table", name, "--json").result["diagnoses"][0]
        assert (told["run_id"], told["cause"]) == (run_id, "too_long")
    tables = {entry["table"] for entry in desk.run("history", "--json").result["entries"] if entry["run_id"]}
    assert tables >= {f"{desk.database}.PUBLIC.T", f"{desk.database}.OTHER.T"}


def test_retry_loads_what_was_corrected_with_the_flags_of_then(desk: Desk) -> None:
    run_id = failed_run(desk, "20240105\tx\ty")
    again = recover(desk, "--retry", run_id)
    assert again.code == 6
    assert "line 102, column ID" in again.out
    desk.file(NAME, rows_for(JANUARY))
    loaded = recover(desk, "--retry", run_id, "--json")
    assert (loaded.code, loaded.result["status"]) == (0, "loaded")
    assert desk.count() == 310
    refused = recover(desk, "--retry", RunRecords(desk.state).all()[-1].run_id)
    assert refused.code == 7
    assert "ended well" in refused.err


@pytest.mark.parametrize("quality", ["skip", "file"])
def test_widening_measures_shows_asks_alters_and_loads(
    desk: Desk, sent: list[str], monkeypatch: pytest.MonkeyPatch, quality: str
) -> None:
    run_id = failed_run(desk, quality=quality)
    planned = recover(desk, "--widen", run_id, "--dry-run")
    statement = f'ALTER TABLE "{desk.database}"."PUBLIC"."T" ALTER COLUMN "NAME" SET DATA TYPE VARCHAR(20)'
    assert planned.code == 0
    assert f"{statement};" in planned.out
    assert "create_table in the configuration still has the old length" in planned.out
    refused = recover(desk, "--widen", run_id)
    assert refused.code == 7
    assert [one for one in sent if one.startswith("ALTER")] == []
    monkeypatch.setattr(recover_load, "confirmed", lambda _, question: "Widen 1 column" in question)
    widened = recover(desk, "--widen", run_id)
    assert widened.code == 0, widened
    assert [one for one in sent if one.startswith("ALTER")] == [statement]
    assert desk.count("NAME = 'longer than ten'") == 1
    assert desk.count() == 311
    assert audited(desk) == [("widen", outcome) for outcome in ("planned", "refused", "started", "widened")]
    events, tables, details = zip(*told(desk), strict=True)
    assert events == ("widen planned", "widen refused", "widen widened")
    assert set(tables) == {f"{desk.database}.PUBLIC.T"}
    assert json.loads(details[-1])["statements"] == [statement]
    assert json.loads(details[-1])["of"] == run_id
    listed = desk.run("history", "--audit", "--config", str(desk.config), "--table", "T").out
    assert "widened" in listed
    assert recover(desk, "--loads").out == ""


def test_without_a_run_the_last_load_that_failed_so_is_widened(desk: Desk) -> None:
    failed_run(desk)
    answer = recover(desk, "--widen", "--yes", "--json")
    assert answer.code == 0, answer
    assert answer.result["widened"] == [{"column": "NAME", "length": 10, "longest": 15, "proposed": 20}]
    assert answer.result["status"] == "loaded"
    nothing = recover(desk, "--widen", "--yes")
    assert nothing.code == 7
    assert "No load into this target failed because a value was too long" in nothing.err


def test_a_role_that_does_not_own_the_table_gets_the_statements_for_the_owner(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = failed_run(desk)
    genuine = SnowflakeCursor.execute

    def forbidding(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        if command.startswith("ALTER TABLE"):
            text = "SQL access control error:\nInsufficient privileges to operate on table 'T'."
            raise ProgrammingError(msg=text, errno=3001, sqlstate="42501")
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", forbidding)
    answer = recover(desk, "--widen", run_id, "--yes")
    assert answer.code == 5
    assert "only its owner may widen a column" in answer.err
    assert 'ALTER COLUMN "NAME" SET DATA TYPE VARCHAR(20);' in answer.err
    assert f"recover --retry {run_id}" in answer.err
    assert desk.count() == 0
    assert audited(desk) == [("widen", "started"), ("widen", "left to the owner")]
    ((event, _, detail),) = told(desk)
    assert event == "widen left to the owner"
    assert "SET DATA TYPE VARCHAR(20)" in detail


def test_values_that_fit_by_now_are_not_widened_for(desk: Desk) -> None:
    run_id = failed_run(desk)
    desk.sql("ALTER TABLE T ALTER COLUMN NAME SET DATA TYPE VARCHAR(15)")
    answer = recover(desk, "--widen", run_id, "--yes")
    assert answer.code == 7
    assert "nothing to widen" in answer.err
    assert f"recover --retry {run_id}" in answer.err
    assert audited(desk) == [("widen", "refused")]
    assert [event for event, _, _ in told(desk)] == ["widen refused"]


@pytest.mark.parametrize("name", ["OTHER.T", 'OTHER."my ""odd"" table"'])
def test_a_table_of_another_schema_is_widened_there(desk: Desk, sent: list[str], name: str) -> None:
    desk.sql("CREATE SCHEMA OTHER")
    desk.sql("CREATE TABLE PUBLIC.T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.entry |= {"table_name": name}
    run_id = failed_run(desk)
    assert f"recover --widen {run_id}" in desk.run("diagnose", run_id).out
    answer = recover(desk, "--widen", run_id, "--yes")
    assert answer.code == 0, answer
    (statement,) = [one for one in sent if one.startswith("ALTER")]
    table = "T" if name == "OTHER.T" else 'my ""odd"" table'
    assert statement == f'ALTER TABLE "{desk.database}"."OTHER"."{table}" ALTER COLUMN "NAME" SET DATA TYPE VARCHAR(20)'
    assert desk.count("NAME = 'longer than ten'", table=name) == 1
    assert desk.count() == 0
    assert audited(desk) == [("widen", "started"), ("widen", "widened")]
    assert told(desk)[-1][0] == "widen widened"
    assert recover(desk, "--loads").out == ""


def test_several_columns_and_names_that_need_quotes_are_widened(desk: Desk) -> None:
    table = {"DAY": "DATE", "ID": "NUMBER(9,0)", '"odd ""name"""': "VARCHAR(3)", "NOTE": "VARCHAR(300)"}
    desk.entry |= {"create_table": table, "table_name": '"my table"'}
    lines = [f"{day:%Y%m%d}\t{day.day}\tabc\tx" for day in JANUARY]
    lines += ["20240101\t100\t1234\t" + "x" * 301, "20240101\t101\t" + "y" * 70 + "\tx"]
    desk.file(NAME, lines, header='DAY\tID\todd "name"\tNOTE')
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 6
    answer = recover(desk, "--widen", "--yes", "--json")
    assert answer.code == 0, answer
    wider = [(one["column"], one["proposed"]) for one in answer.result["widened"]]
    assert wider == [('odd "name"', 100), ("NOTE", 500)]


def test_a_longest_value_that_looks_like_a_shifted_row_is_pointed_out(desk: Desk) -> None:
    run_id = failed_run(desk, "20240105\t9\t" + "z" * 500)
    planned = recover(desk, "--widen", run_id, "--dry-run")
    assert "a missing quote or delimiter looks like this, too" in planned.out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--retry", "20240101-000000-00000000"), 2, "There is no run"),
        (("--retry", "nonsense"), 2, "There is no run 'nonsense'"),
        (("--retry", "x", "--clean"), 2, "not allowed with"),
        (("--dry-run",), 2, "--dry-run goes with --widen only"),
        (("--widen", "nonsense"), 2, "There is no run 'nonsense'"),
    ],
)
def test_what_cannot_be_recovered_says_so(desk: Desk, words: tuple[str, ...], code: int, sentence: str) -> None:
    answer = recover(desk, *words)
    assert answer.code == code
    assert sentence in answer.err


def test_a_refusal_after_a_failure_leaves_the_failure_listed(desk: Desk) -> None:

    records = RunRecords(desk.state)
    for number, status in enumerate(("loaded", "failed", "refused")):
        with records.begin(f"{desk.database}-{number}", desk.database, "2024-03", "append", "[]", "p") as record:
            record.end(status, "")
    mine = [run for run in records.all() if run.table_name == desk.database]
    assert [run.run_id for run in last_failed(mine, "p", datetime.now(UTC))] == [f"{desk.database}-1"]
    assert last_failed(mine, "elsewhere", datetime.now(UTC)) == []


def test_a_copy_that_outlived_its_run_is_listed_and_cancelled_with_the_rest(
    desk: Desk, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed_run(desk)
    genuine = Session.query
    started = datetime(2024, 2, 1, 10, 30)

    def with_a_running_copy(self: Session, sql: str, binds: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        if "EXECUTION_STATUS = 'RUNNING'" in sql:
            return [("01b2-0304", "snowflake_etl run=20240201-103000-0a0b0c0d table=T month=2024-01", started)]
        return genuine(self, sql, binds)

    monkeypatch.setattr(Session, "query", with_a_running_copy)
    listed = recover(desk, "--json").result["leftovers"]
    (query,) = [one for one in listed if one["kind"] == "running query"]
    assert (query["name"], query["run_id"], query["state"]) == ("01b2-0304", "20240201-103000-0a0b0c0d", "dead")
    assert "COPY since 10:30:00 UTC" in recover(desk).out
    assert recover(desk, "--clean", "--yes").code == 0
    assert [one for one in sent if "CANCEL_QUERY" in one] == ["SELECT SYSTEM$CANCEL_QUERY('01b2-0304')"]


def test_who_holds_a_table_of_ours_is_told_with_the_way_to_end_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    failed_run(desk)
    genuine = Session.records

    def with_a_lock(self: Session, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        if sql == "SHOW LOCKS":
            resource = f"{desk.database}.ETL_WORK.ETL_LOAD_LOCK"
            return [{"resource": resource, "status": "HOLDING", "transaction": 1706780000000000000, "session": 77}]
        return genuine(self, sql, binds)

    monkeypatch.setattr(Session, "records", with_a_lock)
    out = recover(desk).out
    assert f"locked: {desk.database}.ETL_WORK.ETL_LOAD_LOCK is locked by transaction 1706780000000000000" in out
    assert "SYSTEM$ABORT_TRANSACTION(1706780000000000000)" in out


def test_a_view_is_not_widened(desk: Desk) -> None:
    run_id = failed_run(desk)
    desk.sql("DROP TABLE T")
    desk.sql("CREATE TABLE BASE (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("CREATE VIEW T AS SELECT * FROM BASE")
    answer = recover(desk, "--widen", run_id, "--yes")
    assert answer.code == 7
    assert "is a view" in answer.err


def test_a_load_that_was_cut_off_is_listed_with_its_way_on(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    run_id = RunRecords(desk.state).interrupted()[-1].run_id
    out = recover(desk).out
    assert (
        f"interrupted: 2024-01 into {desk.database}.PUBLIC.T, after copy (run {run_id})\n"
        f"        ./snowflake_etl.sh recover --retry {run_id}\n" in out
    )
    assert recover(desk, "--loads").out.split("\t")[:3] == [run_id, "interrupted", "retry"]
    assert recover(desk, "--retry", run_id).code == 0
    assert desk.count() == 310
    assert recover(desk, "--loads").out == ""
