"""The shape of a configuration file (floor 2): pydantic models, nothing else.

Every key that an operator may write stands here once, with its meaning; ``reading`` turns the
models' complaints into sentences.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import column_type, fold

Text = Annotated[str, StringConstraints(min_length=1)]
OneCharacter = Annotated[str, StringConstraints(min_length=1, max_length=1)]

_DELIMITER_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "pipe": "|", "semicolon": ";"}
_FORMAT_DELIMITERS = {"TSV": "\t", "CSV": ","}


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values are never silently converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class SnowflakeSection(Section):
    """``snowflake``: where the tables are and how to sign in.

    ``connection`` is ``local`` (the embedded warehouse, also when neither it nor ``account`` is given) or
    a name in Snowflake's own ``connections.toml``.
    """

    connection: Text | None = None
    account: Text | None = None
    user: Text | None = None
    password: SecretStr | None = None
    private_key_file: Text | None = None
    private_key_file_pwd: SecretStr | None = None
    authenticator: Text | None = None
    token_file_path: Text | None = None
    role: Text | None = None
    warehouse: Text | None = None
    database: Text | None = None
    schema_: Text | None = Field(None, alias="schema")
    host: Text | None = None
    port: int | None = Field(None, ge=1, le=65535)
    protocol: Literal["http", "https"] | None = None
    login_timeout: int = Field(60, ge=1)
    network_timeout: int = Field(300, ge=1)

    @model_validator(mode="after")
    def _one_way_in(self) -> SnowflakeSection:
        if self.connection and self.account:
            raise ValueError("give either 'connection' (a name in connections.toml) or 'account', not both")
        return self

    @property
    def is_local(self) -> bool:
        """True when the embedded warehouse is meant."""
        return self.connection == "local" or not (self.connection or self.account)

    @property
    def target(self) -> str:
        """What the head line of the menu calls this target."""
        return "local" if self.is_local else (self.connection or self.account or "")


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
        return _DELIMITER_WORDS.get(value.lower(), value) if isinstance(value, str) else value

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
                raise ValueError(f"column '{name}' is not among the columns given ({', '.join(sorted(known))})")
        return self

    @property
    def wished_delimiter(self) -> str | None:
        """The delimiter that is configured, directly or by ``file_format``; None means detect it."""
        return self.delimiter or (_FORMAT_DELIMITERS[self.file_format] if self.file_format else None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns as stored names, () when the configuration does not say."""
        return tuple(fold(name) for name in self.expected_columns or self.create_table)


class LoadSection(Section):
    """``load``: how files get into tables.

    ``warehouse`` is used by the sessions of loads instead of ``snowflake.warehouse``; ``stage: user`` sends parts
    to the user's own stage, where no colleague can carry the load on.
    ``keep_failed`` is for how many days the parts of a failed load stay on the stage; the time-outs are in seconds;
    ``memory_limit`` is what the process of one load may use, in bytes, its check of the file included.
    """

    work_schema: Text = "ETL_WORK"
    via: Literal["work_table", "direct"] = "work_table"
    stage: Literal["named", "user"] = "named"
    warehouse: Text | None = None
    keep_failed: int = Field(7, ge=0)
    lease_seconds: int = Field(300, ge=5)
    workers: int | None = Field(None, ge=1, le=64)
    memory_limit: int = Field(500_000_000, ge=1)
    lock_timeout: int = Field(900, ge=1)
    statement_timeout: int = Field(86_400, ge=1)


class QualitySection(Section):
    """``quality``: thresholds of the checks; shares are between 0 and 1, limits are in bytes."""

    normal_share: float = Field(0.10, ge=0, le=1)
    warning_share: float = Field(0.50, ge=0, le=1)
    error_share: float = Field(0.10, ge=0, le=1)
    band_width: float = Field(3.5, gt=0)
    memory_limit: int = Field(200 * 1024 * 1024, ge=64 * 1024 * 1024)
    temp_limit: int = Field(20 * 1024**3, ge=0)


class Configuration(Section):
    """A whole configuration file.  ``base_path`` is taken relative to the file that it stands in."""

    snowflake: SnowflakeSection = SnowflakeSection()
    base_path: Text | None = None
    files: tuple[FileSection, ...]
    load: LoadSection = LoadSection()
    quality: QualitySection = QualitySection()

    @field_validator("files", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("files")
    @classmethod
    def _at_least_one(cls, value: tuple[FileSection, ...]) -> tuple[FileSection, ...]:
        if not value:
            raise ValueError("the list is empty: name at least one file_pattern and its table_name")
        return value
