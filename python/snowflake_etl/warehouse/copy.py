"""COPY INTO a table (floor 3): the statement, its result rows, its errors.

Strict on purpose: one bad record fails the statement and loads nothing.  CONTINUE, SIZE_LIMIT,
REPLACE_INVALID_CHARACTERS and a lax column count lose or damage rows without an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import ObjectName, column_list, literal, literal_list
from snowflake_etl.warehouse.stage import StagePath

_ERROR_PLACE = re.compile(r"File '(?P<file>[^']+)', line (?P<line>\d+)(?:, character (?P<character>\d+))?")
_ERROR_COLUMN = re.compile(r'column (?:"[^"]*"\[)?"?(?P<column>[^":\]]+)"?(?::(?P<place>\d+)\])?')

_TO_IGNORE = re.compile(r",? use file format option \w+ ?= ?\w+ to ignore this error", re.IGNORECASE)

# Never AUTO for dates: it reads 20220801 as seconds since 1970.
ISO_DATE = "YYYY-MM-DD"


@dataclass(frozen=True)
class CsvFormat:
    """How the staged parts are written: always UTF-8, zstd, newline-ended records without a header."""

    delimiter: str
    quote: str | None
    null_values: tuple[str, ...]
    date_format: str | None = None
    timestamp_format: str | None = None

    @property
    def sql(self) -> str:
        options = {
            "TYPE": "CSV",
            "COMPRESSION": "ZSTD",
            "FIELD_DELIMITER": literal(self.delimiter),
            "RECORD_DELIMITER": literal("\n"),
            "SKIP_HEADER": "0",
            "FIELD_OPTIONALLY_ENCLOSED_BY": literal(self.quote) if self.quote else "NONE",
            "ESCAPE": "NONE",
            "ESCAPE_UNENCLOSED_FIELD": "NONE",
            "NULL_IF": literal_list(self.null_values),
            "EMPTY_FIELD_AS_NULL": "TRUE" if "" in self.null_values else "FALSE",
            "DATE_FORMAT": literal(self.date_format or ISO_DATE),
            "TIMESTAMP_FORMAT": literal(self.timestamp_format or "AUTO"),
            "TRIM_SPACE": "FALSE",
            "ENCODING": literal("UTF8"),
            "SKIP_BLANK_LINES": "FALSE",
            "ERROR_ON_COLUMN_COUNT_MISMATCH": "TRUE",
            "REPLACE_INVALID_CHARACTERS": "FALSE",
        }
        return "(" + " ".join(f"{name}={value}" for name, value in options.items()) + ")"


def copy_statement(
    table: ObjectName,
    columns: Sequence[str],
    source: StagePath,
    folders: Sequence[str],
    file_format: CsvFormat,
    *,
    force: bool = False,
) -> str:
    """One COPY of the parts in several ``folders`` (their names, directly below ``source``).

    The pattern keeps the manifests out; a part's name carries its number and its hash.  ``force`` loads parts even if
    the table's load metadata remembers them, as needed for a table that is loaded into repeatedly.
    """
    # Folders are hexadecimal digits and hyphens: they contain nothing special in a pattern.
    pattern = f"(.*/)?({'|'.join(sorted(folders))})/part-[0-9]+-[0-9a-f]+[.][a-z]+[.]zst"
    return (
        f"COPY INTO {table.sql} ({column_list(columns)})\n"
        f"FROM {literal(source.sql)}\n"
        f"PATTERN={literal(pattern)}\n"
        f"FILE_FORMAT={file_format.sql}\n"
        f"ON_ERROR=ABORT_STATEMENT PURGE=FALSE{' FORCE=TRUE' if force else ''}"
    )


@dataclass(frozen=True)
class CopiedPart:
    """COPY's own count for one part."""

    name: str
    rows_parsed: int
    rows_loaded: int


def copied_parts(records: Sequence[dict[str, Any]]) -> list[CopiedPart]:
    """Read COPY's result rows; raise WarehouseError for a part that is not completely LOADED."""
    parts = []
    for record in records:
        if "file" not in record:
            raise WarehouseError(f"COPY found nothing to load: {record.get('status')}. Run the load again.")
        name = str(record["file"]).rsplit("/", 1)[-1]
        if str(record["status"]).upper() != "LOADED":
            reason = record.get("first_error") or "no reason given"
            raise WarehouseError(f"COPY left part {name} as {record['status']}: {reason}")
        parts.append(CopiedPart(name, int(record["rows_parsed"]), int(record["rows_loaded"])))
    return parts


@dataclass(frozen=True)
class RejectedRecord:
    """Where COPY stopped: part, line in the part (1 is its first), column (may be empty) and reason.

    ``place`` is the column's number in the file from 1, 0 if it is not given.
    """

    part: str
    line: int
    column: str
    reason: str
    place: int = 0


def rejected_record(error: WarehouseError) -> RejectedRecord | None:
    """Read the place of the first bad record from COPY's error text; None when it names none."""
    text = str(error)
    place = _ERROR_PLACE.search(text)
    if not place:
        return None
    column = _ERROR_COLUMN.search(text, place.end())
    reason = _reason(text[: place.start()]).rstrip(",")
    return RejectedRecord(
        place["file"].rsplit("/", 1)[-1],
        int(place["line"]),
        column["column"] if column else "",
        reason,
        int(column["place"] or 0) if column else 0,
    )


def _reason(text: str) -> str:
    """The first line, without Snowflake's advice to ignore the error, which would silently damage data."""
    return _TO_IGNORE.sub("", text.split("\n")[0]).strip()


def validation_statement(
    table: ObjectName, columns: Sequence[str], folder: StagePath, part: str, file_format: CsvFormat
) -> str:
    """The statement that asks what is wrong with every record of one part; loads nothing.
    Only for one part: for a whole load it would take as long as the load.
    """
    return (
        f"COPY INTO {table.sql} ({column_list(columns)})\n"
        f"FROM {literal(folder.sql)}\n"
        f"FILES=({literal(part)})\n"
        f"FILE_FORMAT={file_format.sql}\n"
        "VALIDATION_MODE=RETURN_ERRORS"
    )


def first_error(records: Sequence[dict[str, Any]]) -> RejectedRecord | None:
    """The first of the rows that VALIDATION_MODE returns; None if there is none."""
    if not records:
        return None
    row = min(records, key=lambda record: int(record.get("line") or 0))
    column = _ERROR_COLUMN.search(f"column {row.get('column_name')}") if row.get("column_name") else None
    return RejectedRecord(
        str(row["file"]).rsplit("/", 1)[-1],
        int(row.get("line") or 0),
        column["column"] if column else "",
        _reason(str(row["error"])),
        int(column["place"] or 0) if column else 0,
    )
