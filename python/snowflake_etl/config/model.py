"""The shape of a configuration file (floor 2): pydantic models, nothing else.

Every key that an operator may write stands here once, with its meaning; ``reading`` turns the
models' complaints into sentences.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import column_type, fold, object_name

Text = Annotated[str, StringConstraints(min_length=1)]
OneCharacter = Annotated[str, StringConstraints(min_length=1, max_length=1)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

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


# What each kind of rule needs; of a tuple one is enough, or both.
_NEEDED_BY_RULES: dict[str, tuple[tuple[str, ...], ...]] = {
    "not_null": (("column",),),
    "unique": (("column", "columns"),),
    "accepted_values": (("column",), ("values",)),
    "range": (("column",), ("minimum", "maximum")),
    "regex": (("column",), ("pattern",)),
    "max_length": (("column",), ("maximum",)),
    "row_count": (("minimum", "maximum"),),
    "freshness": (("max_age_days",),),
    "condition": (("condition",),),
}
_OPTIONAL_FOR_RULES = {"freshness": ("column",)}
Limit = int | float | str


def _limit(value: object) -> Limit:
    """A limit or accepted value; YAML's dates become ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value != value:
        raise ValueError(f"{value!r} is neither a number nor a text nor a date (YYYY-MM-DD)")
    return value


class RuleSection(Section):
    """One entry of ``quality.rules``: something that the rows of a table have to be, beyond the built-in checks.

    ``check`` decides which of the other keys are needed; a NULL breaks ``not_null`` only.
    """

    table: Text
    check: Literal[
        "not_null",
        "unique",
        "accepted_values",
        "range",
        "regex",
        "max_length",
        "row_count",
        "freshness",
        "condition",
    ]
    name: Text | None = None
    severity: Literal["error", "warning", "info"] = "error"
    column: Text | None = None
    columns: tuple[Text, ...] = ()
    values: tuple[Limit, ...] = ()
    minimum: Limit | None = None
    maximum: Limit | None = None
    pattern: Text | None = None
    max_age_days: int | None = Field(None, ge=0)
    condition: Text | None = None

    @field_validator("columns", "values", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("values", mode="before")
    @classmethod
    def _known_values(cls, value: object) -> object:
        return tuple(map(_limit, value)) if isinstance(value, list | tuple) else value

    @field_validator("minimum", "maximum", mode="before")
    @classmethod
    def _known_limit(cls, value: object) -> object:
        return None if value is None else _limit(value)

    @model_validator(mode="after")
    def _keys_fit_the_check(self) -> RuleSection:
        needed = _NEEDED_BY_RULES[self.check]
        for choices in needed:
            if not any(self._has(key) for key in choices):
                raise ValueError(f"a rule with check '{self.check}' needs {' or '.join(map(repr, choices))}")
        allowed = {key for choices in needed for key in choices} | set(_OPTIONAL_FOR_RULES.get(self.check, ()))
        for key in ("column", "columns", "values", "minimum", "maximum", "pattern", "max_age_days", "condition"):
            if self._has(key) and key not in allowed:
                raise ValueError(f"a rule with check '{self.check}' has no '{key}'")
        counts = (self.minimum, self.maximum) if self.check in ("row_count", "max_length") else ()
        if any(limit is not None and not (isinstance(limit, int) and limit >= 0) for limit in counts):
            raise ValueError(f"'minimum' and 'maximum' of '{self.check}' are whole numbers from 0")
        try:
            self.stored_columns  # noqa: B018 - raises for what is no name
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def stored_columns(self) -> tuple[str, ...]:
        """The columns as stored names; () for a condition, which names its own."""
        return tuple(fold(name) for name in (*((self.column,) if self.column else ()), *self.columns))

    @property
    def title(self) -> str:
        """What findings call the rule."""
        return self.name or self.condition or " ".join((self.check, *self.stored_columns))

    def _has(self, key: str) -> bool:
        return getattr(self, key) not in (None, ())


class CalendarSection(Section):
    """``quality.calendar``: which days need no rows, because nothing happens on them.

    Without ``country`` and ``market`` only weekends; ``tables`` () means all.  ``subdivision`` is a state, ``market``
    an exchange (both as the library ``holidays`` names them), ``closed`` are more days, as ISO dates.
    """

    country: Text | None = None
    subdivision: Text | None = None
    market: Text | None = None
    weekend: tuple[Weekday, ...] | None = None
    closed: tuple[date, ...] = ()
    only_business_days: bool = False
    tables: tuple[Text, ...] = ()

    @field_validator("weekend", "tables", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("closed", mode="before")
    @classmethod
    def _dates(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        try:
            return tuple(day if isinstance(day, date) else date.fromisoformat(str(day)) for day in value)
        except ValueError as error:
            raise ValueError(f"{error}; write days as YYYY-MM-DD") from error

    @model_validator(mode="after")
    def _one_source(self) -> CalendarSection:
        if self.country and self.market:
            raise ValueError("give either 'country' or 'market', not both")
        if self.subdivision and not self.country:
            raise ValueError("'subdivision' goes with 'country'")
        return self


class QualitySection(Section):
    """``quality``: thresholds of the checks, rules and calendar; shares are between 0 and 1, limits are in bytes."""

    normal_share: float = Field(0.10, ge=0, le=1)
    warning_share: float = Field(0.50, ge=0, le=1)
    error_share: float = Field(0.10, ge=0, le=1)
    band_width: float = Field(3.5, gt=0)
    memory_limit: int = Field(200 * 1024 * 1024, ge=64 * 1024 * 1024)
    temp_limit: int = Field(20 * 1024**3, ge=0)
    rules: tuple[RuleSection, ...] = ()
    calendar: CalendarSection | None = None

    @field_validator("rules", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


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

    @model_validator(mode="after")
    def _rules_have_tables(self) -> Configuration:
        known = {same_table(entry.table_name): entry.table_name for entry in self.files}
        calendar = self.quality.calendar
        named = [(f"quality.rules[{place}].table", rule.table) for place, rule in enumerate(self.quality.rules)]
        named += [
            (f"quality.calendar.tables[{place}]", name)
            for place, name in enumerate(calendar.tables if calendar else ())
        ]
        for where, name in named:
            if same_table(name) not in known:
                raise ValueError(f"{where}: '{name}' is no table of 'files' ({', '.join(known.values())})")
        return self


def same_table(name: str) -> tuple[str, ...]:
    """A table's name in a form that is equal for two spellings of it.  Raise ValueError for what is no name."""
    try:
        full = object_name(name, "", "")
    except UsageError as error:
        raise ValueError(str(error)) from error
    return (full.database, full.schema, full.name)
