"""``validate``: tables of the configuration are judged for months, days or all there is, whatever their date column."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from desk import Answer, Desk, days_between
from snowflake_etl.history.check_record import CheckRecords

JANUARY = days_between("2024-01-01", "2024-01-31")
KEY = ["DAY", "ID"]


def validate(desk: Desk, *words: str) -> Answer:
    return desk.run("validate", "--config", str(desk.config), *words)


def codes(check: Any) -> list[str]:
    return [finding["code"] for finding in check["report"]["findings"]]


def fill(desk: Desk, first: str, last: str, table: str = "T", per_day: int = 10, day: str = "DATE") -> None:
    """Rows put into a table past the tools; ``day`` is the type of the column DAY, or how its text is made."""
    kind, made = {
        "DATE": ("DATE", "D"),
        "TIMESTAMP_NTZ": ("TIMESTAMP_NTZ", "TIMESTAMPADD(HOUR, 23, D::TIMESTAMP_NTZ)"),
        "TIMESTAMP_LTZ": ("TIMESTAMP_LTZ", "TIMESTAMPADD(HOUR, 23, D::TIMESTAMP_NTZ)::TIMESTAMP_LTZ"),
        "TIMESTAMP_TZ": ("TIMESTAMP_TZ", "TIMESTAMPADD(HOUR, 23, D::TIMESTAMP_NTZ)::TIMESTAMP_TZ"),
        "NUMBER": ("NUMBER(8,0)", "TO_NUMBER(TO_VARCHAR(D, 'YYYYMMDD'))"),
        "digits": ("VARCHAR(20)", "TO_VARCHAR(D, 'YYYYMMDD')"),
        "ISO": ("VARCHAR(20)", "TO_VARCHAR(D, 'YYYY-MM-DD')"),
        "words": ("VARCHAR(20)", "TO_VARCHAR(D, 'DD-MON-YYYY')"),
    }[day]
    desk.sql(f"CREATE TABLE IF NOT EXISTS {table} (DAY {kind}, ID NUMBER(9,0), NAME VARCHAR(10))")
    days = ", ".join(f"('{one}'::DATE)" for one in days_between(first, last))
    ids = ", ".join(f"({number})" for number in range(per_day))
    desk.sql(
        f"INSERT INTO {table} SELECT {made}, N, 'x' FROM (SELECT COLUMN1 AS D FROM VALUES {days}), "
        f"(SELECT COLUMN1 AS N FROM VALUES {ids})"
    )


def test_a_complete_month_is_ok_and_says_its_numbers(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    answer = validate(desk, "--month", "2024-01")
    assert answer.code == 0, answer
    assert f"{desk.database}.PUBLIC.T 2024-01: ok, 310 rows, 31 of 31 days, nothing found" in answer.out
    document = validate(desk, "--month", "2024-01", "--json").result
    (check,) = document["checks"]
    assert (document["status"], check["status"], check["report"]["engine"]) == ("ok", "ok", "snowflake")
    assert check["report"]["rows_per_day"]["2024-01-31"] == 10


@pytest.mark.parametrize(
    ("day", "date_format"),
    [
        ("DATE", None),
        ("TIMESTAMP_NTZ", None),
        ("TIMESTAMP_LTZ", None),
        ("TIMESTAMP_TZ", None),
        ("NUMBER", None),
        ("NUMBER", "YYYYMMDD"),
        ("digits", None),
        ("ISO", "YYYY-MM-DD"),
        ("words", "DD-MON-YYYY"),
        ("words", "%d-%b-%Y"),
    ],
)
def test_any_kind_of_date_column_is_counted_by_day(desk: Desk, day: str, date_format: str | None) -> None:
    desk.entry |= {"date_format": date_format, "create_table": None}
    fill(desk, "2023-12-31", "2024-02-01", day=day)
    desk.sql(
        "DELETE FROM T WHERE TO_VARCHAR(DAY) LIKE ANY ('%2024-01-13%', '%20240113%', '%13-JAN-2024%', '%13-Jan-2024%')"
    )
    (check,) = validate(desk, "--month", "2024-01", "--json").result["checks"]
    assert check["message"] == "300 rows, 30 of 31 days, 1 error, 0 warnings"
    assert codes(check) == ["missing_days"]
    assert check["report"]["findings"][0]["samples"] == ["2024-01-13 (1 day)"]


def test_months_are_judged_one_by_one_and_the_worst_decides(desk: Desk) -> None:
    fill(desk, "2024-01-01", "2024-02-20")
    for words in (("--month", "2024-01..2024-03"), ("--month", "2024-01,2024-02,032024")):
        answer = validate(desk, *words, "--json")
        assert answer.code == 6
        assert [(one["days"], one["status"]) for one in answer.result["checks"]] == [
            ("2024-01", "ok"),
            ("2024-02", "failed"),
            ("2024-03", "failed"),
        ]
    assert codes(answer.result["checks"][1]) == ["missing_days"]
    assert codes(answer.result["checks"][2]) == ["no_rows"]


def test_days_are_judged_as_they_are_asked_for(desk: Desk) -> None:
    fill(desk, "2024-01-03", "2024-01-20")
    assert validate(desk, "--days", "2024-01-03..20240120").code == 0
    assert validate(desk, "--days", "2024-01-20").code == 0
    answer = validate(desk, "--days", "2024-01-03..2024-01-22")
    assert answer.code == 6
    assert "2 of 20 claimed days without rows: 2024-01-21 to 2024-01-22" in answer.out


@pytest.mark.parametrize("words", [(), ("--month", "all")])
def test_all_rows_are_judged_from_their_first_day_to_their_last(desk: Desk, words: tuple[str, ...]) -> None:
    fill(desk, "2024-01-03", "2024-01-20")
    assert validate(desk, *words).code == 0
    fill(desk, "2024-03-01", "2024-03-10")
    desk.sql("INSERT INTO T VALUES (NULL, 1, 'x')")
    (check,) = validate(desk, *words, "--json").result["checks"]
    assert check["days"] == "all"
    assert sorted(codes(check)) == ["missing_days", "null_dates", "null_keys"]


def test_warnings_make_exit_6_only_where_they_are_to(desk: Desk) -> None:
    fill(desk, "2024-01-01", "2024-01-31")
    desk.sql("DELETE FROM T WHERE DAY = '2024-01-13' AND ID > 2")
    assert validate(desk, "--month", "2024-01").code == 0
    strict = validate(desk, "--month", "2024-01", "--strict", "--json")
    assert (strict.code, strict.result["status"], strict.result["checks"][0]["status"]) == (6, "problems", "warning")


def test_one_table_that_cannot_be_checked_does_not_stop_the_others(desk: Desk) -> None:
    fill(desk, "2024-01-01", "2024-01-31", table="GOOD")
    other = {**desk.entry, "table_name": "GOOD", "file_pattern": "g_{month}.tsv"}
    desk.sections["files"] = [desk.entry, other]
    answer = validate(desk, "--month", "2024-01", "--json")
    assert answer.code == 5
    missing, good = answer.result["checks"]
    assert (missing["status"], missing["report"], good["status"]) == ("error", None, "ok")
    assert f"There is no table {desk.database}.PUBLIC.T, or role" in missing["message"]
    assert f'GRANT SELECT ON TABLE "{desk.database}"."PUBLIC"."T" TO ROLE' in missing["message"]
    assert validate(desk, "--month", "2024-01", "--table", "good").code == 0


def test_a_right_that_is_missing_is_told_with_its_grant(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.errors import WarehouseError
    from snowflake_etl.warehouse.session import Session

    fill(desk, "2024-01-01", "2024-01-31")
    genuine = Session.query

    def denied(self: Session, sql: str, binds: Any = ()) -> Any:
        if "ETL_DAY" in sql:
            raise WarehouseError(
                "SQL access control error:\nInsufficient privileges to operate on table 'T'.", code=3001
            )
        return genuine(self, sql, binds)

    monkeypatch.setattr(Session, "query", denied)
    answer = validate(desk, "--month", "2024-01")
    assert answer.code == 5
    assert "lacks a privilege on table T" in answer.out
    assert f'GRANT SELECT ON TABLE "{desk.database}"."PUBLIC"."T" TO ROLE' in answer.out
    assert "INSERT" not in answer.out


def test_a_date_column_that_is_not_there_is_answered_with_the_nearest(desk: Desk) -> None:
    desk.entry |= {"date_column": "DAYS", "create_table": None, "duplicate_key_columns": []}
    fill(desk, "2024-01-01", "2024-01-31")
    answer = validate(desk, "--month", "2024-01")
    assert answer.code == 3
    assert "has no column DAYS. Nearest: DAY (of 3)" in answer.out


def test_a_table_without_a_date_column_is_checked_as_a_whole_only(desk: Desk) -> None:
    desk.entry |= {"date_column": None}
    fill(desk, "2024-01-01", "2024-01-31")
    assert validate(desk).code == 0
    answer = validate(desk, "--month", "2024-01")
    assert answer.code == 3
    assert "has no date column, so no days can be chosen" in answer.out


def test_a_table_without_rows_is_an_error(desk: Desk) -> None:
    fill(desk, "2024-01-01", "2024-01-01")
    desk.sql("DELETE FROM T")
    for words in ((), ("--month", "2024-01")):
        answer = validate(desk, *words)
        assert answer.code == 6
        assert "has no rows" in answer.out


def test_quoted_lower_case_and_reserved_names_are_columns_like_any_other(desk: Desk) -> None:
    desk.entry |= {
        "table_name": '"select"',
        "date_column": '"order"',
        "duplicate_key_columns": ['"order"', '"from"'],
        "create_table": None,
    }
    desk.sql('CREATE TABLE "select" ("order" DATE, "from" NUMBER(9,0))')
    days = ", ".join(f"('{one}', 1)" for one in JANUARY)
    desk.sql(f"INSERT INTO \"select\" VALUES {days}, ('2024-01-05', 1)")
    answer = validate(desk, "--month", "2024-01", "--json")
    (check,) = answer.result["checks"]
    assert codes(check)[0] == "duplicate_keys"
    assert check["table"] == f"{desk.database}.PUBLIC.select"


def test_a_table_named_twice_is_checked_once_unless_the_entries_contradict_each_other(desk: Desk) -> None:
    fill(desk, "2024-01-01", "2024-01-31")
    again = {**desk.entry, "table_name": "public.t", "file_pattern": "u_{month}.tsv"}
    desk.sections["files"] = [desk.entry, again]
    assert len(validate(desk, "--month", "2024-01", "--json").result["checks"]) == 1
    desk.sections["files"] = [desk.entry, {**again, "duplicate_key_columns": ["ID"]}]
    answer = validate(desk, "--month", "2024-01")
    assert answer.code == 3
    assert (
        "names table T twice with different duplicate_key_columns: files[0] says DAY, ID, files[1] says ID"
        in answer.err
    )


def test_everything_is_written_to_the_output_file_and_the_screen_says_so(desk: Desk, tmp_path: Path) -> None:
    fill(desk, "2024-01-01", "2024-01-31")
    desk.sql("DELETE FROM T WHERE MOD(DAY(DAY), 2) = 0 AND DAY(DAY) < 29")
    output = tmp_path / "all.json"
    answer = validate(desk, "--month", "2024-01", "--output", str(output))
    assert f"all of them in {output}" in answer.out
    (check,) = json.loads(output.read_text())["checks"]
    assert len(check["report"]["findings"][0]["samples"]) == 14
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_every_check_is_kept_and_the_next_month_learns_from_it(own_desk: Desk) -> None:
    desk = own_desk
    fill(desk, "2024-01-01", "2024-01-31", per_day=10)
    fill(desk, "2024-02-01", "2024-02-29", per_day=4)
    assert validate(desk, "--month", "2024-02").code == 0
    validate(desk, "--month", "2024-01")
    kept = CheckRecords(desk.state).all()
    assert [(one.verb, one.about.table, one.about.span, one.rows) for one in kept] == [
        ("validate", "OWN.PUBLIC.T", "2024-01", 310),
        ("validate", "OWN.PUBLIC.T", "2024-02", 116),
    ]
    # By itself February is as even as can be; beside January it is less than half.
    answer = validate(desk, "--month", "2024-02", "--strict")
    assert answer.code == 6, answer


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "2024-01", "--days", "2024-01-01"), "either --month or --days"),
        (("--days", "2024-01-31..2024-01-01"), "run backwards"),
        (("--days", "31.01.2024"), "are no days"),
        (("--days", "2024-02-30"), "There is no day 2024-02-30"),
        (("--month", "2024-13"), "no month 13"),
        (("--table", "TT"), "has no table 'TT'. Nearest: T"),
    ],
)
def test_flags_that_cannot_be_meant_are_usage_errors(desk: Desk, words: tuple[str, ...], told: str) -> None:
    answer = validate(desk, *words)
    assert answer.code == 2
    assert told in answer.err
