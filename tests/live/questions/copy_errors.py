"""Questions about rejected records: does copy.rejected_record read file, line and column from the real wording."""

from __future__ import annotations

import zstandard

from asking import Finding, question, told
from questions.copying import FORMAT, GOOD, copy_parts, put_parts
from room import Room
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import literal
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.copy import copy_statement, rejected_record, validation_statement

_COLUMNS = "D DATE, N NUMBER(9,0), V VARCHAR(10) NOT NULL"
_SOURCE = "design 4, COPY; copy.rejected_record"
_OTHERWISE = "Operators are told the part instead of their own file's line: change the expressions in copy.py."


def _rejected(room: Room, bad: str, column: str) -> Finding:
    """Two parts, the third line of the second one is bad: is that what is read from the error?"""
    table = room.table("T", _COLUMNS)
    names = put_parts(room, "p-1", GOOD, f"{GOOD}{bad}\n{GOOD}")
    try:
        copy_parts(room, table)
    except WarehouseError as error:
        found = rejected_record(error)
        if found is None:
            return Finding(False, f"No place was read from {told(error)}")
        place = (found.part, found.line, found.column)
        holds = place[:2] == (names[1], 3) and column in ("", found.column) and bool(found.reason)
        return Finding(holds, f"Read as {place} from {told(error)}")
    return Finding(False, "The COPY went through.")


@question(
    231,
    "A bad date: are part, line and column read from the error?",
    assumption="Yes: part, line 3, column D.",
    source=_SOURCE,
    otherwise=_OTHERWISE,
)
def a_bad_date(room: Room) -> Finding:
    return _rejected(room, "2024-99-99\t3\tthree", "D")


@question(
    232,
    "A bad number: are part, line and column read from the error?",
    assumption="Yes: part, line 3, column N.",
    source=_SOURCE,
    otherwise=_OTHERWISE,
)
def a_bad_number(room: Room) -> Finding:
    return _rejected(room, "20240103\tthree\tthree", "N")


@question(
    233,
    "A text that is too long: are part, line and column read from the error?",
    assumption="Yes: part, line 3, column V.",
    source=_SOURCE,
    otherwise=_OTHERWISE,
)
def a_text_too_long(room: Room) -> Finding:
    return _rejected(room, "20240103\t3\tmuch longer than ten", "V")


@question(
    234,
    "A NULL in a NOT NULL column: are part, line and column read from the error?",
    assumption="Yes: part, line 3, column V.",
    source=_SOURCE,
    otherwise=_OTHERWISE,
)
def a_null_too_many(room: Room) -> Finding:
    return _rejected(room, "20240103\t3\t", "V")


@question(
    235,
    "A record with a column too many: are part and line read from the error?",
    assumption="Yes: part and line 3; the column does not matter.",
    source=_SOURCE,
    otherwise=_OTHERWISE,
)
def a_column_too_many(room: Room) -> Finding:
    return _rejected(room, "20240103\t3\tthree\tfour", "")


@question(
    236,
    "A byte that is not UTF-8: are part and line read from the error?",
    assumption="Yes: REPLACE_INVALID_CHARACTERS=FALSE makes it an error with its place.",
    source="practice notes, COPY (keep both strict)",
    otherwise=_OTHERWISE,
)
def a_byte_that_is_not_utf8(room: Room) -> Finding:
    table = room.table("T", "V VARCHAR(10)")
    content = zstandard.compress(b"one\ntwo\nb\xffd\n")
    stage.put_bytes(room.main, content, "part-00001-ab01.tsv.zst", room.folder("month/p-1"))
    try:
        copy_parts(room, table, columns=["V"])
    except WarehouseError as error:
        found = rejected_record(error)
        return Finding(found is not None and found.line == 3, f"Read as {found} from {told(error)}")
    return Finding(False, "The COPY went through.")


@question(
    237,
    "Is the error of an asynchronous COPY, read by another session, the same as that of a synchronous one?",
    assumption="Yes, number and wording: whoever attaches to a failed COPY can say the line as well.",
    source="design 4, COPY (found = attach)",
    otherwise="The place is known only to the session that submitted: ask VALIDATION_MODE on the part instead.",
)
def the_error_of_an_asynchronous_copy(room: Room) -> Finding:
    table = room.table("T", _COLUMNS)
    put_parts(room, "p-1", f"{GOOD}20240103\tthree\tthree\n")
    statement = copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT)
    errors = []
    for ask in (
        lambda: room.main.execute(statement),
        lambda: room.session().wait(room.main.submit(statement), lambda: None),
    ):
        try:
            ask()
        except WarehouseError as error:
            errors.append(error)
    if len(errors) != 2:
        return Finding(False, "One of the two went through.")
    places = [rejected_record(error) for error in errors]
    holds = places[0] == places[1] is not None and errors[0].code == errors[1].code
    return Finding(holds, f"At once {told(errors[0])}; later {told(errors[1])}")


@question(
    238,
    "Does VALIDATION_MODE=RETURN_ERRORS on one part name its mistakes?",
    assumption="Yes: a row a mistake with ERROR, FILE, LINE, COLUMN_NAME and REJECTED_RECORD; nothing is loaded.",
    source="practice notes, COPY",
    otherwise="diagnose has to read the part itself.",
)
def validation_of_one_part(room: Room) -> Finding:
    table = room.table("T", _COLUMNS)
    names = put_parts(room, "p-1", f"{GOOD}20240103\tthree\tthree\n20249999\t4\tfour\n")
    folder = room.folder("month/p-1")
    records = room.main.records(validation_statement(table, ["D", "N", "V"], folder, names[0], FORMAT))
    wanted = {"error", "file", "line", "column_name", "rejected_record"}
    lines = [int(record["line"]) for record in records if "line" in record]
    holds = bool(records) and wanted <= set(records[0]) and lines == [3, 4] and room.count(table) == 0
    return Finding(holds, f"Lines {lines}, columns {', '.join(records[0]) if records else 'none'}.")


@question(
    239,
    "Does VALIDATE answer nothing for a COPY that ABORT_STATEMENT ended?",
    assumption="Yes: so a diagnosis cannot use it.",
    source="practice notes, COPY",
    otherwise="diagnose may use VALIDATE instead of reading the part again.",
    cannot="it has no VALIDATE",
)
def validate_after_an_aborted_copy(room: Room) -> Finding:
    table = room.table("T", _COLUMNS)
    put_parts(room, "p-1", f"{GOOD}20240103\tthree\tthree\n")
    statement = copy_statement(table, ["D", "N", "V"], room.folder("month"), ["p-1"], FORMAT)
    query_id = room.main.submit(statement)
    try:
        room.main.wait(query_id, lambda: None)
    except WarehouseError:
        rows = room.main.query(f"SELECT * FROM TABLE(VALIDATE({table.sql}, JOB_ID => {literal(query_id)}))")
        return Finding(rows == [], f"{len(rows)} rows.")
    return Finding(False, "The COPY went through.")
