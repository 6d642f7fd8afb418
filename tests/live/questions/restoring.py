"""Deleting and bringing back: Time Travel, clones, what a DELETE would rewrite."""

from __future__ import annotations

import json
from datetime import date

from asking import Finding, question
from room import Room
from snowflake_etl.errors import WarehouseError
from snowflake_etl.month import DayRange
from snowflake_etl.operations.months.restorable import time_travel
from snowflake_etl.sqltext import column_type, day_bounds
from snowflake_etl.warehouse import safety_copy
from snowflake_etl.warehouse.safety_copy import clone_statements
from snowflake_etl.warehouse.table_facts import Grants, roles_in_session


@question(
    801,
    "Does BEFORE(STATEMENT => <id of a DELETE in a committed transaction>) show the rows as they were before it?",
    assumption="Yes, also from another session and inside a transaction.",
    source="design 4, Publish (restore-month undoes it); restorable.time_travel",
    otherwise="Restoring by Time Travel brings back the wrong rows: restore from the transaction's BEGIN instead.",
    cannot="it has no Time Travel",
)
def rows_before_a_delete(room: Room) -> Finding:
    table = room.table("T", "D DATE, N NUMBER", "'2024-01-05', 1", "'2024-02-05', 2")
    room.main.execute("BEGIN")
    deleted = room.main.execute(f"DELETE FROM {table.sql} WHERE D < '2024-02-01'")
    room.main.execute(f"INSERT INTO {table.sql} SELECT '2024-02-06', 3")
    room.main.execute("COMMIT")
    other = room.session()
    other.execute("BEGIN")
    before = time_travel(table, deleted.query_id)
    inserted = other.execute(f"INSERT INTO {table.sql} (D, N) SELECT D, N FROM {before} WHERE D < '2024-02-01'")
    other.execute("COMMIT")
    rows = sorted(number for (number,) in room.main.query(f"SELECT N FROM {table.sql}"))
    return Finding(inserted.rowcount == 1 and rows == [1, 2, 3], f"{inserted.rowcount} row(s) came back: {rows}.")


@question(
    802,
    "May a permanent table be cloned as a transient one, and be told to have no Time Travel?",
    assumption="Yes, by its owner and by a role that has SELECT on it.",
    source="warehouse/safety_copy",
    otherwise="No safety copy can be made: CREATE TRANSIENT TABLE .. AS SELECT of the month instead.",
)
def a_transient_clone(room: Room) -> Finding:
    table = room.table("T", "D DATE, N NUMBER", "'2024-01-05', 1")
    copy = room.name("T_COPY")
    for statement in clone_statements(copy, table):
        room.main.ensure(statement)
    days = safety_copy.retention_days(room.main, copy)
    return Finding((room.count(copy), days) == (1, 0), f"{room.count(copy)} row(s), {days} day(s) of Time Travel.")


@question(
    803,
    "Does SHOW TABLES tell how many days of Time Travel a table has?",
    assumption="Yes, in retention_time; 1 unless somebody chose otherwise.",
    source="operations/protection",
    otherwise="A safety copy is made although Time Travel would do, or is not although it would not.",
    differs="it has no Time Travel and says so",
)
def the_retention_time(room: Room) -> Finding:
    days = safety_copy.retention_days(room.main, room.table("T", "N NUMBER"))
    return Finding(days >= 1, f"{days} day(s).")


@question(
    804,
    "Does EXPLAIN USING JSON tell how many micro-partitions a condition touches, with bound values?",
    assumption="Yes: GlobalStats has partitionsAssigned and partitionsTotal.",
    source="operations/drop_plan",
    otherwise="drop-month does not warn of a table that is not clustered by its days.",
    differs="it has no EXPLAIN and no micro-partitions",
)
def partitions_of_a_condition(room: Room) -> Finding:
    table = room.table("T", "D DATE, N NUMBER", "'2024-01-05', 1")
    try:
        sql = f"EXPLAIN USING JSON SELECT * FROM {table.sql} WHERE D >= CAST(? AS DATE)"
        stats = json.loads(str(room.main.query(sql, ["2024-01-01"])[0][0]))["GlobalStats"]
    except (WarehouseError, ValueError, KeyError) as error:
        return Finding(False, f"{type(error).__name__}: {error}")
    return Finding({"partitionsAssigned", "partitionsTotal"} <= stats.keys(), f"{stats}")


