"""The plan of one COPY (floor 3): its target, the rule of each column, its files, and the SQL that reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from glob import escape as escape_glob
from typing import TYPE_CHECKING

from snowflake_etl.warehouse.local.copy_into.files import Corrupt, FileFacts, compression_of, corrupt_error, look_at
from snowflake_etl.warehouse.local.copy_into.format import CopyCommand, CsvFormat
from snowflake_etl.warehouse.local.copy_into.rules import Rule, rule_for
from snowflake_etl.warehouse.local.sql.duck_text import literal, quoted
from snowflake_etl.warehouse.local.sql.table_types import TableColumn, table_columns
from snowflake_etl.warehouse.local.sql_errors import SqlError, canceled, missing, unsupported
from snowflake_etl.warehouse.local.staging.stages import StagedFile
from snowflake_etl.warehouse.local.staging.statements import find_stage, matching_files

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_ENGINE_COMPRESSIONS = {"GZIP": "gzip", "ZSTD": "zstd", "NONE": "none"}
# Stands for NULL if an empty field is a text: a value that no file contains.
_IMPOSSIBLE_TEXT = "\x01\x02\x03 no null \x03\x02\x01"


@dataclass(frozen=True)
class Load:
    """One COPY: ``rules`` are those of the filled columns, ``never_null`` the NOT NULL columns that are not filled."""

    command: CopyCommand
    rules: tuple[Rule, ...]
    files: tuple[StagedFile, ...]
    never_null: tuple[TableColumn, ...]

    @property
    def format(self) -> CsvFormat:
        return self.command.format

    @property
    def target(self) -> str:
        return ".".join(map(quoted, self.command.table))

    @property
    def names(self) -> str:
        return ", ".join(quoted(rule.column.name) for rule in self.rules)

    def only(self, *files: StagedFile) -> Load:
        """The same COPY for some of the files."""
        return replace(self, files=files)

    def compression(self, file: StagedFile) -> str:
        return compression_of(file.path, file.file, self.format.compression)

    def values(self) -> str:
        """The SQL of all values, over columns ``c0``, ``c1``, ... of raw texts."""
        return ", ".join(self._value(place, rule) for place, rule in enumerate(self.rules))

    def _value(self, place: int, rule: Rule) -> str:
        raw = f"trim(c{place})" if self.format.trim_space else f"c{place}"
        value = rule.sql(raw)
        if self.format.null_if:
            nulls = ", ".join(map(literal, self.format.null_if))
            value = f"CASE WHEN {raw} IN ({nulls}) THEN NULL ELSE {value} END"
        return f"{value} AS {quoted(rule.column.name)}"

    def select(self) -> str:
        """DuckDB SQL that reads all files and casts every value, failing at the first bad one."""
        groups: dict[str, list[StagedFile]] = {}
        for file in self.files:
            groups.setdefault(self.compression(file), []).append(file)
        return " UNION ALL ".join(
            f"SELECT {self.values()} FROM {self._reader(group, compression)}" for compression, group in groups.items()
        )

    def count(self, file: StagedFile) -> str:
        """DuckDB SQL: the number of records of a file."""
        return f"SELECT count(*) FROM {self._reader([file], self.compression(file))}"

    def count_too_wide(self, file: StagedFile) -> str:
        """DuckDB SQL: the number of records with a surplus field, possibly an empty one at the end."""
        width = len(self.rules)
        options = {"null_padding": "true", "parallel": "false", "nullstr": literal(_IMPOSSIBLE_TEXT)}
        reader = self._reader([file], self.compression(file), width + 1, options)
        return f"SELECT count(*) FROM {reader} WHERE c{width} IS NOT NULL"

    def _reader(
        self, files: Sequence[StagedFile], compression: str, width: int = 0, changes: dict[str, str] | None = None
    ) -> str:
        chosen = self.format
        columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(width or len(self.rules)))
        options = {
            "columns": f"{{{columns}}}",
            "auto_detect": "false",
            "delim": literal(chosen.field_delimiter),
            "quote": literal(chosen.enclosed_by or ""),
            "escape": literal(chosen.enclosed_by or ""),
            "header": "false",
            "skip": str(chosen.skip_header),
            "nullstr": literal("" if chosen.empty_as_null else _IMPOSSIBLE_TEXT),
            "allow_quoted_nulls": "false",
            "compression": literal(_ENGINE_COMPRESSIONS[compression]),
            **(changes or {}),
        }
        paths = ", ".join(literal(escape_glob(str(file.file))) for file in files)
        return f"read_csv([{paths}], {', '.join(f'{name} = {value}' for name, value in options.items())})"


def settle(session: Session, command: CopyCommand) -> Load:
    """Look up table, columns and files.  Raise SqlError for anything missing or impossible."""
    columns = table_columns(session, command.table)
    if not columns:
        raise missing("Table", ".".join(command.table))
    by_name = {column.name: column for column in columns}
    for name in command.columns:
        if name not in by_name:
            raise SqlError(f"SQL compilation error: error line 1\ninvalid identifier '{name}'", 904, "42000")
    chosen = [by_name[name] for name in command.columns] or columns
    if command.validation_mode not in ("", "RETURN_ERRORS", "RETURN_ALL_ERRORS"):
        raise unsupported(f"VALIDATION_MODE = {command.validation_mode}")
    rules = tuple(rule_for(column, command.format) for column in chosen)
    unfilled = tuple(
        column for column in columns if column not in chosen and not column.nullable and column.default is None
    )
    return Load(command, rules, tuple(_find_files(session, command)), unfilled)


def _find_files(session: Session, command: CopyCommand) -> list[StagedFile]:
    if not command.files:
        return matching_files(session, command.location, command.pattern)
    stage = find_stage(session, command.location)
    found = []
    for name in command.files:
        file = session.services.stages.look(stage, command.location.path + name)
        if file is None:
            raise _not_found(command.location.path + name)
        found.append(file)
    return found


def _not_found(path: str) -> SqlError:
    return SqlError(
        f"Remote file '{path}' was not found. There are several potential causes. The file might not exist.",
        100091,
        "22000",
    )


Facts = dict[StagedFile, FileFacts]


def look_at_all(session: Session, load: Load) -> Facts:
    """Examine the bytes of all files.  Raise SqlError for a damaged one."""

    def look(file: StagedFile) -> FileFacts:
        if session.canceled.is_set():
            raise canceled()
        try:
            return look_at(file.file, load.compression(file), load.format, len(load.rules))
        except Corrupt as error:
            raise corrupt_error(file.path, str(error)) from error
        except FileNotFoundError as error:
            raise _not_found(file.path) from error

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return dict(zip(load.files, pool.map(look, load.files), strict=True))


def may_be_fast(session: Session, load: Load, facts: Facts) -> bool:
    """Whether DuckDB reads these files exactly as Snowflake does."""
    chosen = load.format
    return (
        len(chosen.field_delimiter) == 1
        and chosen.record_delimiter == "\n"
        and chosen.encoding == "utf-8"
        and chosen.count_must_match
        and not chosen.replace_invalid
        and not chosen.skip_blank_lines
        and chosen.skip_byte_order_mark
        and chosen.escape in (None, chosen.enclosed_by)
        and not (chosen.enclosed_by and chosen.trim_space)
        and all(found.plain for found in facts.values())
        and all(load.compression(file) in _ENGINE_COMPRESSIONS for file in load.files)
        and not any(_is_too_wide(session, load, file) for file, found in facts.items() if found.doubtful_width)
    )


def _is_too_wide(session: Session, load: Load, file: StagedFile) -> bool:
    with session.duck.cursor() as side:
        try:
            return bool(side.execute(load.count_too_wide(file)).fetchone()[0])
        except Exception:
            return True


def rows_of(load: Load, found: FileFacts) -> int:
    """The number of records in a file's lines, without the header."""
    return max(0, found.lines - load.format.skip_header)


def expected_rows(load: Load, facts: Facts) -> int:
    return sum(rows_of(load, facts[file]) for file in load.files)
