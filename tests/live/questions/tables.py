"""Questions about tables: how they are described, cloned, brought back, and what hangs on them."""

from __future__ import annotations

import json

from asking import Finding, UnanswerableError, question
from room import Room
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse import advice, catalog, table_kind
from snowflake_etl.warehouse.known_tables import known_tables
from snowflake_etl.warehouse.objects import ensure_objects

_WORK = "design 4, Columns are explicit"
_UNDO = "design 4, restore-month; practice notes, Time Travel"
_DEPENDENTS = "design 4, streams and views are named before rows are deleted; catalog.dependents_of"


@question(
    701,
    "How does DESCRIBE TABLE call its columns, and what stands in them?",
    assumption="name, type, kind (COLUMN) and null? (Y or N); types as NUMBER(9,0), VARCHAR(10), TIMESTAMP_NTZ(9).",
    source=f"{_WORK}; catalog.describe_table",
    otherwise="Work tables get wrong types or none: change catalog.describe_table.",
)
def a_table_is_described(room: Room) -> Finding:
    name = room.table("T", 'D DATE, N NUMBER(9,0) NOT NULL, "v w" VARCHAR(10), Z TIMESTAMP_NTZ, F FLOAT')
    records = room.main.records(f"DESCRIBE TABLE {name.sql}")
    table = catalog.describe_table(room.main, name)
    found = [(column.name, column.declared, column.nullable) for column in table.columns] if table else []
    wanted = [
        ("D", "DATE", True),
        ("N", "NUMBER(9,0)", False),
        ("v w", "VARCHAR(10)", True),
        ("Z", "TIMESTAMP_NTZ(9)", True),
        ("F", "FLOAT", True),
    ]
    return Finding(found == wanted, f"Columns {', '.join(records[0])}; read as {found}")


@question(
    702,
    "Is a table that is not there error 2003?",
    assumption="Yes, and so is one that the role may not see.",
    source="catalog.describe_table",
    otherwise="Loads into a new table fail: change catalog._OBJECT_MISSING.",
)
def a_missing_table(room: Room) -> Finding:
    name = room.name("NEVER")
    try:
        room.main.records(f"DESCRIBE TABLE {name.sql}")
    except WarehouseError as error:
        return Finding(catalog.describe_table(room.main, name) is None, f"{error.code:06d} ({error.sqlstate})")
    return Finding(False, "No error.")


@question(
    703,
    "Does INFORMATION_SCHEMA.TABLES show a new table at once, with its rows?",
    assumption="Yes: what recover lists, and whether the work schema is set up, is read there.",
    source="objects.ensure_objects; operations.recover",
    otherwise="recover and ensure_objects see old things: use SHOW TABLES.",
)
def information_schema_is_current(room: Room) -> Finding:
    name = room.table("T", "N NUMBER(9,0)", "1", "2")
    rows = room.main.query(
        f"SELECT TABLE_NAME, ROW_COUNT FROM {quote(name.database)}.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ?",
        [name.schema],
    )
    count = dict(rows).get(name.name, "not shown")
    return Finding(count == 2, f"ROW_COUNT {count}.")


@question(
    704,
    "Is a work table transient, and its CREATE harmless the second time?",
    assumption="Yes: CREATE TRANSIENT TABLE IF NOT EXISTS may be sent twice.",
    source=_WORK,
    otherwise="A lost answer to CREATE ends the load: change catalog.create_table_statement.",
    differs="it shows every table as permanent",
)
def a_work_table_is_transient(room: Room) -> Finding:
    name = room.name("W")
    statement = catalog.create_table_statement(name, [("D", "DATE"), ("n m", "NUMBER(9,0) NOT NULL")], transient=True)
    for _ in range(2):
        room.main.execute(statement)
    records = room.main.records(f"SHOW TABLES LIKE {literal(name.name)} IN SCHEMA {room.place.sql}")
    kind = records[0].get("kind") if records else "(not shown)"
    return Finding(kind == "TRANSIENT", f"kind {kind}.")


@question(
    705,
    "May a transient table be cloned as a transient one, with its rows?",
    assumption="Yes, at once.",
    source="practice notes, Transactions and sessions (clone before deleting)",
    otherwise="The undo copy has to be a CREATE TABLE AS SELECT.",
)
def a_transient_clone(room: Room) -> Finding:
    name, clone = room.name("W"), room.name("C")
    room.main.execute(f"CREATE TRANSIENT TABLE {name.sql} AS SELECT 1 AS N UNION ALL SELECT 2")
    room.main.execute(f"CREATE TRANSIENT TABLE {clone.sql} CLONE {name.sql}")
    room.main.execute(f"DELETE FROM {name.sql}")
    rows = (room.count(name), room.count(clone))
    return Finding(rows == (0, 2), f"{rows[0]} rows in the table, {rows[1]} in the clone.")


