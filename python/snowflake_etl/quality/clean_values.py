"""Asks DuckDB which records of a block have values that the target would reject (floor 4).
The layout of the records is known to be valid, so DuckDB's row numbers are positions in the block; if it counts
differently, the block is halved until the record that it cannot read is isolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.quality.duck import CannotParse, Duck, OutOfSpace
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_sql import relation
from snowflake_etl.quality.formats import ISO
from snowflake_etl.quality.names import text_literal
from snowflake_etl.quality.profile import type_text

UNREADABLE = "cannot be read as a row"
_LENIENT = ", store_rejects=true, rejects_limit=1"


class ValueRules:
    """Requirements on the values of a row: SQL conditions that are true if one is broken, with a reason for each.
    ``required`` are the stored names of columns that must not be NULL, with the reason to give.
    """

    def __init__(self, layout: Layout, plan: Plan, null_values: Sequence[str], required: dict[str, str]) -> None:
        self._layout = layout
        self._null_values = null_values
        self.broken: list[tuple[str, str]] = []
        self._columns: list[str] = []
        self.blank_reason = ""
        for column in plan.columns:
            conditions = []
            if column.name in required:
                conditions.append((f"{column.sql} IS NULL", required[column.name]))
            if column == plan.date:
                wanted = plan.day_format(column) or ISO
                unread = f"{column.sql} IS NOT NULL AND {plan.day(column)} IS NULL"
                conditions.append((unread, f"not a date of the format {wanted}"))
            elif (cast := plan.cast(column)) and column.type:
                unfit = f"{column.sql} IS NOT NULL AND {cast} IS NULL"
                conditions.append((unfit, f"cannot be {type_text(column.type)}"))
            if column.longest is not None and column.type:
                # Bytes first: they are known without reading the value.
                long = f"strlen({column.sql}) > {column.longest} AND length({column.sql}) > {column.longest}"
                conditions.append((long, f"too long for {type_text(column.type)}"))
            if conditions:
                self._columns.append(column.sql)
            self.broken += [(condition, f"{column.name}: {reason}") for condition, reason in conditions]
        if len(plan.columns) == 1 and plan.columns[0].name in required:
            self.blank_reason = f"{plan.columns[0].name}: {required[plan.columns[0].name]}"

    @property
    def single_column(self) -> bool:
        return len(self._layout.columns) == 1

    def statement(self, path: Path, records: int) -> str:
        """Selects position and reasons of every broken record, and of every record from the last expected one on."""
        source = relation(str(path), self._block_layout(), self._null_values, Compression.NONE, "\n")
        reasons = ", ".join(
            f"CASE WHEN {condition} THEN {text_literal(reason)} END" for condition, reason in self.broken
        )
        any_broken = " OR ".join(f"({condition})" for condition, _ in self.broken)
        return (
            f"SELECT place, concat_ws('; ', {reasons}) FROM (SELECT row_number() OVER () - 1 AS place, "
            f"{', '.join(self._columns)} FROM {source.replace(_LENIENT, '')}) "
            f"WHERE {any_broken} OR place >= {records - 1}"
        )

    def _block_layout(self) -> Layout:
        layout = self._layout
        return Layout(layout.delimiter, layout.quote, header=False, columns=layout.columns)


class ValueProbe:
    """One DuckDB on one thread that judges block after block; close it, or use it in a ``with``."""

    def __init__(self, rules: ValueRules, duck: Duck) -> None:
        self._rules = rules
        self._duck = duck
        self._path = duck.folder / "block.tsv"
        duck.query("SET preserve_insertion_order = true")

    def close(self) -> None:
        self._duck.close()

    def broken_records(self, records: Sequence[bytes]) -> dict[int, str]:
        """The reasons for the records that the target would reject, by position."""
        if not self._rules.broken or not records:
            return {}
        if self._rules.single_column and b"" in records:
            return self._among_blank_lines(records)
        return self._judged(records, 0)

    def _among_blank_lines(self, records: Sequence[bytes]) -> dict[int, str]:
        """In a file of one column a blank line is a row of one NULL, which DuckDB would skip."""
        places = [place for place, record in enumerate(records) if record]
        found = self._judged([records[place] for place in places], 0) if places else {}
        broken = {places[place]: reason for place, reason in found.items()}
        if self._rules.blank_reason:
            broken |= {place: self._rules.blank_reason for place, record in enumerate(records) if not record}
        return broken

    def _judged(self, records: Sequence[bytes], first: int) -> dict[int, str]:
        answer = self._ask(records)
        if answer is not None:
            return {first + place: reason for place, reason in answer if reason}
        if len(records) == 1:
            return {first: UNREADABLE}
        middle = len(records) // 2
        return self._judged(records[:middle], first) | self._judged(records[middle:], first + middle)

    def _ask(self, records: Sequence[bytes]) -> list[tuple[int, str]] | None:
        """DuckDB's answer; None if it does not see the same records as we do."""
        text = b"\n".join(records) + b"\n"
        # A carriage return can only be inside quotes here, but DuckDB treats it as a line end even there.
        self._path.write_bytes(text.replace(b"\r", b" ") if b"\r" in text else text)
        try:
            rows = self._duck.query(self._rules.statement(self._path, len(records)))
        except CannotParse:
            return None
        except OutOfSpace as error:
            raise FileError(
                f"The values cannot be looked at within quality.memory_limit ({error}). Raise it and run again."
            ) from error
        places = [place for place, _ in rows]
        return rows if places and max(places) == len(records) - 1 else None
