"""Questions about COPY: which objects it takes, what it answers, how it reads fields, what it remembers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from asking import Finding, question, told
from room import Room, until
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse.copy import CsvFormat, copied_parts, copy_statement

FORMAT = CsvFormat(delimiter="\t", quote=None, null_values=("", "\\N"), date_format="YYYYMMDD")
COLUMNS = "D DATE, N NUMBER(9,0), V VARCHAR(10)"
GOOD = "20240101\t1\tone\n20240102\t2\ttwo\n"
_HISTORY_SECONDS = 60


def put_parts(room: Room, folder: str, *contents: str) -> list[str]:
    """Stage each content as a part of ``folder``; the parts' names."""
    names = [f"part-{number:05d}-ab{number:02x}.tsv.zst" for number in range(1, len(contents) + 1)]
    for name, content in zip(names, contents, strict=True):
        room.put(name, content, room.folder(f"month/{folder}"))
    return names


def copy_parts(
    room: Room,
    table: ObjectName,
    folders: Sequence[str] = ("p-1",),
    form: CsvFormat = FORMAT,
    columns: Sequence[str] = ("D", "N", "V"),
) -> list[dict[str, Any]]:
    """COPY as the load does: asynchronously, then waited for; COPY's records."""
    statement = copy_statement(table, columns, room.folder("month"), folders, form)
    return room.main.wait(room.main.submit(statement), lambda: None)


def copied_rows(room: Room, content: str, form: CsvFormat, columns: str) -> list[tuple[Any, ...]]:
    """What stands in a table of ``columns`` (SQL) after the COPY of one part."""
    table = room.table("T", columns)
    put_parts(room, "p-1", content)
    copy_parts(room, table, form=form, columns=[column.split()[0] for column in columns.split(", ")])
    return room.main.query(f"SELECT * FROM {table.sql} ORDER BY 1 NULLS LAST")