def _deleted(room: Room, *, in_transaction: bool) -> tuple[ObjectName, str]:
    """A table whose month 1 was deleted (and loaded anew, in a transaction); the DELETE's query id."""
    table = room.table("T", "M NUMBER(9,0), V VARCHAR(10)", "1, 'old'", "1, 'old'", "2, 'other'")
    if in_transaction:
        room.main.execute("BEGIN")
    query_id = room.main.execute(f"DELETE FROM {table.sql} WHERE M = 1").query_id
    if in_transaction:
        room.main.execute(f"INSERT INTO {table.sql} VALUES (1, 'new')")
        room.main.execute("COMMIT")
    return table, query_id


def _before(table: ObjectName, query_id: str) -> str:
    return f"{table.sql} BEFORE(STATEMENT => {literal(query_id)}) WHERE M = 1"


@question(
    706,
    "Does Time Travel bring deleted rows back with BEFORE(STATEMENT)?",
    assumption="Yes, into the same table, by INSERT .. SELECT.",
    source=_UNDO,
    otherwise="restore-month needs a clone made before the delete.",
    cannot="it has no Time Travel",
)
def deleted_rows_come_back(room: Room) -> Finding:
    table, query_id = _deleted(room, in_transaction=False)
    count = room.main.execute(f"INSERT INTO {table.sql} SELECT * FROM {_before(table, query_id)}").rowcount
    return Finding(count == 2 and room.count(table) == 3, f"{count} rows came back, {room.count(table)} stand there.")


@question(
    707,
    "Does it do so for a DELETE that was one of several statements of a transaction?",
    assumption="Yes: BEFORE its query id are the rows that it deleted.",
    source=_UNDO,
    otherwise="restore-month needs the time before BEGIN, or a clone made before the delete.",
    cannot="it has no Time Travel",
)
def rows_deleted_in_a_transaction_come_back(room: Room) -> Finding:
    table, query_id = _deleted(room, in_transaction=True)
    rows = room.main.query(f"SELECT V, COUNT(*) FROM {_before(table, query_id)} GROUP BY V")
    return Finding(rows == [("old", 2)], f"{rows}")


@question(
    708,
    "Does POLICY_REFERENCES answer without any privilege on policies?",
    assumption="Yes, with no rows for a table of one's own that has no policies.",
    source="design 4, Masking or row access policies; catalog.policies_on",
    otherwise="Loads of plain roles end with an error: catalog.policies_on has to expect its number.",
)
def policies_of_a_plain_table(room: Room) -> Finding:
    found = catalog.policies_on(room.main, room.table("T", "N NUMBER(9,0)"))
    return Finding(found == [], f"{found}")


@question(
    709,
    "Does POLICY_REFERENCES name a masking policy on a column?",
    assumption="Yes: MASKING_POLICY and its name.",
    source="design 4, Masking or row access policies; catalog.policies_on",
    otherwise="Masked values could be written back: change catalog.policies_on.",
    cannot="it has no policies",
)
def a_masking_policy_is_named(room: Room) -> Finding:
    table = room.table("T", "V VARCHAR(10)")
    policy = room.name("P")
    _make(room, f"CREATE MASKING POLICY {policy.sql} AS (V VARCHAR) RETURNS VARCHAR -> '***'")
    room.main.execute(f"ALTER TABLE {table.sql} MODIFY COLUMN V SET MASKING POLICY {policy.sql}")
    try:
        found = catalog.policies_on(room.main, table)
    finally:
        room.main.execute(f"ALTER TABLE {table.sql} MODIFY COLUMN V UNSET MASKING POLICY")
    return Finding(found == [f"MASKING_POLICY {policy.name}"], f"{found}")


def _make(room: Room, statement: str) -> None:
    """Make what not every edition and role may have."""
    try:
        room.main.execute(statement)
    except WarehouseError as error:
        raise UnanswerableError(f"This account or role cannot make it: {error}") from error


