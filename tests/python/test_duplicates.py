"""``duplicates``: keys in several rows of tables and files, how bad that is, and what would leave one row of each."""

from __future__ import annotations

import gzip
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from desk import Answer, Desk, days_between, rows_for
from report_desk import make_table
from snowflake_etl.history.check_record import CheckRecords
from snowflake_etl.quality.key_counts import keys_of_file
from snowflake_etl.sqltext import ColumnType, ObjectName
from snowflake_etl.warehouse.catalog import Column, Table
from snowflake_etl.warehouse.keep_one import inlined, keep_one_statements

JANUARY = days_between("2024-01-01", "2024-01-31")


def duplicates(desk: Desk, *words: str) -> Answer:
    return desk.run("duplicates", "--config", str(desk.config), *words)


def check(desk: Desk, *words: str) -> Any:
    (found,) = duplicates(desk, *words, "--json").result["checks"]
    return found


def loaded(desk: Desk, *more: str) -> None:
    """January with 10 rows a day, and ``more`` rows as (day, id, name) in SQL."""
    make_table(desk, "T", "2024-01-01", "2024-01-31")
    if more:
        desk.sql(f"INSERT INTO T VALUES {', '.join(more)}")


def test_a_table_without_duplicates_is_unique(desk: Desk) -> None:
    loaded(desk)
    answer = duplicates(desk)
    assert answer.code == 0
    assert "T all, key DAY, ID: unique, 310 rows, no key in more than one" in answer.out


def test_keys_rows_percent_grade_and_the_worst_keys_are_told(desk: Desk) -> None:
    loaded(desk, *["('2024-01-05', 3, 'again')"] * 3, "('2024-01-06', 4, 'again')")
    answer = duplicates(desk, "--show", "1")
    assert answer.code == 6
    assert "duplicates (MEDIUM), 314 rows, 2 keys in several, 4 rows (1.27%) too many" in answer.out
    assert "    4 rows: DAY=2024-01-05, ID=3\n    1 of 2 keys are shown; --show N shows more." in answer.out
    found = check(desk)
    assert (found["keys"], found["excess_rows"], found["most_of_one_key"], found["grade"]) == (2, 4, 4, "MEDIUM")
    assert found["worst"] == [{"key": ["2024-01-05", "3"], "rows": 4}, {"key": ["2024-01-06", "4"], "rows": 2}]
    assert [finding["code"] for finding in found["findings"]] == ["duplicate_keys"]


def test_the_grade_follows_percent_and_rows_of_one_key(desk: Desk) -> None:
    loaded(desk)
    twins = 0
    for wanted, grade in ((1, "LOW"), (11, "MEDIUM"), (20, "HIGH"), (51, "CRITICAL"), (101, "CRITICAL")):
        desk.sql("INSERT INTO T VALUES " + ", ".join(["('2024-01-05', 3, 'again')"] * (wanted - twins)))
        twins = wanted
        found = check(desk)
        assert (found["excess_rows"], found["grade"]) == (wanted, grade)


def test_another_key_may_be_named(desk: Desk) -> None:
    loaded(desk)
    for words in (("--key", "id,name"), ("--key", "ID", "--key", '"NAME"')):
        found = check(desk, *words)
        assert (found["key"], found["keys"], found["excess_rows"]) == (["ID", "NAME"], 10, 300)


def test_days_restrict_both_rows_and_keys(desk: Desk) -> None:
    loaded(desk, "('2024-01-05', 3, 'again')", "('2024-02-05', 3, 'x')", "('2024-02-05', 3, 'x')")
    assert check(desk, "--month", "2024-01")["excess_rows"] == 1
    assert check(desk, "--days", "2024-01-06..2024-01-31")["excess_rows"] == 0
    assert check(desk, "--month", "2024-02")["rows"] == 2
    # Neighbouring months are one: a key may stand in both.
    assert check(desk, "--month", "2024-01..2024-02", "--key", "ID")["days"] == "2024-01-01..2024-02-29"


def test_keys_with_a_null_are_no_duplicates_but_a_problem(desk: Desk) -> None:
    loaded(desk, "('2024-01-05', NULL, 'a')", "('2024-01-05', NULL, 'a')")
    answer = duplicates(desk)
    assert answer.code == 6
    assert "null_keys, 312 rows, no key in more than one, 2 rows without a key" in answer.out
    assert answer.out.endswith("problems: 1 check: no duplicates found, 2 rows without a key.\n")
    assert [finding["code"] for finding in check(desk)["findings"]] == ["null_keys"]


