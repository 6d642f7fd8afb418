"""Every statement that the tools send is Snowflake's SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from desk import Desk, days_between, rows_for
from snowflake_etl.config.reading import read_configuration
from snowflake_etl.operations.doctor import setup_sql
from snowflake_etl.operations.months.restorable import time_travel
from snowflake_etl.sqltext import ObjectName
from snowflake_sql import assert_snowflake_sql


def test_every_statement_of_loads_and_checks_is_snowflakes(desk: Desk, sent: list[str]) -> None:
    january = days_between("2024-01-01", "2024-01-31")
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--qc", "both").code == 0
    desk.file("t_20240101-20240131.tsv", [*rows_for(january, 11), "20240131\t31000\tdouble"])
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert desk.load("--month", "2024-01", "--qc", "snowflake", *consent).code == 6
    assert desk.load("--month", "2024-01", "--qc", "skip", *consent).code == 0
    assert desk.run("doctor", "--config", str(desk.config)).code == 0
    assert desk.run("table-info", "--config", str(desk.config)).code == 0
    kinds = {statement.split()[0] for statement in sent}
    assert kinds >= {"BEGIN", "COMMIT", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LIST", "PUT", "REMOVE", "UPDATE"}
    for statement in sent:
        assert_snowflake_sql(statement)


def test_every_statement_of_verify_and_the_ledger_is_snowflakes(desk: Desk, sent: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    assert desk.load("--verify", "--month", "2024-01").code == 0
    ledger = ("--config", str(desk.config), "--month", "2024-01")
    desk.sql("DELETE FROM ETL_WORK.ETL_LOAD_LEDGER")
    assert desk.run("ledger", "adopt", *ledger, "--yes").code == 0
    assert desk.run("ledger", "list", *ledger).code == 0
    for statement in sent:
        assert_snowflake_sql(statement)


def test_every_statement_of_drops_and_restores_is_snowflakes(desk: Desk, sent: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    del sent[:]
    month = ("--config", str(desk.config), "--table", "T", "--month", "2024-01")
    assert desk.run("drop-month", *month, "--yes", "--expect-rows", "310", "--preview", "3").code == 0
    desk.sql("INSERT INTO T SELECT '2024-01-05', 1, 'again'")
    assert desk.run("restore-month", *month, "--yes", "--expect-rows", "1", "--mode", "replace").code == 0
    assert desk.run("restore-month", "--config", str(desk.config), "--list").code == 0
    assert {statement.split()[0] for statement in sent} >= {"ALTER", "BEGIN", "COMMIT", "CREATE", "DELETE", "EXPLAIN"}
    for statement in sent:
        assert_snowflake_sql(statement)


def test_a_restore_by_time_travel_reads_the_table_before_the_delete() -> None:
    source = time_travel(ObjectName("D", "PUBLIC", "T"), "01b2-3c'4")
    statement = f'INSERT INTO "D"."PUBLIC"."T" ("DAY") SELECT "DAY" FROM {source} WHERE "DAY" >= CAST(? AS DATE)'
    assert """FROM "D"."PUBLIC"."T" BEFORE(STATEMENT => '01b2-3c''4') WHERE""" in statement
    assert_snowflake_sql(statement)
    (parsed,) = sqlglot.parse(statement, read="snowflake")
    assert parsed.find(exp.HistoricalData) is not None


def test_every_statement_of_reports_is_snowflakes(desk: Desk, sent: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.sql("INSERT INTO T SELECT * FROM T WHERE ID = 1001")
    del sent[:]
    assert desk.run("report", "--config", str(desk.config), "--json").code == 6
    assert desk.run("report", "--config", str(desk.config), "--month", "2024-01").code == 6
    assert len([statement for statement in sent if "INFORMATION_SCHEMA" in statement]) == 4
    for statement in sent:
        assert_snowflake_sql(statement)


@pytest.mark.parametrize(
    ("day", "date_format"),
    [
        ("DATE", None),
        ("TIMESTAMP_NTZ", None),
        ("NUMBER(8,0)", None),
        ("VARCHAR(20)", None),
        ("VARCHAR(20)", "DD-MON-YYYY"),
    ],
)
def test_every_statement_of_validate_and_duplicates_is_snowflakes(
    desk: Desk, sent: list[str], day: str, date_format: str | None
) -> None:
    desk.entry |= {"create_table": None, "date_format": date_format}
    desk.sql(f"CREATE TABLE T (DAY {day}, ID NUMBER(9,0), NAME VARCHAR(10))")
    texts = {"NUMBER(8,0)": "20240105", "VARCHAR(20)": "'05-JAN-2024'" if date_format else "'20240105'"}
    value = texts.get(day, "'2024-01-05'")
    desk.sql(f"INSERT INTO T SELECT {value}, COLUMN1, 'x' FROM VALUES (1), (1), (2), (NULL)")
    del sent[:]
    for words in (("--month", "2024-01"), ()):
        assert desk.run("validate", "--config", str(desk.config), *words).code == 6
        answer = desk.run("duplicates", "--config", str(desk.config), *words, "--delete-sql", "--json")
        assert answer.code == 6
        assert answer.result["checks"][0]["excess_rows"] == 1
        script = answer.result["checks"][0]["delete_sql"]
        sent += "\n".join(script.splitlines()[4:]).removesuffix(";").split(";\n")
    assert sum("QUALIFY" in statement for statement in sent) == 2
    for statement in sent:
        assert_snowflake_sql(statement)


def test_the_set_up_script_is_snowflakes() -> None:
    configuration = read_configuration(Path(__file__).resolve().parents[2] / "config" / "example.json").configuration
    script = setup_sql(configuration, "loader")
    for statement in script.split(";\n"):
        assert_snowflake_sql(statement.rstrip(";"))
    assert 'GRANT SELECT, INSERT, DELETE ON TABLE "DEMO"."PUBLIC"."FLIGHTS" TO ROLE "LOADER"' in script
    assert 'CREATE STAGE IF NOT EXISTS "DEMO"."ETL_WORK"."ETL_STAGE"' in script


def test_the_set_up_script_may_be_run_twice(desk: Desk) -> None:
    statements = [
        statement.rstrip(";")
        for statement in setup_sql(read_configuration(desk.config).configuration, "loader").split(";\n")
        if "GRANT" not in statement
    ]
    for statement in [*statements, *statements]:
        desk.sql(statement)
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310


def test_between_begin_and_commit_there_is_only_dml(desk: Desk, sent: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    del sent[:]
    assert desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310").code == 0
    begins = [index for index, statement in enumerate(sent) if statement == "BEGIN"]
    ends = [index for index, statement in enumerate(sent) if statement == "COMMIT"]
    lease, publish = (sent[begin + 1 : end] for begin, end in zip(begins, ends, strict=True))
    assert [statement.split()[0] for statement in lease] == ["UPDATE", "SELECT", "SELECT", "DELETE", "INSERT"]
    words = "DELETE INSERT UPDATE SELECT SELECT SELECT UPDATE INSERT INSERT"
    assert [statement.split()[0] for statement in publish] == words.split()
    assert "ETL_LOAD_LOCK" in publish[2]
    assert "ETL_AUDIT_LOG" in publish[-1]


def test_the_copy_is_strict_and_there_is_one(desk: Desk, sent: list[str]) -> None:
    desk.month("2024-01-01", "2024-01-15")
    desk.month("2024-01-16", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    (copy,) = [statement for statement in sent if statement.startswith("COPY")]
    for option in (
        "ON_ERROR=ABORT_STATEMENT",
        "ERROR_ON_COLUMN_COUNT_MISMATCH=TRUE",
        "REPLACE_INVALID_CHARACTERS=FALSE",
        "DATE_FORMAT='YYYYMMDD'",
    ):
        assert option in copy
    for option in ("SIZE_LIMIT", "CONTINUE", "SKIP_FILE", "FORCE"):
        assert option not in copy