@question(
    710,
    "Is a stream on a table found, by SHOW STREAMS' table_name?",
    assumption="Yes: table_name is DATABASE.SCHEMA.TABLE.",
    source=_DEPENDENTS,
    otherwise="Streams are not named before rows are deleted: change catalog.dependents_of.",
    cannot="it has no streams",
)
def a_stream_is_found(room: Room) -> Finding:
    table, stream = room.table("T", "N NUMBER(9,0)"), room.name("S")
    _make(room, f"CREATE STREAM {stream.sql} ON TABLE {table.sql}")
    shown = room.main.records(f"SHOW STREAMS IN SCHEMA {room.place.sql}")
    found = catalog.dependents_of(room.main, table)
    return Finding(found == [f"stream {stream.name}"], f"{found}; table_name {shown[0].get('table_name')}.")


@question(
    711,
    "Is a dynamic table that reads a table found, by its text?",
    assumption="Yes: SHOW DYNAMIC TABLES has a column 'text' with the query.",
    source=_DEPENDENTS,
    otherwise="Dynamic tables are not named before rows are deleted: change catalog.dependents_of.",
    cannot="it has no dynamic tables",
)
def a_dynamic_table_is_found(room: Room) -> Finding:
    table, reader = room.table("T", "N NUMBER(9,0)"), room.name("R")
    warehouse = room.main.query("SELECT CURRENT_WAREHOUSE()")[0][0]
    _make(
        room,
        f"CREATE DYNAMIC TABLE {reader.sql} TARGET_LAG = '1 day' WAREHOUSE = {quote(warehouse)} "
        f"AS SELECT N FROM {table.sql}",
    )
    found = catalog.dependents_of(room.main, table)
    return Finding(found == [f"dynamic table {reader.name}"], f"{found}")


@question(
    712,
    "Is a materialized view on a table found, by its text?",
    assumption="Yes: SHOW MATERIALIZED VIEWS has a column 'text' with the query.",
    source=_DEPENDENTS,
    otherwise="Materialized views are not named before rows are deleted: change catalog.dependents_of.",
    cannot="it has no materialized views",
)
def a_materialized_view_is_found(room: Room) -> Finding:
    table, view = room.table("T", "N NUMBER(9,0)"), room.name("V")
    _make(room, f"CREATE MATERIALIZED VIEW {view.sql} AS SELECT N FROM {table.sql}")
    found = catalog.dependents_of(room.main, table)
    return Finding(found == [f"materialized view {view.name}"], f"{found}")


@question(
    713,
    "May the statements that set the work schema up be run twice?",
    assumption="Yes, and afterwards everything is found to be there.",
    source="design 4, Objects of ours",
    otherwise="doctor --setup-sql is not idempotent: change WorkObjects.create_statements.",
)
def setting_up_twice(room: Room) -> Finding:
    statements = room.objects.create_statements()
    for statement in [*statements, *statements]:
        room.main.execute(statement)
    ensure_objects(room.main, room.objects)
    return Finding(True, f"{len(statements)} statements, twice.")


@question(
    714,
    "Does SYSTEM$ALLOWLIST() name the hosts of the stage?",
    assumption="Yes, as JSON with entries of type STAGE, without special privileges.",
    source="practice notes, Signing in",
    otherwise="doctor cannot say which hosts a firewall has to let through.",
    differs="it has no hosts but its own",
)
def the_hosts_of_the_stage(room: Room) -> Finding:
    entries = json.loads(room.main.query("SELECT SYSTEM$ALLOWLIST()")[0][0])
    kinds = sorted({str(entry.get("type")) for entry in entries})
    return Finding("STAGE" in kinds, f"{len(entries)} entries of the types {', '.join(kinds) or 'none'}.")


@question(
    715,
    "Does INFORMATION_SCHEMA.COLUMNS tell the same types as DESCRIBE TABLE, in the columns' order?",
    assumption="Yes: TEXT with its length, NUMBER with precision and scale, times with their fraction.",
    source="warehouse/known_tables: what report asks once for all tables of a schema",
    otherwise="report judges columns by a wrong type: change known_tables, or let report DESCRIBE each table.",
)
def the_catalog_tells_types(room: Room) -> Finding:
    columns = 'D DATE, N NUMBER(9,2), "v w" VARCHAR(10), S VARCHAR, Z TIMESTAMP_NTZ(3), L TIMESTAMP_LTZ, F FLOAT'
    name = room.table("T", columns)
    table = catalog.describe_table(room.main, name)
    wanted = [(column.name, column.type) for column in table.columns] if table else []
    known = known_tables(room.main, [name, room.name("NEVER")])
    found = list(known[name].types.items()) if name in known else []
    different = [f"{one} is {two}" for one, two in zip(wanted, found, strict=False) if one != two]
    return Finding(found == wanted and len(known) == 1, "; ".join(different) or f"{len(found)} columns, all alike.")


