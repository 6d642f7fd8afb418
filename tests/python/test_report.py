"""``report``: one row a table with its status and numbers, whatever happens to the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from desk import Desk
from report_desk import entry, make_table, report, rows_of, use_tables, write_config
from snowflake_etl.errors import Stopped
from snowflake_etl.history.check_record import CheckRecords
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import report as operation
from snowflake_etl.operations.report_subjects import read_all, subjects_of


def test_every_status_with_its_numbers(desk: Desk) -> None:
    make_table(desk, "GOOD", "2024-01-01", "2024-01-31")
    make_table(desk, "HIGH", "2024-01-01", "2024-01-31", 10, {"2024-01-17": 40})
    make_table(desk, "HOLES", "2024-01-01", "2024-01-31", 10, {"2024-01-05": 0, "2024-01-06": 0, "2024-01-20": 0})
    desk.sql("INSERT INTO HOLES SELECT * FROM HOLES WHERE DAY = '2024-01-03'")
    desk.sql("CREATE TABLE NOTHING_IN_IT (DAY DATE, ID NUMBER(9,0))")
    names = ("GOOD", "HIGH", "HOLES", "NOTHING_IN_IT", "NOT_THERE")
    use_tables(desk, *map(entry, names), entry("GOOD", date_column="DAYS", date_format="x"))
    del desk.sections["files"][-1]
    found = rows_of(desk, code=5)
    assert [found[name]["status"] for name in names] == ["OK", "WARNING", "FAILED", "EMPTY", "NOT_FOUND"]
    good = found["GOOD"]
    assert (good["rows"], good["columns"], good["score"], good["exit_code"]) == (310, 3, 100, 0)
    assert (good["first_day"], good["last_day"]) == ("2024-01-01", "2024-01-31")
    assert (good["days_expected"], good["days_found"], good["gaps"], good["anomalies"]) == (31, 31, [], 0)
    assert good["duplicates"] == {"key": ["DAY", "ID"], "keys": 0, "rows": 0, "percent": 0, "grade": ""}
    assert good["last_load"] is None
    high = found["HIGH"]
    assert (high["anomalies"], high["score"], high["exit_code"]) == (1, 98, 0)
    holes = found["HOLES"]
    assert (holes["rows"], holes["days_expected"], holes["days_found"], holes["missing_days"]) == (290, 31, 28, 3)
    assert holes["gaps"] == [
        {"first_day": "2024-01-05", "last_day": "2024-01-06", "days": 2},
        {"first_day": "2024-01-20", "last_day": "2024-01-20", "days": 1},
    ]
    assert (holes["duplicates"]["keys"], holes["duplicates"]["rows"]) == (10, 10)
    # 27 good days of 31 (the doubled one is odd), 280 of 290 rows, of which a tenth would be all: 100 x 0.87 x 0.66.
    assert (holes["exit_code"], holes["score"]) == (6, 58)
    empty = found["NOTHING_IN_IT"]
    assert (empty["rows"], empty["score"], empty["exit_code"], empty["first_day"]) == (0, 0, 6, None)
    missing = found["NOT_THERE"]
    assert (missing["rows"], missing["score"], missing["exit_code"]) == (None, None, 5)
    assert f'GRANT SELECT ON TABLE "{desk.database}"."PUBLIC"."NOT_THERE" TO ROLE' in missing["message"]


def test_the_exit_code_says_whether_all_is_fine(desk: Desk) -> None:
    make_table(desk, "GOOD", "2024-01-01", "2024-01-31")
    make_table(desk, "HIGH", "2024-01-01", "2024-01-31", 10, {"2024-01-17": 40})
    make_table(desk, "HOLES", "2024-01-01", "2024-01-31", 10, {"2024-01-05": 0})
    use_tables(desk, entry("GOOD"), entry("HIGH"), entry("HOLES"))
    assert report(desk, "--table", "GOOD").code == 0
    assert report(desk, "--table", "HIGH").code == 0
    assert report(desk, "--table", "HIGH", "--strict").code == 6
    assert report(desk, "--table", "GOOD", "--strict").code == 0
    assert report(desk).code == 6


def test_a_month_counts_its_own_rows_and_expects_every_day_of_it(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-02-20")
    use_tables(desk, entry("T"))
    january = rows_of(desk, "--month", "2024-01")["T"]
    assert (january["rows"], january["days_found"], january["status"]) == (310, 31, "OK")
    february = rows_of(desk, "--month", "2024-02", code=6)["T"]
    assert (february["rows"], february["days_found"], february["days_expected"]) == (200, 20, 29)
    both = report(desk, "--json", "--month", "2024-01..2024-02")
    assert (both.code, both.result["days"]) == (6, {"first_day": "2024-01-01", "last_day": "2024-02-29"})
    assert both.result["tables"][0]["rows"] == 510
    assert rows_of(desk, "--month", "2024-03", code=6)["T"]["status"] == "EMPTY"
    assert rows_of(desk, "--days", "2024-02-01..2024-02-20")["T"]["status"] == "OK"
    assert rows_of(desk, "--month", "all")["T"]["days_expected"] == 51
    answer = report(desk, "--month", "2024-01,2024-03")
    assert (answer.code, "months in a row" in answer.err) == (2, True)


def test_what_the_ledger_knows_is_told_and_expected(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-01..2024-02").code == 0
    table = rows_of(desk)["T"]
    load = table["last_load"]
    assert (load["month"], load["file"], load["rows"]) == ("2024-02", "t_20240201-20240229.tsv", 290)
    # Rows that went missing at the end: the table alone could not tell.
    desk.sql("DELETE FROM T WHERE DAY > '2024-02-20'")
    table = rows_of(desk, code=6)["T"]
    assert (table["last_day"], table["days_expected"], table["missing_days"]) == ("2024-02-20", 60, 9)


def test_few_statements_a_table_and_as_many_as_it_says(desk: Desk, sent: list[str]) -> None:
    for number in range(4):
        make_table(desk, f"T{number}", "2024-01-01", "2024-01-10")
    use_tables(desk, *(entry(f"T{number}") for number in range(4)))
    config = str(desk.config)
    del sent[:]
    answer = desk.run("report", "--json", "--config", config, "--workers", "2")
    assert answer.code == 0, answer
    assert [table["statements"] for table in answer.result["tables"]] == [2, 2, 2, 2]
    asked = [statement for statement in sent if statement.startswith("SELECT")]
    # Columns, sizes and the ledger once; then one for days and columns, one for keys.
    assert answer.result["statements"] == 3 + 4 * 2
    # The first run of a day looks for old safety copies, too.
    assert len(asked) == answer.result["statements"] + 1
    del sent[:]
    assert desk.run("report", "--json", "--config", config, "--workers", "2").code == 0
    assert sum(statement.startswith("SELECT") for statement in sent) == answer.result["statements"]


def test_rows_come_in_the_order_of_the_configuration_whoever_is_done_first(desk: Desk) -> None:
    names = [f"T{number}" for number in range(6)]
    make_table(desk, names[0], "2023-01-01", "2024-12-31", 3)
    for name in names[1:]:
        make_table(desk, name, "2024-01-01", "2024-01-02")
    use_tables(desk, *map(entry, names))
    assert list(rows_of(desk, "--workers", "4")) == names


def test_tables_and_configurations_are_chosen_by_patterns(desk: Desk) -> None:
    for name in ("FLIGHTS", "FLOWS", "ORDERS"):
        make_table(desk, name, "2024-01-01", "2024-01-03")
    folder = desk.folder / "configs"
    write_config(desk, folder / "prod_a.json", entry("FLIGHTS"), entry("ORDERS"))
    write_config(desk, folder / "prod_b.yaml", entry("PUBLIC.FLOWS"))
    write_config(desk, folder / "test.json", entry("FLIGHTS"))
    (folder / "notes.txt").write_text("no configuration")

    def chosen(*words: str) -> list[tuple[str, str]]:
        answer = report(desk, "--json", "--configs", str(folder), *words)
        assert answer.code == 0, answer
        return [(table["config"], table["table"].rsplit(".", 1)[-1]) for table in answer.result["tables"]]

    everything = [
        ("prod_a.json", "FLIGHTS"),
        ("prod_a.json", "ORDERS"),
        ("prod_b.yaml", "FLOWS"),
        ("test.json", "FLIGHTS"),
    ]
    assert chosen() == everything
    assert chosen("--name", "prod*") == everything[:3]
    assert chosen("--name", "PROD_B") == everything[2:3]
    assert chosen("--table", "fl*") == [everything[0], *everything[2:]]
    assert chosen("--table", "public.*", "--table", "orders") == everything[1:3]
    assert chosen("--config", str(folder / "test.json"), "--table", "FLI*") == [everything[3], everything[0]]
    answer = report(desk, "--configs", str(folder), "--table", "X*")
    assert (answer.code, "There are: FLIGHTS, ORDERS, PUBLIC.FLOWS" in answer.err) == (2, True)
    assert report(desk, "--configs", str(folder), "--name", "x*").code == 2
    assert report(desk, "--configs", str(desk.folder / "nowhere")).code == 2


def test_an_unreadable_configuration_among_several_is_said_and_the_others_are_done(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    folder = desk.folder / "configs"
    write_config(desk, folder / "a.json", entry("T"))
    (folder / "b.json").write_text('{"files": [')
    answer = report(desk, "--json", "--configs", str(folder))
    assert answer.code == 3
    assert [table["status"] for table in answer.result["tables"]] == ["OK"]
    (unread,) = answer.result["unread_configs"]
    assert (unread["config"], unread["exit_code"]) == ("b.json", 3)
    assert "b.json is not valid JSON" in " ".join(report(desk, "--configs", str(folder)).out.split())
    assert report(desk, "--config", str(folder / "b.json")).code == 3


def test_an_account_that_cannot_be_reached_fails_its_own_tables_only(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    folder = desk.folder / "configs"
    write_config(desk, folder / "a.json", entry("T"))
    away = {"host": "127.0.0.1", "port": 9, "protocol": "http", "account": "away", "user": "u", "password": "p"}
    write_config(
        desk, folder / "b.json", entry("A"), entry("B"), connection=None, login_timeout=1, network_timeout=1, **away
    )
    answer = report(desk, "--json", "--configs", str(folder))
    assert answer.code == 4, answer
    assert [table["status"] for table in answer.result["tables"]] == ["OK", "ERROR", "ERROR"]
    assert [table["exit_code"] for table in answer.result["tables"]] == [0, 4, 4]
    assert "away" in answer.result["tables"][2]["message"]


def test_a_table_that_two_entries_name_is_one_row(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    use_tables(desk, entry("T"), entry("public.t", "half_{date_range}.tsv"))
    assert list(rows_of(desk)) == ["T"]
    use_tables(desk, entry("T"), entry("public.t", "half_{date_range}.tsv", duplicate_key_columns=["ID"]))
    answer = report(desk, "--json")
    assert answer.code == 3
    (table,) = answer.result["tables"]
    assert table["status"] == "ERROR"
    assert "names T in 2 entries that differ in duplicate_key_columns (DAY, ID; ID)" in table["message"]


def test_what_a_configuration_gets_wrong_is_an_error_of_that_table(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    make_table(desk, "GOOD", "2024-01-01", "2024-01-03")
    use_tables(desk, entry("T", date_column="DAYS"), entry("GOOD"))
    found = rows_of(desk, code=3)
    assert (found["T"]["status"], found["GOOD"]["status"]) == ("ERROR", "OK")
    assert "has no column DAYS. Nearest: DAY" in found["T"]["message"]


def test_a_table_without_rights_names_the_grant(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table(desk, "SECRETS", "2024-01-01", "2024-01-03")
    make_table(desk, "GOOD", "2024-01-01", "2024-01-03")
    use_tables(desk, entry("SECRETS"), entry("GOOD"))
    genuine = SnowflakeCursor.execute

    def refusing(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        if '"SECRETS"' in command:
            text = "SQL access control error:\nInsufficient privileges to operate on table 'SECRETS'"
            raise ProgrammingError(msg=text, errno=3001, sqlstate="42501")
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", refusing)
    found = rows_of(desk, code=5)
    assert [one["status"] for one in found.values()] == ["ERROR", "OK"]
    message = found["SECRETS"]["message"]
    assert "lacks a privilege on table SECRETS" in message
    assert f'GRANT SELECT ON TABLE "{desk.database}"."PUBLIC"."SECRETS" TO ROLE "SYSADMIN"' in message
    assert "INSERT" not in message, "a report only reads"


def test_a_schema_that_is_not_there_fails_its_own_tables_only(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    use_tables(desk, entry("NOWHERE.A"), entry("NO_DATABASE.PUBLIC.B"), entry("T"))
    answer = report(desk, "--json")
    assert answer.code == 5, answer
    assert [table["status"] for table in answer.result["tables"]] == ["NOT_FOUND", "NOT_FOUND", "OK"]
    assert 'GRANT USAGE ON DATABASE "NO_DATABASE" TO ROLE' in answer.result["tables"][1]["message"]


def test_a_bug_with_one_table_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A", "B"):
        make_table(desk, name, "2024-01-01", "2024-01-03")
    use_tables(desk, entry("A"), entry("B"))
    genuine = operation.table_report

    def failing(session: Any, name: Any, *rest: Any) -> Any:
        if name.name == "A":
            raise ZeroDivisionError("nought")
        return genuine(session, name, *rest)

    monkeypatch.setattr(operation, "table_report", failing)
    found = rows_of(desk, code=1)
    assert (found["A"]["status"], found["B"]["status"]) == ("ERROR", "OK")
    assert "ZeroDivisionError: nought" in found["A"]["message"]


def test_views_and_tables_without_days_or_keys_are_reported_too(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-31")
    desk.sql("CREATE VIEW V AS SELECT * FROM T")
    use_tables(desk, entry("V"), entry("T", date_column=None, duplicate_key_columns=[]), entry('"T"', date_column=None))
    del desk.sections["files"][2]
    found = rows_of(desk, "--month", "2024-01")
    assert (found["V"]["status"], found["V"]["rows"]) == ("OK", 310)
    table = found["T"]
    assert (table["rows"], table["days_expected"], table["anomalies"], table["duplicates"]) == (310, None, None, None)
    assert [finding["code"] for finding in table["findings"]] == ["not_checked_days"]
    assert (table["status"], table["score"]) == ("OK", 100)


def test_days_that_the_calendar_closes_are_missed_by_nobody_and_rules_are_asked(desk: Desk) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-31", lambda day: 10 if day.weekday() < 5 else 0)
    use_tables(desk, entry("T"))
    table = rows_of(desk, code=6)["T"]
    assert (table["days_expected"], table["missing_days"], len(table["gaps"])) == (31, 8, 4)
    rule = {"table": "T", "check": "accepted_values", "column": "NAME", "values": ["y"], "severity": "warning"}
    desk.sections["quality"] = {"calendar": {}, "rules": [rule]}
    for words in ((), ("--month", "2024-01")):
        table = rows_of(desk, *words)["T"]
        assert (table["days_expected"], table["missing_days"], table["gaps"]) == (23, 0, [])
        assert [finding["severity"] for finding in table["findings"]] == ["warning"]
        assert (table["status"], table["score"]) == ("WARNING", 97)


def test_every_table_is_kept_in_the_history(own_desk: Desk) -> None:
    make_table(own_desk, "T", "2024-01-01", "2024-01-31")
    use_tables(own_desk, entry("T"))
    assert report(own_desk, "--month", "2024-01").code == 0
    (check,) = CheckRecords(own_desk.state).all()
    assert (check.verb, check.about.table, check.rows) == ("report", "OWN.PUBLIC.T", 310)
    assert check.about.days == Month(2024, 1).days()


def test_an_interrupted_report_begins_no_further_table(desk: Desk, sent: list[str]) -> None:
    names = [f"T{number}" for number in range(8)]
    for name in names:
        make_table(desk, name, "2024-01-01", "2024-01-03")
    use_tables(desk, *map(entry, names))
    loaded, _ = read_all([desk.config])

    def interrupt(phase: str, done: int, total: int, unit: str) -> None:
        assert (phase, total, unit) == ("report", 8, "tables")
        if done == 2:
            raise Stopped("Stopped by SIGINT.")

    with pytest.raises(Stopped):
        operation.report(subjects_of(loaded, []), [], None, desk.state, workers=1, strict=False, progress=interrupt)
    for thread in threading.enumerate():
        if thread.name.startswith("report-"):
            thread.join(20)
    looked_at = {name for name in names for statement in sent if f'"{name}"' in statement and "ETL_DAY" in statement}
    assert 2 <= len(looked_at) < 8


@pytest.mark.parametrize(
    "words",
    [
        ("--workers", "0"),
        ("--workers", "33"),
        ("--width", "79"),
        ("--format", "xlsx"),
        ("--format", "pdf"),
        ("--chart", "--format", "html"),
        ("--output", "/no/such/folder/x.html"),
        ("--output", "/"),
        ("--month", "2024-13"),
        ("--month", "2024-01", "--days", "2024-01-01"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    desk: Desk, sent: list[str], words: Sequence[str]
) -> None:
    answer = report(desk, *words)
    assert answer.code == 2, answer
    assert not sent


def test_a_job_gets_progress_and_the_document(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_table(desk, "T", "2024-01-01", "2024-01-03")
    use_tables(desk, entry("T"))
    job = tmp_path / "job"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    assert report(desk).code == 0
    assert (job / "progress").read_text().startswith("report\t1\t1\ttables\t")
    assert json.loads((job / "result.json").read_text())["tables"][0]["status"] == "OK"


def test_ranges_in_a_row_are_one() -> None:
    january, february, march = (Month(2024, number).days() for number in (1, 2, 3))
    assert operation.contiguous([february, january]) == DayRange(date(2024, 1, 1), date(2024, 2, 29))
    assert operation.contiguous([january, march]) is None