def test_tables_without_a_key_or_a_table_do_not_stop_the_others(desk: Desk) -> None:
    loaded(desk)
    desk.sections["files"] = [
        {**desk.entry, "table_name": "NOWHERE", "file_pattern": "n_{month}.tsv"},
        {**desk.entry, "table_name": "KEYLESS", "file_pattern": "k_{month}.tsv", "duplicate_key_columns": []},
        desk.entry,
    ]
    desk.sql("CREATE TABLE KEYLESS AS SELECT * FROM T")
    answer = duplicates(desk, "--json")
    assert answer.code == 5
    assert [one["status"] for one in answer.result["checks"]] == ["error", "error", "unique"]
    assert "table KEYLESS has no duplicate_key_columns" in answer.result["checks"][1]["message"]
    assert duplicates(desk, "--table", "keyless", "--key", "DAY,ID").code == 0


def test_a_key_column_that_is_not_there_is_answered_with_the_nearest(desk: Desk) -> None:
    loaded(desk)
    answer = duplicates(desk, "--key", "DAY,NAMES")
    assert answer.code == 2
    assert "has no column NAMES. Nearest: NAME (of 3)" in answer.out


def test_every_check_is_kept_as_one_of_keys(own_desk: Desk) -> None:
    loaded(own_desk, "('2024-01-05', 3, 'again')")
    duplicates(own_desk, "--month", "2024-01")
    (kept,) = CheckRecords(own_desk.state).all()
    assert (kept.verb, kept.scope, kept.about.table, kept.about.span) == (
        "duplicates",
        "keys",
        "OWN.PUBLIC.T",
        "2024-01",
    )
    assert [finding.code for finding in kept.findings] == ["duplicate_keys"]


def statements_of(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";\n") if statement.strip(" ;\n")]


def test_the_printed_statements_leave_exactly_one_row_of_each_key(desk: Desk) -> None:
    twins = ["('2024-01-05', 3, 'x')"] * 3 + ["('2024-01-06', 4, 'a')", "('2024-01-06', 4, NULL)"]
    nulls = ["('2024-01-07', NULL, 'n')"] * 2 + ["(NULL, 1, 'n')"] * 2
    loaded(desk, *twins, *nulls, "('2024-02-01', 1, 'x')", "('2024-02-01', 1, 'x')")
    before = desk.count()
    answer = duplicates(desk, "--month", "2024-01", "--delete-sql")
    assert answer.code == 6
    script = check(desk, "--month", "2024-01", "--delete-sql")["delete_sql"]
    assert script in answer.out
    assert "-- Leaves one row of each of 2 keys" in script
    assert "PUBLIC.T: 5 of 317 rows to go (1.58%)." in script
    assert "Beware" not in script
    assert (
        "Beware: so many rows look as if ID were not the key"
        in check(desk, "--key", "ID", "--delete-sql")["delete_sql"]
    )
    assert desk.count() == before, "printing runs nothing"
    run_in_one_session(desk, script)
    assert desk.count() == before - 5
    assert check(desk, "--month", "2024-01")["excess_rows"] == 0
    assert desk.count("ID IS NULL") == 2
    assert desk.count("DAY IS NULL") == 2
    # Of the key with differing rows the first by the other columns stays.
    assert desk.sql("SELECT NAME FROM T WHERE DAY = '2024-01-06' AND ID = 4") == [("a",)]
    # Other days are left alone.
    assert desk.count("DAY = '2024-02-01'") == 2
    script = check(desk, "--delete-sql")["delete_sql"]
    run_in_one_session(desk, script)
    assert check(desk)["excess_rows"] == 0


def run_in_one_session(desk: Desk, script: str) -> None:
    from snowflake_etl.config.model import LoadSection, SnowflakeSection
    from snowflake_etl.warehouse.signin import Warehouse

    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC", network_timeout=20)
    with Warehouse(section, LoadSection(), desk.state).open("test") as session:
        for statement in statements_of(script):
            session.execute(statement)