@question(
    201,
    "Does the load's COPY, below a path with '/' and with its PATTERN, take the parts and nothing else?",
    assumption="Yes: the pattern is matched against the whole path; manifests and neighbours are left out.",
    source="practice notes, Staging (prefixes); design 4, COPY",
    otherwise="Rows are missing or foreign: reconciling finds that; change copy_statement.",
)
def copy_takes_the_parts_alone(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    names = put_parts(room, "p-1", GOOD, GOOD)
    put_parts(room, "p-10", GOOD)
    put_parts(room, "other", GOOD)
    room.put("manifest.json.zst", "{}", room.folder("month/p-1"))
    taken = sorted(str(record["file"]) for record in copy_parts(room, table))
    holds = [path.rsplit("/", 1)[-1] for path in taken] == names and room.count(table) == 4
    return Finding(holds, f"Taken: {', '.join(taken)}; {room.count(table)} rows.")


@question(
    202,
    "Do escaped signs in PATTERN match just themselves?",
    assumption="Yes: a folder 'a.b$c-1' matches its escaped name, 'aXb$c-1' does not.",
    source="design 4, COPY (one COPY for all parts)",
    otherwise="Names from outside may never stand in a PATTERN; ours are hexadecimal digits and hyphens.",
)
def escaped_signs_in_a_pattern(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    put_parts(room, "a.b$c-1", GOOD)
    put_parts(room, "aXb$c-1", GOOD)
    records = room.main.records(
        f"COPY INTO {table.sql} FROM {literal(room.folder('month').sql)} "
        f"PATTERN={literal('.*/' + re.escape('a.b$c-1') + '/part-.*')} FILE_FORMAT={FORMAT.sql}"
    )
    taken = [str(record.get("file", record)) for record in records]
    return Finding(len(taken) == 1 and "/a.b$c-1/" in taken[0], f"Taken: {', '.join(taken)}.")


@question(
    203,
    "Which columns does COPY answer, and in what case?",
    assumption="file, status, rows_parsed, rows_loaded, first_error, ...: one row a part, LOADED.",
    source="design 4, reconcile",
    otherwise="No load passes reconciling: change copied_parts.",
)
def columns_of_copys_answer(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    names = put_parts(room, "p-1", GOOD, GOOD + GOOD)
    sql = copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT)
    titles, _ = room.main.table(sql)
    room.main.execute(f"CREATE OR REPLACE TABLE {table.sql} ({COLUMNS})")
    parts = sorted((part.name, part.rows_parsed, part.rows_loaded) for part in copied_parts(copy_parts(room, table)))
    return Finding(parts == [(names[0], 2, 2), (names[1], 4, 4)], f"As spelled: {', '.join(titles)}.")


@question(
    204,
    "What does a COPY answer that finds nothing to load?",
    assumption="One row with a status and no column 'file', and no error.",
    source="design 4, reconcile; practice notes, COPY",
    otherwise="copied_parts says something else than what happened: change it.",
)
def copy_of_nothing(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    records = copy_parts(room, table, ["never-1"])
    return Finding(len(records) == 1 and "file" not in records[0] and "status" in records[0], f"{records}")


@question(
    205,
    "Is a COPY of several files, one of them bad, all or nothing?",
    assumption="Yes: ABORT_STATEMENT loads none of their rows.",
    source="practice notes, COPY (atomic for one statement); design 4, COPY",
    otherwise="A work table after a failed COPY is not empty: it is dropped anyhow, but resuming must not trust it.",
)
def a_failed_copy_loads_nothing(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    put_parts(room, "p-1", GOOD * 500, GOOD * 500, GOOD + "no date\t3\tthree\n")
    try:
        copy_parts(room, table)
    except WarehouseError as error:
        rows = room.count(table)
        return Finding(rows == 0, f"{error.code:06d}; {rows} rows stand in the table.")
    return Finding(False, "The COPY went through.")


@question(
    206,
    "Is DATE_FORMAT='YYYYMMDD' obeyed, and nothing else taken for a date?",
    assumption="Yes: 20240105 is read, 2024-01-05 is an error.",
    source="practice notes, Transactions and sessions (always give the format)",
    otherwise="Wrong days could be loaded: the check of the file has to refuse them.",
)
def the_date_format_is_obeyed(room: Room) -> Finding:
    rows = copied_rows(room, "20240105\n", FORMAT, "D DATE")
    put_parts(room, "q-1", "2024-01-05\n")
    try:
        copy_parts(room, room.name("T"), ["q-1"], columns=["D"])
    except WarehouseError as error:
        return Finding(str(rows[0][0]) == "2024-01-05", f"Read as {rows[0][0]}; the other: {error.code:06d}.")
    return Finding(False, f"Read as {rows[0][0]}; 2024-01-05 was taken as well.")


@question(
    207,
    "Do '' in NULL_IF and EMPTY_FIELD_AS_NULL make an empty field NULL, and '\\N' with them?",
    assumption="Yes, also with ESCAPE_UNENCLOSED_FIELD=NONE.",
    source="design 4, Columns are explicit; configuration null_values",
    otherwise="NULLs become texts or errors: change CsvFormat.sql.",
)
def null_texts_become_null(room: Room) -> Finding:
    rows = copied_rows(room, "1\t\n2\t\\N\n3\tN\n", FORMAT, "N NUMBER(9,0), V VARCHAR(10)")
    return Finding(rows == [(1, None), (2, None), (3, "N")], f"{rows}")


@question(
    208,
    "Does an empty field stay an empty text where '' is no NULL value?",
    assumption="Yes: EMPTY_FIELD_AS_NULL=FALSE with NULL_IF=('NA').",
    source="design 4, Columns are explicit; configuration null_values",
    otherwise="Empty texts become NULL: say so in the documentation of null_values.",
)
def an_empty_field_may_stay(room: Room) -> Finding:
    form = replace(FORMAT, null_values=("NA",))
    rows = copied_rows(room, "1\t\n2\tNA\n", form, "N NUMBER(9,0), V VARCHAR(10)")
    return Finding(rows == [(1, ""), (2, None)], f"{rows}")


@question(
    209,
    "Is an empty NULL_IF=() taken, and is nothing then NULL?",
    assumption="Yes.",
    source="configuration null_values: []",
    otherwise="CsvFormat.sql has to leave the option out.",
)
def an_empty_list_of_null_texts(room: Room) -> Finding:
    rows = copied_rows(room, "1\t\\N\n2\t\n", replace(FORMAT, null_values=()), "N NUMBER(9,0), V VARCHAR(10)")
    return Finding(rows == [(1, "\\N"), (2, "")], f"{rows}")


@question(
    210,
    "Is a quoted value compared with NULL_IF as well, and a quoted empty one kept?",
    assumption='Yes: "NA" in quotes is NULL too, "" in quotes is an empty text where \'\' is no NULL value.',
    source="design 5 (both engines find the same)",
    otherwise="The file's check counts other NULLs than the table gets: change quality.file_sql.",
)
def quoted_null_texts(room: Room) -> Finding:
    form = replace(FORMAT, quote='"', null_values=("NA",))
    rows = copied_rows(room, '1\t"NA"\n2\t""\n3\t"a\tb"\n4\t"a\nb"\n', form, "N NUMBER(9,0), V VARCHAR(10)")
    return Finding(rows == [(1, None), (2, ""), (3, "a\tb"), (4, "a\nb")], f"{rows}")


@question(
    211,
    "Is a blank line a record, or an error, with SKIP_BLANK_LINES=FALSE?",
    assumption="Yes, never dropped silently: records are counted by their line ends.",
    source="design 4, reconcile: rows read = parsed = loaded",
    otherwise="Files with blank lines do not pass reconciling: count them apart in files.records.",
)
def a_blank_line_counts(room: Room) -> Finding:
    table = room.table("T", "V VARCHAR(10)")
    put_parts(room, "p-1", "a\n\nb\n")
    try:
        parts = copied_parts(copy_parts(room, table, columns=["V"]))
    except WarehouseError as error:
        return Finding(True, f"An error: {told(error)}")
    return Finding(parts[0].rows_parsed == 3, f"{parts[0].rows_parsed} parsed, {parts[0].rows_loaded} loaded.")


@question(
    212,
    "Does one COPY take the parts of several folders, below a path that holds '.' and '$'?",
    assumption="Yes: the folders are alternatives of the PATTERN, the path before them is not part of it.",
    source="design 4, COPY (one COPY for all parts) and Stage path",
    otherwise="A month of several files needs one COPY a file, in one transaction: change copy_statement.",
)
def one_copy_of_several_folders(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    source = room.folder("d.s.a$b/2024-01")
    folders = ["0a1b-2c", "0a1b-2d", "0a1b-2c3"]
    for folder in folders:
        room.put("part-00001-ab01.tsv.zst", GOOD, source.below(folder))
    statement = copy_statement(table, ["D", "N", "V"], source, folders[:2], FORMAT)
    records = room.main.wait(room.main.submit(statement), lambda: None)
    taken = sorted(str(record.get("file", record)).split("/")[-2] for record in records)
    return Finding(taken == folders[:2] and room.count(table) == 4, f"Taken: {', '.join(taken)}.")


def _again(room: Room, between: str) -> tuple[int, str]:
    """Load a part, do ``between``, load it again; the rows that then stand there and what COPY said."""
    table = room.table("T", COLUMNS)
    put_parts(room, "p-1", GOOD)
    copy_parts(room, table)
    room.main.execute(between.format(table=table.sql))
    records = copy_parts(room, table)
    return room.count(table), str(records[0].get("status"))


@question(
    221,
    "Does load metadata outlive a DELETE of all rows?",
    assumption="Yes: the same path is not loaded a second time. [check]",
    source="practice notes, COPY",
    otherwise="Nothing breaks: every attempt has a work table of its own.",
)
def load_metadata_outlives_delete(room: Room) -> Finding:
    rows, status = _again(room, "DELETE FROM {table}")
    return Finding(rows == 0, f"{rows} rows after the second COPY: {status}.")


@question(
    222,
    "Does TRUNCATE reset load metadata?",
    assumption="Yes: the same path is loaded again. [check]",
    source="practice notes, COPY",
    otherwise="Nothing breaks: every attempt has a work table of its own.",
)
def truncate_resets_load_metadata(room: Room) -> Finding:
    rows, status = _again(room, "TRUNCATE TABLE {table}")
    return Finding(rows == 2, f"{rows} rows after the second COPY: {status}.")


@question(
    223,
    "Does CREATE OR REPLACE reset load metadata?",
    assumption="Yes: the same path is loaded again. [check]",
    source="practice notes, COPY",
    otherwise="Nothing breaks: every attempt has a work table of its own.",
)
def replacing_a_table_resets_load_metadata(room: Room) -> Finding:
    rows, status = _again(room, f"CREATE OR REPLACE TABLE {{table}} ({COLUMNS})")
    return Finding(rows == 2, f"{rows} rows after the second COPY: {status}.")


@question(
    224,
    "Does another table take the same staged parts?",
    assumption="Yes: load metadata belongs to the table, so a new attempt in a new work table loads everything.",
    source="design 4, COPY (a new attempt in a new work table)",
    otherwise="A second attempt would find nothing: COPY needs FORCE=TRUE.",
)
def another_table_takes_the_same_parts(room: Room) -> Finding:
    put_parts(room, "p-1", GOOD)
    counts = []
    for stem in ("T", "U"):
        table = room.table(stem, COLUMNS)
        copy_parts(room, table)
        counts.append(room.count(table))
    return Finding(counts == [2, 2], f"{counts} rows.")


@question(
    225,
    "Does COPY_HISTORY tell of a load soon after it?",
    assumption="Yes, within a minute: file, rows and status, for 14 days.",
    source="design 4, COPY (rows and load history decide); practice notes, COPY",
    otherwise="Only the rows of the work table decide, as they do now.",
    cannot="it has no COPY_HISTORY",
)
def the_history_tells_of_a_load(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    put_parts(room, "p-1", GOOD)
    copy_parts(room, table)
    since = "DATEADD('hour', -1, CURRENT_TIMESTAMP())"
    history = f"{quote(table.database)}.INFORMATION_SCHEMA.COPY_HISTORY"
    sql = (
        "SELECT FILE_NAME, ROW_COUNT, STATUS "
        f"FROM TABLE({history}(TABLE_NAME => {literal(table.sql)}, START_TIME => {since}))"
    )
    rows, seconds = until(lambda: room.main.query(sql), _HISTORY_SECONDS)
    holds = [(count, status.upper()) for _, count, status in rows] == [(2, "LOADED")]
    return Finding(holds, f"After {seconds:.0f} s: {rows}")


@question(
    226,
    "Does FORCE=TRUE load parts again that the table's load metadata remembers?",
    assumption="Yes: a load straight into the target is not kept from reloading a month.",
    source="design 4, direct; copy.copy_statement",
    otherwise="A direct load after a replace loads nothing: reconciling finds that; go through a work table.",
)
def force_loads_again(room: Room) -> Finding:
    table = room.table("T", COLUMNS)
    put_parts(room, "p-1", GOOD)
    statement = copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT, force=True)
    for _ in range(2):
        room.main.wait(room.main.submit(statement), lambda: None)
    rows = room.count(table)
    return Finding(rows == 4, f"{rows} rows after two COPYs of 2.")


@question(
    227,
    "Does DATE_FORMAT='MON DD YYYY' read a padded day, 'Apr  1 2024'?",
    assumption="Yes: the check of a file passes it.",
    source="docs/quality.md, Dates",
    otherwise="Such a file passes its check and its COPY fails: make it unread_dates in file_plan for typed columns.",
    differs="its COPY takes one blank for one",
)
def padded_days_are_read(room: Room) -> Finding:
    form = CsvFormat(delimiter="\t", quote=None, null_values=("",), date_format="MON DD YYYY")
    try:
        rows = copied_rows(room, "Apr  1 2024\n", form, "D DATE")
    except WarehouseError as error:
        return Finding(False, f"{error.code:06d}: it is an error.")
    return Finding(str(rows[0][0]) == "2024-04-01", f"Read as {rows[0][0]}.")
