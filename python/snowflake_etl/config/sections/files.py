"""``files``: which files go into which table, and how they are written (floor 2)."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from snowflake_etl.config.sections.base import OneCharacter, Section, Text
from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import TYPE_NAMES, column_type, fold, object_name

DELIMITER_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "pipe": "|", "semicolon": ";"}
_FORMAT_DELIMITERS = {"TSV": "\t", "CSV": ","}


class FileSection(Section):
    """One entry of ``files``: a pattern of file names, the table that they go into, and how they are written."""

    file_pattern: Text = Field(
        description="A file's name with `{date_range}` (YYYYMMDD-YYYYMMDD) or `{month}` (YYYY-MM) in it; `*` is "
        "anything. `.gz`, `.zst` and `.bz2` may follow the name.",
        examples=["orders_{date_range}.tsv"],
    )
    table_name: Text = Field(
        description="TABLE, SCHEMA.TABLE or DATABASE.SCHEMA.TABLE; folded to upper case unless in double quotes.",
        examples=["SALES.PUBLIC.ORDERS"],
    )
    expected_columns: tuple[Text, ...] = Field(
        (),
        description="The file's columns in their order. Without it, those of `create_table`, otherwise the table's.",
        examples=[["ORDER_DATE", "ORDER_ID", "PRICE"]],
    )
    date_column: Text | None = Field(
        None,
        description="The column with the day. Without it, a month cannot be replaced or dropped, and days are not "
        "checked.",
        examples=["ORDER_DATE"],
    )
    date_format: Text | None = Field(
        None, description="How dates are written in the file; by default as ISO dates.", examples=["YYYYMMDD"]
    )
    timestamp_format: Text | None = Field(
        None,
        description="How times are written in the file; by default as ISO times.",
        examples=["YYYY-MM-DD HH24:MI:SS"],
    )
    duplicate_key_columns: tuple[Text, ...] = Field(
        (),
        description="The key: a duplicate of it, or a NULL in it, is an error.",
        examples=[["ORDER_DATE", "ORDER_ID"]],
    )
    delimiter: OneCharacter | None = Field(
        None,
        description="Between the fields: one character, or `tab`, `comma`, `pipe`, `semicolon`. Without it, by "
        "`file_format`, otherwise detected.",
        examples=["pipe"],
    )
    file_format: Literal["TSV", "CSV"] | None = Field(
        None, description="TSV stands for a tab as `delimiter`, CSV for a comma.", examples=["TSV"]
    )
    quote_char: Annotated[str, StringConstraints(max_length=1)] | None = Field(
        None,
        description='Quotes around fields; `""` says that quotes are ordinary characters. Without it none in '
        "tab-delimited files, detected in others.",
        examples=['"'],
    )
    header: bool | None = Field(
        None,
        description="Whether the first line has the names of the columns. By default that is detected.",
        examples=[True],
    )
    encoding: Text | None = Field(
        None, description="UTF-8 by default. The load converts other encodings to UTF-8.", examples=["cp1252"]
    )
    null_values: tuple[str, ...] = Field(("", "\\N"), description="Texts that mean NULL.", examples=[["", "NULL"]])
    create_table: dict[Text, Text] = Field(
        default_factory=dict,
        description="Columns and their types. The embedded warehouse creates a missing table from it; on Snowflake "
        "the statement is shown, for a DBA.",
        examples=[{"ORDER_DATE": "DATE", "PRICE": "NUMBER(12,2)"}],
    )
    full_refresh: bool = Field(
        False, description="true allows `--mode replace` of a whole table that has no `date_column`.", examples=[True]
    )

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
                base = column_type(text.removesuffix(" NOT NULL")).base
            except UsageError as error:
                raise ValueError(str(error)) from error
            # One that resembles none of them may be newer than this list.
            nearest = difflib.get_close_matches(base, TYPE_NAMES, n=1, cutoff=0.7)
            if nearest and base not in TYPE_NAMES:
                raise ValueError(f"column '{name}' has the type '{text}', which is none; did you mean {nearest[0]}?")
        return value

    @model_validator(mode="after")
    def _columns_agree(self) -> FileSection:
        try:
            known = {fold(name) for name in (*self.expected_columns, *self.create_table)}
        except UsageError as error:
            raise ValueError(str(error)) from error
        for columns in (self.expected_columns, tuple(self.create_table)):
            twice = [name for name, count in Counter(map(fold, columns)).items() if count > 1]
            if twice:
                raise ValueError(f"column '{twice[0]}' stands twice among the columns given; keep one")
        named = [*self.duplicate_key_columns, *([self.date_column] if self.date_column else [])]
        for name in named:
            if known and fold(name) not in known:
                nearest = difflib.get_close_matches(fold(name), known, n=1)
                hint = f", did you mean {nearest[0]}?" if nearest else ""
                raise ValueError(f"column '{name}' is not among the columns given ({', '.join(sorted(known))}){hint}")
        return self

    @property
    def wished_delimiter(self) -> str | None:
        """The configured delimiter, set directly or by ``file_format``; None means detect it."""
        return self.delimiter or (_FORMAT_DELIMITERS[self.file_format] if self.file_format else None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns as stored names, () if the configuration does not say."""
        return tuple(fold(name) for name in self.expected_columns or self.create_table)


def same_table(name: str) -> tuple[str, ...]:
    """A table's name in a form that is equal for all its spellings.  Raise ValueError for an invalid name."""
    try:
        full = object_name(name, "", "")
    except UsageError as error:
        raise ValueError(str(error)) from error
    return (full.database, full.schema, full.name)
