"""``files``: which files go into which table, and how they are written (floor 2)."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from snowflake_etl.config.sections.base import OneCharacter, Section, Text
from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import column_type, fold, object_name

DELIMITER_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "pipe": "|", "semicolon": ";"}
_FORMAT_DELIMITERS = {"TSV": "\t", "CSV": ","}


class FileSection(Section):
    """One entry of ``files``: a pattern of file names and the table that they are loaded into.

    ``quote_char`` "" says that quotes are ordinary characters; ``create_table`` maps columns to types and is used
    to make a missing table on the embedded warehouse.
    """

    file_pattern: Text
    table_name: Text
    expected_columns: tuple[Text, ...] = ()
    date_column: Text | None = None
    date_format: Text | None = None
    timestamp_format: Text | None = None
    duplicate_key_columns: tuple[Text, ...] = ()
    delimiter: OneCharacter | None = None
    file_format: Literal["TSV", "CSV"] | None = None
    quote_char: Annotated[str, StringConstraints(max_length=1)] | None = None
    header: bool | None = None
    encoding: Text | None = None
    null_values: tuple[str, ...] = ("", "\\N")
    create_table: dict[Text, Text] = Field(default_factory=dict)
    full_refresh: bool = False

    @field_validator("expected_columns", "duplicate_key_columns", "null_values", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("delimiter", mode="before")
    @classmethod
    def _delimiter_word(cls, value: object) -> object:
        return DELIMITER_WORDS.get(value.lower(), value) if isinstance(value, str) else value

    @field_validator("file_format", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("create_table")
    @classmethod
    def _types_exist(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            try:
                fold(name)
                column_type(text.removesuffix(" NOT NULL"))
            except UsageError as error:
                raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _columns_agree(self) -> FileSection:
        try:
            known = {fold(name) for name in (*self.expected_columns, *self.create_table)}
        except UsageError as error:
            raise ValueError(str(error)) from error
        named = [*self.duplicate_key_columns, *([self.date_column] if self.date_column else [])]
        for name in named:
            if known and fold(name) not in known:
                nearest = difflib.get_close_matches(fold(name), known, n=1)
                hint = f", did you mean {nearest[0]}?" if nearest else ""
                raise ValueError(f"column '{name}' is not among the columns given ({', '.join(sorted(known))}){hint}")
        return self

    @property
    def wished_delimiter(self) -> str | None:
        """The delimiter that is configured, directly or by ``file_format``; None means detect it."""
        return self.delimiter or (_FORMAT_DELIMITERS[self.file_format] if self.file_format else None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns as stored names, () when the configuration does not say."""
        return tuple(fold(name) for name in self.expected_columns or self.create_table)


def same_table(name: str) -> tuple[str, ...]:
    """A table's name in a form that is equal for two spellings of it.  Raise ValueError for what is no name."""
    try:
        full = object_name(name, "", "")
    except UsageError as error:
        raise ValueError(str(error)) from error
    return (full.database, full.schema, full.name)
