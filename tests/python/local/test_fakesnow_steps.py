"""Leaving out steps of fakesnow's translation changes no statement."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import duckdb
import pytest
import sqlglot
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor

from snowflake_etl.warehouse.local.sql import fakesnow_steps
from snowflake_etl.warehouse.local.sql.fakesnow_changes import adapt_fakesnow
from snowflake_etl.warehouse.local.sql.fakesnow_steps import FAKESNOW_VERSION, Steps, step_name

# At least one for each step that changes something, and of each kind that the tools send.
STATEMENTS = """
SELECT name, t."Id" AS id FROM identifier('db.s.t') AS t
SELECT * FROM identifier(?) WHERE a = ?
ALTER SESSION SET AUTOCOMMIT = TRUE
SET x = 1
SELECT CURRENT_VERSION()
USE SCHEMA s
USE DATABASE d
USE ROLE r
CREATE DATABASE d
CREATE TABLE t (a INT, b VARCHAR(3), c NUMBER(38,0), d FLOAT, e VARIANT, f TIMESTAMP_NTZ) COMMENT = 'x'
CREATE TRANSIENT TABLE IF NOT EXISTS t (a NUMBER(9,2) NOT NULL, b ARRAY, c TIMESTAMP_LTZ(9))
CREATE TABLE t AS SELECT a::NUMBER(3) AS a FROM u
CREATE TABLE t (a VARCHAR, b INT) AS SELECT 1, '2'
CREATE TABLE t CLONE u
CREATE TABLE t LIKE u
CREATE OR REPLACE VIEW v AS SELECT a FROM t
CREATE STAGE st
CREATE FILE FORMAT ff TYPE = CSV
CREATE TAG x
COMMENT ON TABLE t IS 'x'
ALTER TABLE t SET COMMENT = 'x'
ALTER TABLE t ALTER COLUMN a COMMENT 'x'
ALTER TABLE t ADD COLUMN a VARCHAR(3)
ALTER TABLE t CLUSTER BY (a)
ALTER TABLE t SET TAG x = 'y'
ALTER TABLE t SUSPEND RECLUSTER
DROP SCHEMA s
DROP TABLE IF EXISTS t
TRUNCATE TABLE t
SELECT * FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = ?
SELECT * FROM INFORMATION_SCHEMA.DATABASES
SELECT TRY_PARSE_JSON(a), SPLIT(a, ','), TRIM(a), b:x::VARCHAR, UPPER(b:x), b['x'], b[0], b:x.y FROM t
SELECT f.value::VARCHAR FROM t, LATERAL FLATTEN(input => t.b) AS f
SELECT REGEXP_REPLACE(a, 'x'), REGEXP_SUBSTR(a, 'x', 1, 1, 'e', 1), SHA2(a), SHA2_HEX(a), SHA2_BINARY(a), X'ff' FROM t
SELECT * FROM TABLE(RESULT_SCAN('x'))
SELECT s.nextval
SELECT * FROM (VALUES (1, 2))
INSERT INTO t VALUES (1, 'x'), (?, ?)
INSERT INTO t (a, b) SELECT a, b FROM u WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.a = u.a)
SELECT TO_DATE(a), TO_DATE(a, 'YYYY'), TO_TIMESTAMP(a), TO_TIMESTAMP(1), TO_TIMESTAMP_NTZ(a), TO_NUMBER(a, 10, 2) FROM t
SELECT TRY_TO_DECIMAL(a, 3, 1), TO_VARIANT(a), '2026-01-01 10:00:00 +09:00'::TIMESTAMP_TZ, a::TIMESTAMP FROM t
SELECT OBJECT_CONSTRUCT('a', 1), OBJECT_CONSTRUCT(*), OBJECT_CONSTRUCT_KEEP_NULL('a', b) FROM t
SELECT OBJECT_CONSTRUCT('a', 1) AS o FROM t WHERE o IS NOT NULL
SELECT a FROM t SAMPLE (10)
SELECT ARRAY_SIZE(a), RANDOM(1), ARRAY_AGG(a) WITHIN GROUP (ORDER BY b), ARRAY_AGG(a), OBJECT_AGG(a, b) FROM t
SELECT ARRAY_CONSTRUCT(1), ARRAY_CONSTRUCT_COMPACT(1), ARRAY_CAT(a, b), ARRAY_AGG(a) OVER (PARTITION BY b) FROM t
SELECT DATEADD(DAY, 1, a::DATE), DATEADD(DAY, 1, '2024-01-01'), DATEDIFF(DAY, '2024-01-01', a), HAVERSINE(1, 2, 3, 4)
SHOW DATABASES
SHOW PROCEDURES
SHOW PARAMETERS
SHOW WAREHOUSES
SHOW SCHEMAS
SHOW TABLES LIKE 'x' IN SCHEMA d.s
SHOW VIEWS
SHOW COLUMNS IN TABLE t
SHOW STAGES
SHOW SEQUENCES
SHOW PRIMARY KEYS
SHOW USERS
SHOW FUNCTIONS
CREATE USER u
SELECT a AS x FROM t JOIN u ON x = u.x
UPDATE t SET a = a + 1, b = NULL WHERE c = CAST(? AS DATE)
DELETE FROM t WHERE a IN (SELECT a FROM u) AND b BETWEEN ? AND ?
MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT (a) VALUES (u.a)
SELECT COUNT(*), SUM(a), MEDIAN(b), HASH_AGG(a) FROM t GROUP BY c QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1
WITH c AS (SELECT 1 AS a) SELECT a, CASE WHEN a > 1 THEN 'x' END FROM c UNION ALL SELECT a::SMALLINT, TO_CHAR(b) FROM t
""".strip().splitlines()

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+")


class Plain:
    """Takes every step, as fakesnow does, and notes their names."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self.taken: list[str] = []

    def transform(self, step: Any, *arguments: Any, **named: Any) -> Plain:
        self.taken.append(step_name(step))
        self.statement = self.statement.transform(step, *arguments, **named)
        return self


@pytest.fixture(scope="module")
def cursor() -> FakeSnowflakeCursor:
    adapt_fakesnow()
    duck = duckdb.connect()
    connection = FakeSnowflakeConnection(duck, {}, "D", "S", create_database=False, create_schema=False)
    return FakeSnowflakeCursor(connection, duck)


def translated(cursor: FakeSnowflakeCursor, way: Any, statement: str) -> tuple[Any, Any]:
    """How a statement reads for DuckDB and what is noted beside it, or the mistake that it is."""
    tree = sqlglot.parse_one(statement, read="snowflake")
    try:
        found = cursor._transform(way(tree), ["P", "Q", "R"]).statement  # type: ignore[attr-defined,arg-type]
    except Exception as error:
        return type(error), str(error)
    notes = {name: str(value) for name, value in found.args.items() if not hasattr(value, "sql")}
    return MOMENT.sub("now", found.sql(dialect="duckdb")), notes


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_translation_is_the_same(cursor: FakeSnowflakeCursor, statement: str) -> None:
    assert translated(cursor, Steps, statement) == translated(cursor, Plain, statement)


def test_the_list_is_that_of_the_installed_fakesnow(cursor: FakeSnowflakeCursor) -> None:
    assert version("fakesnow") == FAKESNOW_VERSION
    steps = Plain(sqlglot.parse_one("SELECT 1"))
    cursor._transform(steps, None)  # type: ignore[arg-type]
    assert {*steps.taken} == {*fakesnow_steps._LOOKS_FOR}