def test_the_statements_are_snowflakes_whatever_the_names(desk: Desk) -> None:
    types = [("Day ;\n", "DATE"), ("it's", "VARCHAR"), ('a"b?', "NUMBER"), ("V", "VARIANT")]
    table = Table(
        ObjectName("D", "S", "t\\"), tuple(Column(name, kind, ColumnType(kind), True) for name, kind in types)
    )
    condition = '"a""b?" >= CAST(? AS NUMBER) AND TRY_TO_DATE("it\'s", \'?\') < ?'
    statements = keep_one_statements(table, ["it's", 'a"b?'], condition, ["1", "it's\\"])
    for statement in statements:
        (parsed,) = sqlglot.parse(statement, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
        assert not isinstance(parsed, exp.Command), statement
    assert """TRY_TO_DATE("it's", '?') < 'it''s\\\\'""" in statements[2]
    assert 'ORDER BY "Day ;\n")' in statements[0]
    assert inlined("A = ?", ["'; DROP TABLE T; --"]) == "A = '''; DROP TABLE T; --'"


def test_values_stay_in_their_line_and_escaped_names_are_not_passed_off_as_sql(desk: Desk) -> None:
    desk.entry["duplicate_key_columns"] = ["DAY", "nam\u00e9"]
    desk.entry["create_table"] = {"DAY": "DATE", "nam\u00e9": "VARCHAR"}
    desk.sql('CREATE TABLE T ("DAY" DATE, "nam\u00e9" VARCHAR)')
    desk.sql("INSERT INTO T VALUES ('2024-01-05', 'a\nb'), ('2024-01-05', 'a\nb')")
    answer = duplicates(desk, "--delete-sql")
    assert "    2 rows: DAY=2024-01-05, nam\\xe9=a\\x0ab\n" in answer.out
    assert "take the statements from delete_sql of --json" in answer.out
    assert '"nam\u00e9"' in check(desk, "--delete-sql")["delete_sql"]


# -- files


def test_a_file_is_searched_exactly_and_without_a_connection(desk: Desk) -> None:
    path = desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240105\t05003\tx", "20240105\t5003\ty"])
    desk.sections["snowflake"] = {"connection": "nowhere"}
    answer = duplicates(desk, "--file", str(path))
    assert answer.code == 6
    assert "t_20240101-20240131.tsv all, key DAY, ID: duplicates (LOW), 312 rows, 1 key in several" in answer.out
    found = check(desk, "--file", str(path))
    assert (found["engine"], found["excess_rows"], found["notes"]) == ("file", 2, [])
    assert found["worst"] == [{"key": ["2024-01-05", "5003"], "rows": 3}]


@pytest.mark.parametrize("name", ["t_20240101-20240131.tsv", "t_20240101-20240131.tsv.gz"])
def test_a_header_with_another_line_end_than_the_rows_hides_none_of_them(desk: Desk, name: str) -> None:
    end = "\r\n"
    lines = [*rows_for(JANUARY), "20240105\t5003\tagain"]
    path = desk.file(name, f"DAY\tID\tNAME\n{end.join([*lines, ''])}".encode())
    found = check(desk, "--file", str(path))
    assert (found["rows"], found["keys"], found["excess_rows"]) == (311, 1, 1)
    assert [finding["code"] for finding in found["findings"]] == ["duplicate_keys"]


def test_keys_of_as_many_rows_come_in_the_same_order_from_file_and_table(desk: Desk) -> None:
    """Numbers by value: 9 before 10, which as texts they are not."""
    again = [f"202401{day:02}\t{day * 1000 + number}\tx" for day in (9, 10) for number in (2, 10)]
    path = desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY, 11), *again])
    of_file = check(desk, "--file", str(path), "--key", "ID")
    assert [each["key"] for each in of_file["worst"]] == [["9002"], ["9010"], ["10002"], ["10010"]]
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 0
    assert check(desk, "--key", "ID")["worst"] == of_file["worst"]


def test_a_timestamp_in_a_key_is_more_than_its_day(desk: Desk) -> None:
    desk.entry |= {"create_table": {"DAY": "TIMESTAMP_NTZ", "ID": "NUMBER(9,0)"}, "date_format": None}
    rows = [f"2024-01-{day:02} 10:00:{second:02}\t1" for day in (1, 2) for second in range(5)]
    path = desk.file("t_20240101-20240131.tsv", rows, "DAY\tID")
    assert check(desk, "--file", str(path))["status"] == "unique"
    desk.file("t_20240101-20240131.tsv", [*rows, "2024-01-02T10:00:03.000\t1"], "DAY\tID")
    found = check(desk, "--file", str(path), "--days", "2024-01-02")
    assert (found["rows"], found["worst"]) == (6, [{"key": ["2024-01-02 10:00:03", "1"], "rows": 2}])
    cleaned = desk.run("clean-file", "--config", str(desk.config), "--file", str(path), "--duplicates", "--json")
    assert (cleaned.result["kept"], cleaned.result["rejected"]) == (10, 1)


def test_without_types_keys_are_text_and_that_is_said(desk: Desk) -> None:
    desk.entry |= {"create_table": None}
    path = desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240105\t05003\tx"])
    found = check(desk, "--file", str(path))
    assert (found["status"], found["excess_rows"]) == ("unique", 0)
    assert "7 and 07 are two" in found["notes"][-1]


