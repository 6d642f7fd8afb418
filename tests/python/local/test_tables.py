"""Tables, types, SHOW and DESCRIBE, functions about the session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_client import Client, sign_in
from snowflake_etl.warehouse.local import lifecycle

TYPES = {
    "A": ("VARCHAR(10)", "VARCHAR(10)"),
    "B": ("VARCHAR", "VARCHAR(16777216)"),
    "C": ("CHAR(3)", "VARCHAR(3)"),
    "D": ("DATE", "DATE"),
    "E": ("NUMBER(9,0)", "NUMBER(9,0)"),
    "F": ("NUMBER(38,0)", "NUMBER(38,0)"),
    "G": ("INTEGER", "NUMBER(38,0)"),
    "H": ("NUMBER(12,4)", "NUMBER(12,4)"),
    "I": ("FLOAT", "FLOAT"),
    "J": ("BOOLEAN", "BOOLEAN"),
    "K": ("TIMESTAMP_NTZ(9)", "TIMESTAMP_NTZ(9)"),
    "L": ("TIMESTAMP_NTZ", "TIMESTAMP_NTZ(9)"),
    "M": ("TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(3)"),
    "N": ("TIMESTAMP_TZ", "TIMESTAMP_TZ(9)"),
    "O": ("TIME", "TIME(9)"),
    "P": ("VARIANT", "VARIANT"),
    "Q": ("BINARY", "BINARY(8388608)"),
    "R": ("STRING NOT NULL", "VARCHAR(16777216)"),
}
CREATE = f"CREATE TRANSIENT TABLE T ({', '.join(f'{name} {kind}' for name, (kind, _) in TYPES.items())})"


def described(client: Client, table: str = "T") -> dict[str, str]:
    return {row["name"]: row["type"] for row in client.records(f"DESCRIBE TABLE {table}")}


def test_types_are_described_as_declared(client: Client) -> None:
    client.rows(CREATE)
    assert described(client) == {name: shown for name, (_, shown) in TYPES.items()}
    nulls = {row["name"]: row["null?"] for row in client.records("DESC TABLE T")}
    assert (nulls["A"], nulls["R"]) == ("Y", "N")
    columns = client.rows(
        "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, IS_NULLABLE, "
        f"ORDINAL_POSITION FROM {client.database}.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = ? "
        "ORDER BY ORDINAL_POSITION",
        "T",
    )
    kinds = [shown.partition("(")[0] for _, shown in TYPES.values()]
    assert [row[1] for row in columns] == ["TEXT" if kind == "VARCHAR" else kind for kind in kinds]
    assert columns[0] == ("A", "TEXT", 10, None, None, "YES", 1)
    assert columns[4] == ("E", "NUMBER", None, 9, 0, "YES", 5)
    assert columns[12][:2] == ("M", "TIMESTAMP_LTZ")
    assert columns[17][:6] == ("R", "TEXT", 16777216, None, None, "NO")


def test_clones_likes_renames_and_wider_columns_keep_their_types(client: Client) -> None:
    client.rows("CREATE TABLE T (A VARCHAR(10), B VARCHAR(5))")
    client.rows("INSERT INTO T VALUES ('a', 'b')")
    client.rows("CREATE TABLE C CLONE T")
    client.rows("CREATE TABLE K LIKE T")
    client.rows("ALTER TABLE T RENAME TO R")
    client.rows("ALTER TABLE R ALTER COLUMN B SET DATA TYPE VARCHAR(50)")
    client.rows("ALTER TABLE R ADD COLUMN Z VARCHAR(7)")
    assert described(client, "C") == described(client, "K") == {"A": "VARCHAR(10)", "B": "VARCHAR(5)"}
    assert described(client, "R") == {"A": "VARCHAR(10)", "B": "VARCHAR(50)", "Z": "VARCHAR(7)"}
    assert (client.one("SELECT COUNT(*) FROM C"), client.one("SELECT COUNT(*) FROM K")) == (1, 0)
    client.rows("INSERT INTO R (B) VALUES ('longer than five')")
    client.rows("DROP TABLE R")
    client.rows("CREATE TABLE R (A VARCHAR, B VARCHAR)")
    assert described(client, "R")["B"] == "VARCHAR(16777216)", "a new table has nothing of the old one"


def test_texts_that_are_too_long_are_refused_everywhere(client: Client) -> None:
    client.rows("CREATE TABLE T (A VARCHAR(3), N INT)")
    client.rows("CREATE TABLE S (A VARCHAR)")
    client.rows("INSERT INTO S VALUES ('1234')")
    for sql, binds in (
        ("INSERT INTO T (A) VALUES ('1234')", ()),
        ("INSERT INTO T (A, N) VALUES (?, ?)", ("1234", 1)),
        ("INSERT INTO T (A) SELECT A FROM S", ()),
        ("INSERT INTO T (A) SELECT ?", ("1234",)),
        ("INSERT INTO T VALUES ('ok', 1), ('1234', 2)", ()),
    ):
        with pytest.raises(ProgrammingError, match="String '1234' is too long") as long:
            client.rows(sql, *binds)
        assert long.value.errno == 100078, sql
    assert client.one("SELECT COUNT(*) FROM T") == 0
    client.rows("INSERT INTO T VALUES ('\u00e4\u00f6\u00fc', 1)")
    with pytest.raises(ProgrammingError, match="too long"):
        client.rows("UPDATE T SET A = ? WHERE N = ?", "1234", 1)
    assert client.count("UPDATE T SET A = ?, N = N + ? WHERE N = ?", "xyz", 1, 1) == 1
    assert client.rows("SELECT A, N FROM T") == [("xyz", 2)]


def test_numbers_out_of_range_are_refused(client: Client) -> None:
    client.rows("CREATE TABLE T (N NUMBER(3,1))")
    with pytest.raises(DatabaseError):
        client.rows("INSERT INTO T VALUES (100)")
    client.rows("INSERT INTO T VALUES (99.94)")
    assert client.one("SELECT N FROM T") == Decimal("99.9")


def test_keys_are_recorded_by_nobody_and_enforced_by_nobody(client: Client) -> None:
    client.rows("CREATE TABLE T (A INT PRIMARY KEY, B INT UNIQUE, PRIMARY KEY (A))")
    assert client.count("INSERT INTO T VALUES (1, 1), (1, 1)") == 2
    with pytest.raises(DatabaseError) as null:
        client.rows("INSERT INTO T (B) VALUES (1)")
    assert null.value.errno == 100072, "a key column may not be NULL"


def test_values_go_in_and_come_out(client: Client) -> None:
    client.rows(
        "CREATE TABLE V (D DATE, T TIME, TS TIMESTAMP_NTZ, TZ TIMESTAMP_TZ, B BOOLEAN, N NUMBER(9,2), S VARCHAR)"
    )
    moment = datetime(2013, 1, 31, 10, 11, 12, 123456)
    row = (
        date(2013, 1, 31),
        time(10, 11, 12),
        moment,
        moment.replace(tzinfo=UTC),
        True,
        Decimal("12.34"),
        'it\'s "x"\n',
    )
    client.rows("INSERT INTO V SELECT ?, ?, ?, ?, ?, ?, ?", *row)
    client.rows("INSERT INTO V SELECT ?, ?, ?, ?, ?, ?, ?", *([None] * 7))
    assert client.rows("SELECT * FROM V ORDER BY D NULLS LAST") == [row, (None,) * 7]
    assert client.rows("SELECT CAST(? AS TIMESTAMP_NTZ), CAST(? AS DATE)", "2013-01-31 10:11:12", "2013-01-31") == [
        (datetime(2013, 1, 31, 10, 11, 12), date(2013, 1, 31))
    ]
    cursor = client.connection.cursor()
    cursor.executemany("INSERT INTO V (N, S) VALUES (?, ?)", [(number, "x") for number in range(5)])
    assert cursor.rowcount == 5
    assert client.one("SELECT COUNT(*) FROM V WHERE S = 'x'") == 5


def test_values_bound_by_the_client(clients: Callable[..., Client]) -> None:
    client = clients(paramstyle="pyformat")
    client.rows("CREATE TABLE T (D DATE, S VARCHAR(20))")
    client.count("INSERT INTO T VALUES (%s, %s)", date(2013, 1, 1), "it's \\ %s")
    assert client.rows("SELECT S FROM T WHERE D >= %s AND D < %s", "2013-01-01", date(2013, 1, 2)) == [("it's \\ %s",)]


def test_answers_have_snowflakes_types_and_names(client: Client) -> None:
    client.rows("CREATE TABLE T (I INT, N NUMBER(9,2), D DATE)")
    client.rows("INSERT INTO T VALUES (1, 1.5, '2013-01-01'), (2, 2.5, NULL)")
    record = client.records("SELECT COUNT(*), SUM(I), SUM(N), MAX(D), AVG(I) AS MEAN, COUNT(DISTINCT I) FROM T")[0]
    assert record == {
        "COUNT(*)": 2,
        "SUM(I)": 3,
        "SUM(N)": Decimal("4.00"),
        "MAX(D)": date(2013, 1, 1),
        "MEAN": 1.5,
        "COUNT(DISTINCT I)": 2,
    }
    assert isinstance(record["SUM(I)"], int)


def test_dates_as_text(client: Client) -> None:
    day = "TO_DATE('20130131', 'YYYYMMDD')"
    sql = f"SELECT TO_CHAR(CAST('2013-01-31' AS DATE), 'YYYYMMDD'), TO_VARCHAR({day}, 'DD.MM.YYYY')"
    assert client.rows(sql) == [("20130131", "31.01.2013")]
    client.rows("CREATE TABLE T (D DATE, TS TIMESTAMP_NTZ)")
    client.rows("INSERT INTO T VALUES ('2013-01-31', '2013-01-31 10:11:12')")
    assert client.rows(
        "SELECT TO_VARCHAR(D, 'YYYYMMDD'), TO_CHAR(D, 'MM/YYYY'), TO_VARCHAR(TS, 'YYYY-MM-DD HH24:MI:SS') FROM T"
    ) == [("20130131", "01/2013", "2013-01-31 10:11:12")]
    assert client.one("SELECT TRY_TO_DATE('x', 'YYYYMMDD')") is None


def test_the_session_knows_itself(client: Client) -> None:
    client.rows("USE WAREHOUSE BIG_WH")
    client.rows('USE ROLE "loader"')
    client.rows("USE SECONDARY ROLES NONE")
    assert client.rows(
        "SELECT CURRENT_WAREHOUSE(), CURRENT_ROLE(), CURRENT_USER(), CURRENT_DATABASE(), CURRENT_SCHEMA(), "
        "CURRENT_ACCOUNT()"
    ) == [("BIG_WH", "loader", "LOCAL", client.database, "WORK", "LOCAL")]
    assert client.one("SELECT CURRENT_SESSION()") == str(client.connection.session_id)
    assert client.one("SELECT CURRENT_VERSION()")


def test_session_parameters_are_kept_per_session(client: Client, clients: Callable[..., Client]) -> None:
    other = clients()
    client.rows("ALTER SESSION SET QUERY_TAG = 'it''s mine', TIMEZONE = 'UTC' LOCK_TIMEOUT = 5")
    shown = {row["key"]: row["value"] for row in client.records("SHOW PARAMETERS LIKE '%T%' IN SESSION")}
    assert (shown["QUERY_TAG"], shown["LOCK_TIMEOUT"]) == ("it's mine", "5")
    assert other.records("SHOW PARAMETERS LIKE 'query_tag'")[0]["value"] == "test"
    client.rows("ALTER SESSION UNSET QUERY_TAG")
    assert client.records("SHOW PARAMETERS LIKE 'QUERY_TAG'")[0]["value"] == ""
    for sql, errno in (
        ("ALTER SESSION SET NO_SUCH = 1", 1006),
        ("ALTER SESSION SET LOCK_TIMEOUT = 'soon'", 1008),
        (f"ALTER SESSION SET QUERY_TAG = '{'x' * 2001}'", 1008),
    ):
        with pytest.raises(ProgrammingError) as wrong:
            client.rows(sql)
        assert wrong.value.errno == errno


def test_databases_and_schemas(client: Client) -> None:
    name = f"{client.database}_B"
    client.rows(f"CREATE DATABASE IF NOT EXISTS {name}")
    client.rows(f"CREATE DATABASE IF NOT EXISTS {name}")
    assert client.rows("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()") == [(name, "PUBLIC")]
    client.rows(f"CREATE SCHEMA IF NOT EXISTS {name}.ONE")
    client.rows(f"CREATE SCHEMA IF NOT EXISTS {name}.ONE")
    client.rows("CREATE TABLE T (A INT)")
    client.rows("CREATE STAGE S")
    assert [row["name"] for row in client.records(f"SHOW TABLES IN SCHEMA {name}.ONE")] == ["T"]
    client.rows(f"USE SCHEMA {client.database}.WORK")
    assert client.one(f"SELECT COUNT(*) FROM {name}.ONE.T") == 0
    assert "ONE" in [row["name"] for row in client.records(f"SHOW SCHEMAS IN DATABASE {name}")]
    for sql in (
        f"USE DATABASE NOSUCH_{name}",
        f"USE SCHEMA {name}.NOSUCH",
        f"CREATE SCHEMA {name}.ONE",
        f"CREATE DATABASE {name}",
    ):
        with pytest.raises(ProgrammingError):
            client.rows(sql)
    client.rows(f"DROP SCHEMA {name}.ONE")
    client.rows(f"DROP SCHEMA IF EXISTS {name}.ONE")
    client.rows(f"DROP DATABASE {name}")
    client.rows(f"DROP DATABASE IF EXISTS {name}")
    assert client.rows(f"SHOW STAGES IN DATABASE {name}") == []
    with pytest.raises(ProgrammingError, match="cannot have a database named"):
        client.rows('CREATE DATABASE "odd name"')


def test_quoted_names_with_odd_characters(client: Client) -> None:
    client.rows('CREATE TABLE "odd ""name"" $(x)" ("a b" VARCHAR(3), "select" INT, "lower" INT)')
    client.rows('INSERT INTO "odd ""name"" $(x)" ("a b", "select") VALUES (\'x\', 1)')
    assert client.rows('SELECT "a b", "select" FROM "odd ""name"" $(x)"') == [("x", 1)]
    assert list(described(client, '"odd ""name"" $(x)"')) == ["a b", "select", "lower"]
    client.rows('DROP TABLE "odd ""name"" $(x)"')


def test_what_there_never_is_here_is_shown_empty(client: Client) -> None:
    client.rows("CREATE TABLE T (A INT)")
    for kind in ("STREAMS", "DYNAMIC TABLES", "MATERIALIZED VIEWS", "EXTERNAL TABLES", "TRANSACTIONS", "PIPES"):
        scope = "" if kind == "TRANSACTIONS" else f' IN SCHEMA "{client.database}"."WORK"'
        assert client.rows(f"SHOW {kind}{scope}") == [], kind
    sql = (
        f'SELECT POLICY_KIND, POLICY_NAME FROM TABLE("{client.database}".INFORMATION_SCHEMA.POLICY_REFERENCES('
        f'REF_ENTITY_NAME => \'"{client.database}"."WORK"."T"\', REF_ENTITY_DOMAIN => \'TABLE\'))'
    )
    assert client.rows(sql) == []
    client.rows("CREATE STAGE S")
    assert client.records("DESCRIBE STAGE S")
    assert client.records("SHOW GRANTS ON TABLE T")[0]["privilege"] == "OWNERSHIP"
    assert [row["name"] for row in client.records("SHOW TABLES LIKE 'T'")] == ["T"]


def test_missing_things_are_named_with_snowflakes_numbers(client: Client) -> None:
    client.rows("CREATE TABLE T (A INT)")
    for sql, errno in (
        ("SELECT * FROM NOSUCH", 2003),
        ("DESCRIBE TABLE NOSUCH", 2003),
        ("DROP TABLE NOSUCH", 2003),
        ("SELECT NOSUCH FROM T", 904),
        ("CREATE TABLE T (A INT)", 2002),
        ("SELECT 1; SELECT 2", 8),
        ("SELECT FROM WHERE", 1003),
        ("ALTER TABLE T SWAP WITH T2", 2),
        ("UNDROP TABLE T", 2),
        ("SELECT 'a' :: NUMBER", 100038),
        ("SELECT ?", 2049),
    ):
        with pytest.raises(ProgrammingError) as wrong:
            client.rows(sql)
        assert wrong.value.errno == errno, sql
    client.rows("DROP TABLE IF EXISTS NOSUCH")
    client.rows("CREATE TABLE IF NOT EXISTS T (A INT)")


def test_defining_the_same_thing_at_the_same_time(client: Client, clients: Callable[..., Client]) -> None:
    """Jobs that start together make the same objects: none of them may fail."""
    sessions = [clients() for _ in range(6)]
    failed: list[Exception] = []

    def define(session: Client) -> None:
        try:
            session.rows("CREATE SCHEMA IF NOT EXISTS OURS")
            session.rows("CREATE STAGE IF NOT EXISTS OURS.S")
            for number in range(4):
                session.rows(f"CREATE TABLE IF NOT EXISTS OURS.T{number} (A VARCHAR(3), B TIMESTAMP_NTZ NOT NULL)")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=define, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert described(client, "OURS.T3") == {"A": "VARCHAR(3)", "B": "TIMESTAMP_NTZ(9)"}


def test_a_truncated_table_is_loaded_again(client: Client) -> None:
    client.rows("CREATE TABLE T (A INT)")
    client.put("a.zst", b"1\n")
    client.copy()
    client.rows("TRUNCATE TABLE T")
    assert client.copy()[0]["status"] == "LOADED"


def test_describing_a_query_runs_nothing(client: Client) -> None:
    client.rows("CREATE TABLE T (A NUMBER(9,2), B VARCHAR(3))")
    columns = client.connection.cursor().describe("SELECT A, B, COUNT(*) AS N FROM T GROUP BY A, B")
    assert [column.name for column in columns] == ["A", "B", "N"]
    with pytest.raises(ProgrammingError):
        client.connection.cursor().describe("INSERT INTO T VALUES (1, 'x')")
    assert client.one("SELECT COUNT(*) FROM T") == 0


def test_tables_types_and_stages_live_over_a_restart(tmp_path: Path) -> None:
    first = Client(sign_in(lifecycle.ensure_running(tmp_path), database="D", schema="WORK"), "D")
    first.rows(CREATE)
    first.rows("CREATE STAGE ETL_STAGE")
    first.rows("CREATE TEMPORARY STAGE GONE")
    first.put("a.zst", b"1\n", "x/")
    first.rows("CREATE TABLE S (A INT)")
    first.copy("S", "x/")
    first.rows("BEGIN")
    first.rows("INSERT INTO S VALUES (99)")
    assert lifecycle.stop(tmp_path)
    again = Client(sign_in(lifecycle.ensure_running(tmp_path), database="D", schema="WORK"), "D")
    try:
        assert described(again) == {name: shown for name, (_, shown) in TYPES.items()}
        assert again.names() == ["etl_stage/x/a.zst"]
        assert [row["name"] for row in again.records("SHOW STAGES")] == ["ETL_STAGE"]
        assert again.rows("SELECT A FROM S") == [(1,)], "the open transaction is gone"
        assert again.copy("S", "x/")[0]["status"] == "LOAD_SKIPPED"
    finally:
        again.connection.close()
        lifecycle.stop(tmp_path)


def test_there_is_no_time_travel_and_nobody_is_promised_any(client: Client) -> None:
    client.rows("CREATE TABLE T (A NUMBER)")
    client.rows("ALTER TABLE T SET DATA_RETENTION_TIME_IN_DAYS = 0")
    assert client.records("SHOW TABLES LIKE 'T'")[0]["retention_time"] == 0
    with pytest.raises(ProgrammingError, match="Time Travel"):
        client.rows("ALTER TABLE T SET DATA_RETENTION_TIME_IN_DAYS = 1")
    with pytest.raises(ProgrammingError, match="does not exist"):
        client.rows("ALTER TABLE NOWHERE SET DATA_RETENTION_TIME_IN_DAYS = 0")


def test_a_table_can_be_made_of_the_types_that_describe_tells(client: Client) -> None:
    client.rows("CREATE TABLE T (B BINARY, V VARBINARY(5), D DOUBLE, J VARIANT, T TIME, Z TIMESTAMP_TZ)")
    described = client.rows("DESCRIBE TABLE T")
    columns = ", ".join(f"{row[0]} {row[1]}" for row in described)
    client.rows(f"CREATE TABLE AGAIN ({columns})")
    assert [row[:2] for row in client.rows("DESCRIBE TABLE AGAIN")] == [row[:2] for row in described]