@question(
    716,
    "Do SHOW TABLES and SHOW VIEWS tell of which kind a target is?",
    assumption="Yes: is_external, is_iceberg, is_hybrid and is_dynamic (Y or N); a view is in SHOW VIEWS alone.",
    source="issue 3, Bad input (external, Iceberg, hybrid tables are refused); warehouse/table_kind.py",
    otherwise="Loads into such tables are not refused: change table_kind.kind_of.",
)
def the_kind_of_a_target(room: Room) -> Finding:
    table, view = room.table("T", "N NUMBER(9,0)"), room.name("V")
    room.main.execute(f"CREATE VIEW {view.sql} AS SELECT N FROM {table.sql}")
    record = room.main.records(f"SHOW TABLES LIKE {literal(table.name)} IN SCHEMA {room.place.sql}")[0]
    flags = {name: record.get(name) for name in ("is_external", "is_iceberg", "is_hybrid", "is_dynamic")}
    kinds = table_kind.kind_of(room.main, table), table_kind.kind_of(room.main, view)
    return Finding(kinds == ("", "a view") and set(flags.values()) == {"N"}, f"{flags}; read as {kinds}")


@question(
    717,
    "Does SHOW WAREHOUSES tell size, state and auto_resume of the session's own warehouse?",
    assumption="Yes, to a role with USAGE: a size in Snowflake's words, STARTED, true or false.",
    source="issue 3, Warehouse advice; warehouse/advice.py",
    otherwise="No advice before large loads, and a sleeping warehouse is found by its error only: change advice.py.",
    cannot="its session's warehouse is not one that SHOW WAREHOUSES lists",
)
def the_warehouse_is_told(room: Room) -> Finding:
    found = advice.current_warehouse(room.main)
    holds = found is not None and found.step is not None and bool(found.state)
    seen = f"size {found.size}, state {found.state}, auto_resume {found.auto_resume}" if found else "not shown"
    return Finding(holds, seen)


@question(
    718,
    "Does POLICY_REFERENCES name a row access policy on a table?",
    assumption="Yes: ROW_ACCESS_POLICY and its name.",
    source="design 4, Masking or row access policies; catalog.policies_on",
    otherwise="A role that does not see all rows could replace a month: change catalog.policies_on.",
    cannot="it has no policies",
)
def a_row_access_policy_is_named(room: Room) -> Finding:
    table, policy = room.table("T", "V VARCHAR(10)"), room.name("P")
    _make(room, f"CREATE ROW ACCESS POLICY {policy.sql} AS (V VARCHAR) RETURNS BOOLEAN -> TRUE")
    room.main.execute(f"ALTER TABLE {table.sql} ADD ROW ACCESS POLICY {policy.sql} ON (V)")
    try:
        found = catalog.policies_on(room.main, table)
    finally:
        room.main.execute(f"ALTER TABLE {table.sql} DROP ROW ACCESS POLICY {policy.sql}")
    return Finding(found == [f"ROW_ACCESS_POLICY {policy.name}"], f"{found}")


@question(
    719,
    "Does a VARCHAR column become longer in place, with its rows, its NOT NULL and its other columns as they were?",
    assumption="Yes, at once: only the catalog changes.",
    source="issue 5, VARCHAR recovery; catalog.widen_statement",
    otherwise="recover --widen has to make a new table: change operations/recovery/widen.py.",
)
def a_column_is_widened(room: Room) -> Finding:
    table = room.table("T", 'N NUMBER(9,0), "v w" VARCHAR(3) NOT NULL')
    room.main.execute(f"INSERT INTO {table.sql} SELECT 1, 'abc'")
    room.main.execute(catalog.widen_statement(table, "v w", 20))
    room.main.execute(f"INSERT INTO {table.sql} SELECT 2, 'longer than three'")
    described = catalog.describe_table(room.main, table)
    columns = [(column.name, column.declared, column.nullable) for column in described.columns] if described else []
    holds = columns == [("N", "NUMBER(9,0)", True), ("v w", "VARCHAR(20)", False)] and room.count(table) == 2
    return Finding(holds, f"{columns}, {room.count(table)} rows.")