def test_with_the_table_named_keys_are_typed_as_the_table_is_now(desk: Desk) -> None:
    desk.entry |= {"create_table": None}
    path = desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240105\t05003\tx"])
    loaded(desk)
    found = check(desk, "--file", str(path), "--table", "T")
    assert (found["status"], found["excess_rows"], found["notes"]) == ("duplicates", 1, [])
    desk.sql("DROP TABLE T")
    answer = duplicates(desk, "--file", str(path), "--table", "T")
    assert answer.code == 5
    assert "There is no table" in answer.err


def test_a_file_of_no_pattern_is_read_as_it_looks(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "anything.csv"
    path.write_text("a,b\n1,2\n1,2\n3,4\n")
    answer = duplicates(desk, "--file", str(path))
    assert answer.code == 2
    assert "Name them with --key" in answer.out
    assert check(desk, "--file", str(path), "--key", "A,B")["excess_rows"] == 1
    wrong = duplicates(desk, "--file", str(path), "--key", "A,C")
    assert wrong.code == 3
    assert "The key column C is not among the 2 columns" in wrong.out


def test_days_of_a_file_are_selected_as_the_table_will_have_them(desk: Desk) -> None:
    path = desk.file("t_20240101-20240131.tsv.gz", [*rows_for(JANUARY), "20240105\t5003\tx", "20240109\t9003\ty"])
    assert check(desk, "--file", str(path), "--days", "2024-01-05..2024-01-08")["excess_rows"] == 1
    assert check(desk, "--file", str(path), "--days", "2024-01-05..2024-01-08")["rows"] == 41
    assert check(desk, "--file", str(path), "--month", "2024-01")["excess_rows"] == 2


def test_several_files_each_get_their_check_and_a_bad_one_stops_none(desk: Desk) -> None:
    good = desk.file("t_20240101-20240115.tsv", rows_for(JANUARY[:15]))
    torn = desk.files / "t_20240116-20240131.tsv.gz"
    torn.write_bytes(
        gzip.compress("".join(f"{line}\n" for line in ["DAY\tID\tNAME", *rows_for(JANUARY)]).encode())[:-20]
    )
    answer = duplicates(desk, "--file", str(torn), "--file", str(good), "--json")
    assert [one["status"] for one in answer.result["checks"]] == ["error", "unique"]
    assert answer.code == 6


def test_beyond_its_limits_a_file_is_not_checked_here_and_not_called_unique(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With half of the smallest limit that a configuration may set, a third of the rows is enough."""

    def with_half(*given: Any) -> Any:
        *counted, resources = given
        return keys_of_file(*counted, replace(resources, memory_limit=resources.memory_limit // 2))

    monkeypatch.setattr("snowflake_etl.operations.checks.duplicates_file.keys_of_file", with_half)
    lines = [f"20240101\t{number}\tname {number}" for number in range(1_000_000)]
    path = desk.file("t_20240101-20240131.tsv", [*lines, lines[0]])
    desk.sections["quality"] = {"memory_limit": 64 * 1024 * 1024, "temp_limit": 0}
    answer = duplicates(desk, "--file", str(path), "--key", "DAY,ID,NAME", "--json")
    (found,) = answer.result["checks"]
    assert (answer.code, found["status"], found["rows"]) == (6, "not_checked", 1_000_001)
    assert "not checked here" in found["findings"][0]["message"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--show", "-1"), "--show takes 0 to 1,000"),
        (("--file", "x.tsv", "--delete-sql"), "--delete-sql is for tables"),
        (("--file", "x.tsv", "--table", "T", "--table", "U"), "One --table"),
        (("--key", "A,,B"), "--key takes names"),
        (("--key", ""), "--key takes names"),
        (("--month", "2024-01", "--days", "2024-01-01"), "either --month or --days"),
        (("--table", "TT"), "has no table 'TT'"),
    ],
)
def test_flags_that_cannot_be_meant_are_usage_errors(desk: Desk, words: tuple[str, ...], told: str) -> None:
    answer = duplicates(desk, *words)
    assert answer.code == 2
    assert told in answer.err


def test_a_signal_ends_the_search_at_once_and_leaves_nothing(own_desk: Desk) -> None:
    block = "".join(f"{line}\n" for line in rows_for(JANUARY, 2000))
    path = own_desk.files / "t_20240101-20240131.tsv"
    with path.open("w", encoding="ascii") as out:
        out.write("DAY\tID\tNAME\n")
        for _ in range(100):
            out.write(block)
    words = ("--config", str(own_desk.config), "--file", str(path), "--key", "DAY,ID,NAME")
    with own_desk.process("duplicates", *words) as process:
        limit = time.monotonic() + 20
        while not list(own_desk.state.glob("check-*")) and time.monotonic() < limit:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    assert list(own_desk.state.glob("check-*")) == []
