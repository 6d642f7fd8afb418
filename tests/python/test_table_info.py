"""table-info: what a table is, how it fits the configuration, who may do what, what was loaded, its namesakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from desk import Answer, Desk
from snowflake_etl.errors import WarehouseError
from snowflake_etl.warehouse.session import Session


def info(desk: Desk, *words: str) -> Answer:
    return desk.run("table-info", "--config", str(desk.config), *words)


def told(desk: Desk, *words: str) -> dict[str, Any]:
    (table,) = info(desk, "--json", *words).result["tables"]
    return dict(table)


def answering(monkeypatch: pytest.MonkeyPatch, start: str, answer: Any) -> None:
    """Answer the SHOW statements and questions that begin so as an account would; an exception is raised."""
    genuine = Session.records

    def records(self: Session, sql: str, binds: Sequence[object] = ()) -> list[dict[str, Any]]:
        if not sql.startswith(start):
            return genuine(self, sql, binds)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    monkeypatch.setattr(Session, "records", records)


def test_a_loaded_table_tells_size_columns_grants_and_loads(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-01,2024-02").code == 0
    answer = info(desk)
    assert answer.code == 0, answer
    for text in (
        f"{desk.database}.PUBLIC.T: nothing to mend",
        "a table, 600 rows, owner SYSADMIN",
        "DAY     DATE               date key",
        "NAME    VARCHAR(10)",
        "SYSADMIN    role  yes\n      OWNERSHIP",
        "2024-01   310  live ",
        "\n      t_20240101-20240131.tsv\n",
    ):
        assert text in answer.out, answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    table = told(desk, "--table", "t", "--loads", "1")
    assert [load["month"] for load in table["loads"]] == ["2024-02"]
    assert table["loads_in_ledger"] == 2
    assert "the newest 1 of 2" in info(desk, "--loads", "1").out


def test_columns_that_do_not_fit_the_configuration_are_told(desk: Desk) -> None:
    desk.sql("CREATE TABLE T (DAY BOOLEAN, ID NUMBER(5,0), EXTRA VARCHAR(3), MUST NUMBER NOT NULL)")
    answer = info(desk)
    assert answer.code == 6
    table = told(desk)
    assert table["status"] == "differs"
    remarks = {column["name"]: column["remark"] for column in table["columns"]}
    assert remarks["DAY"] == "date_column, but BOOLEAN holds no days"
    assert remarks["ID"] == "create_table says NUMBER(9,0)"
    assert remarks["EXTRA"] == "not in the files; loads leave it empty"
    assert "NOT NULL" in remarks["MUST"]
    assert remarks["NAME"] == "the table has no such column"
    assert len(table["problems"]) == 4


@pytest.mark.parametrize(
    ("declared", "fits"), [("TIMESTAMP_NTZ", True), ("TIMESTAMP_NTZ(3)", False), ("STRING", False)]
)
def test_a_size_that_is_not_configured_may_be_any(desk: Desk, declared: str, fits: bool) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME TIMESTAMP_NTZ)")
    desk.entry["create_table"] = {"DAY": "DATE", "ID": "NUMBER(9,0)", "NAME": declared}
    assert (info(desk).code == 0) is fits


def test_a_table_that_is_not_there_names_its_namesakes(desk: Desk) -> None:
    desk.sql("CREATE SCHEMA OTHER")
    desk.sql("CREATE TABLE OTHER.T (X NUMBER)")
    desk.sql("CREATE SCHEMA THIRD")
    desk.sql('CREATE VIEW THIRD."t" AS SELECT * FROM OTHER.T')
    answer = info(desk)
    assert answer.code == 6
    assert f"also table {desk.database}.OTHER.T, owner SYSADMIN" in answer.out
    assert f"also view {desk.database}.THIRD.t" in answer.out
    assert "is that the one meant? The first load makes it" in answer.out
    assert told(desk, "--table", "OTHER.T")["status"] == "ok"


def test_tables_beyond_the_configuration_and_names_in_quotes(desk: Desk) -> None:
    desk.sql('CREATE TABLE "odd "" name" ("a" NUMBER)')
    table = told(desk, "--table", '"odd "" name"')
    assert (table["status"], table["table"]) == ("ok", f'{desk.database}.PUBLIC.odd " name')
    assert [column["name"] for column in table["columns"]] == ["a"]
    several = info(desk, "--table", "nix", "--table", '"odd "" name"', "--json").result
    assert [one["status"] for one in several["tables"]] == ["missing", "ok"]
    assert info(desk, "--table", "a.b.c.d").code == 2
    assert info(desk, "--loads", "-1").code == 2


def test_a_view_is_called_one(desk: Desk) -> None:
    desk.sql("CREATE TABLE BASE (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("CREATE VIEW T AS SELECT * FROM BASE")
    answer = info(desk)
    assert answer.code == 6
    assert "It is a view: loads and drops take ordinary tables only." in answer.out


def test_what_an_account_tells_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    record = {
        "name": "T",
        "database_name": desk.database,
        "schema_name": "PUBLIC",
        "kind": "TRANSIENT",
        "owner": "OWNER_ROLE",
        "created_on": "2024-01-02 03:04:05.678",
        "bytes": 123456789,
        "cluster_by": "LINEAR(DAY)",
        "retention_time": "1",
        "comment": "of sales",
    }
    answering(monkeypatch, "SHOW TABLES", [record, {**record, "database_name": "OLD"}])
    out = info(desk).out
    assert "a transient table, 0 rows, 123.5 MB, owner OWNER_ROLE, made 2024-01-02 03:04:05" in out
    assert "clustered by LINEAR(DAY), Time Travel 1 day" in out
    assert "comment: of sales" in out
    assert "also table OLD.PUBLIC.T, owner OWNER_ROLE" in out


def granted(role: str, privilege: str, kind: str = "ROLE") -> dict[str, str]:
    return {"privilege": privilege, "grantee_name": role, "granted_to": kind}


def test_a_privilege_that_lacks_comes_with_its_grant(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    grants = [
        granted("SYSADMIN", "SELECT"),
        granted("OTHER", "INSERT"),
        granted("OWNER_ROLE", "OWNERSHIP"),
        granted("SYSADMIN", "REFERENCES"),
    ]
    answering(monkeypatch, "SHOW GRANTS", grants)
    answer = info(desk)
    assert answer.code == 6
    wanted = f'GRANT INSERT, DELETE ON TABLE "{desk.database}"."PUBLIC"."T" TO ROLE "SYSADMIN";'
    assert wanted in answer.out
    table = told(desk)
    assert [(one["role"], one["privileges"], one["in_session"]) for one in table["grants"]] == [
        ("OWNER_ROLE", ["OWNERSHIP"], False),
        ("OTHER", ["INSERT"], False),
        ("SYSADMIN", ["SELECT"], True),
    ]
    monkeypatch.undo()
    # What a database role has may well be ours.
    answering(
        monkeypatch, "SHOW GRANTS", [granted("R", name, "DATABASE_ROLE") for name in ("SELECT", "INSERT", "DELETE")]
    )
    assert info(desk).code == 0


def test_what_may_not_be_asked_is_a_note(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    answering(monkeypatch, "SHOW GRANTS", WarehouseError("Insufficient privileges to operate on table 'T'", code=3001))
    answer = info(desk)
    assert answer.code == 0
    assert "note: Grants cannot be told: Insufficient privileges" in answer.out