@question(
    805,
    "Is a TIMESTAMP_TZ of a month's end in the month that its own wall clock names, whatever the session's zone?",
    assumption="Yes: a CAST to TIMESTAMP_NTZ keeps the value's wall clock and drops its zone.",
    source="sqltext.day_bounds, operations/months/drop_plan.day_text",
    otherwise="drop-month takes hours of the neighbouring months along: compare with CONVERT_TIMEZONE instead.",
    cannot="its timestamps keep no zone of their own",
)
def months_of_values_with_zones(room: Room) -> Finding:
    values = ("2013-02-28 23:30:00 -0800", "2013-03-01 00:30:00 +1000", "2013-01-31 23:59:59 +0000")
    rows = [f"'{value}'::TIMESTAMP_TZ, {number}" for number, value in enumerate(values)]
    table = room.table("T", "D TIMESTAMP_TZ, N NUMBER", *rows)
    days = DayRange(date(2013, 2, 1), date(2013, 2, 28))
    condition, binds = day_bounds("D", column_type("TIMESTAMP_TZ(9)"), days)
    found = [int(number) for (number,) in room.main.query(f"SELECT N FROM {table.sql} WHERE {condition}", binds)]
    return Finding(found == [0], f"Rows {found} of {values} are in 2013-02.")


@question(
    806,
    "Can privileges be tried on no row (WHERE FALSE) while another transaction changes the table?",
    assumption="Yes: such statements are compiled, touch no micro-partition and wait for no lock.",
    source="operations/examination/rights",
    otherwise="doctor waits up to 20 s for each table that is being changed, and calls it locked.",
)
def statements_on_no_row(room: Room) -> Finding:
    table = room.table("T", "D DATE, N NUMBER", "'2024-01-05', 1")
    other = room.session()
    other.execute("BEGIN")
    other.execute(f"DELETE FROM {table.sql} WHERE N = 1")
    main = room.session(lock_timeout=5)
    tried = []
    for statement in (
        f"DELETE FROM {table.sql} WHERE FALSE",
        f"UPDATE {table.sql} SET N = N WHERE FALSE",
        f"INSERT INTO {table.sql} (D, N) SELECT D, N FROM {table.sql} WHERE FALSE",
    ):
        main.execute("BEGIN")
        try:
            tried.append(f"{statement.split()[0]} {main.execute(statement).rowcount}")
        except WarehouseError as error:
            tried.append(f"{statement.split()[0]} failed: {error}")
        main.execute("ROLLBACK")
    other.execute("ROLLBACK")
    return Finding(tried == ["DELETE 0", "UPDATE 0", "INSERT 0"], ", ".join(tried))


@question(
    807,
    "Does IS_ROLE_IN_SESSION tell, several times in one SELECT, whether the session has a role?",
    assumption="Yes, by the role's stored name; false for one that there is not.",
    source="warehouse/table_facts",
    otherwise="table-info says that a role lacks privileges that it has by inheritance.",
)
def roles_of_the_session(room: Room) -> Finding:
    role = str(room.main.query("SELECT CURRENT_ROLE()")[0][0])
    grants = [Grants(name, "ROLE", ("SELECT",)) for name in (role, "ETL_NO_SUCH_ROLE")]
    found = roles_in_session(room.main, grants)
    return Finding(found == {role}, "Its own role only." if found == {role} else f"{len(found)} role(s).")
