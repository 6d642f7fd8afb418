"""What is known about a relation and what it should be like: the two sides of every check (floor 4, no I/O).

A *relation* is a file (counted by ``file_engine``) or a table (``table_engine``).  Both fill the same
``Profile``; ``checks`` compare it with ``Expectations``.  What an engine could not or did not count is None
and listed in ``not_checked`` with the reason, so that silence never looks like success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from snowflake_etl.month import DayRange
from snowflake_etl.results import Severity
from snowflake_etl.sqltext import ColumnType


class Scope(StrEnum):
    """How much is counted: only the days (fast), or everything that ``Expectations`` names."""

    DAYS = "days"
    ALL = "all"


class Reason(StrEnum):
    """Why values of a column cannot be loaded into the target."""

    DATE = "date"
    TYPE = "type"
    LENGTH = "length"
    NULL = "null"
    RULE = "rule"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Thresholds:
    """When a day's row count is strange (DESIGN 5); shares are of the expected day, 0 to 1.

    ``band_width`` is in scaled median absolute deviations, ``like_days`` how many days of the same
    weekday are needed for a separate expectation.
    """

    normal_share: float = 0.10
    warning_share: float = 0.50
    error_share: float = 0.10
    band_width: float = 3.5
    like_days: int = 3


class RuleKind(StrEnum):
    """What a configured rule requires (``quality.rules``)."""

    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RANGE = "range"
    REGEX = "regex"
    MAX_LENGTH = "max_length"
    ROW_COUNT = "row_count"
    FRESHNESS = "freshness"
    CONDITION = "condition"


Bound = int | float | str


@dataclass(frozen=True)
class Rule:
    """One rule of the configuration; ``columns`` are stored names, and fields that the kind does not need are empty.

    ``minimum`` and ``maximum`` are those of a range, a row count (rows), a length (characters) or an age (days).
    ``said_at`` is the configuration file and the position in it.
    """

    kind: RuleKind
    name: str
    severity: Severity = Severity.ERROR
    columns: tuple[str, ...] = ()
    values: tuple[Bound, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    pattern: str = ""
    condition: str = ""
    said_at: str = field(default="", compare=False)


@dataclass(frozen=True)
class Expectations:
    """What the relation should be like; whatever is empty or None is not checked.

    ``days`` are the claimed days, ``columns`` and the keys of ``types`` the target's stored names,
    ``key_columns`` the declared key.  Formats are Snowflake's (``YYYYMMDD``) or strptime's (``%Y%m%d``);
    None means YYYYMMDD for a NUMBER or text column and ISO text otherwise, never digits read as seconds.
    ``null_values`` are the texts that a file writes for NULL.  ``closed_days`` are claimed days that need no rows
    (weekends, holidays); rows of such days are a finding only with ``only_open_days``.  ``earlier_days`` are the
    rows of days before the claimed ones, if known, which show what a weekday usually looks like.  ``rules`` are the
    operator's own; ``today`` is the reference for freshness.
    """

    days: tuple[DayRange, ...] = ()
    columns: tuple[str, ...] = ()
    date_column: str | None = None
    date_format: str | None = None
    timestamp_format: str | None = None
    key_columns: tuple[str, ...] = ()
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    null_values: tuple[str, ...] = ("", "\\N")
    rows: int | None = None
    thresholds: Thresholds = Thresholds()
    closed_days: frozenset[date] = frozenset()
    only_open_days: bool = False
    earlier_days: Mapping[date, int] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    today: date | None = None


@dataclass(frozen=True)
class Lines:
    """Line numbers of a file (the header is line 1), as runs of neighbours: ((4, 4), (9, 12)).

    ``count`` is how many there are; ``runs`` holds all of them unless ``complete`` is False, which
    takes more than a million separate runs.
    """

    count: int = 0
    runs: tuple[tuple[int, int], ...] = ()
    complete: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """``("4", "9-12", "20,003")``."""
        return tuple(f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in self.runs)

    @property
    def first(self) -> int:
        """The first line, 0 if there is none."""
        return self.runs[0][0] if self.runs else 0


@dataclass(frozen=True)
class RaggedRows:
    """Rows that have ``found`` columns (0: a blank line) instead of the expected number."""

    found: int
    lines: Lines


@dataclass(frozen=True)
class LayoutFaults:
    """What is wrong with the bytes of a file; each fault with its lines."""

    expected_columns: int
    ragged: tuple[RaggedRows, ...] = ()
    nul_bytes: Lines = Lines()
    invalid_encoding: Lines = Lines()
    unbalanced_quotes: Lines = Lines()
    carriage_returns: Lines = Lines()
    long_lines: Lines = Lines()

    @property
    def ragged_rows(self) -> int:
        return sum(rows.lines.count for rows in self.ragged)


@dataclass(frozen=True)
class BadValues:
    """Values of one column that the target would reject, most frequent first: (text, rows).

    ``wanted`` names the type or format they should have had.  ``lines`` is None if the engine has no lines, and
    ``examples`` the first of them with their values; ``complete`` is False when there are more different values than
    are listed.
    """

    column: str
    reason: Reason
    rows: int
    wanted: str
    values: tuple[tuple[str, int], ...] = ()
    lines: Lines | None = None
    complete: bool = True
    examples: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class RuleCount:
    """The counts for one rule: the ``rows`` that break it, for uniqueness those beyond the first of each key.

    ``values`` are the offending ones as text, most frequent first, ``lines`` and ``examples`` as in ``BadValues``;
    ``newest`` is the newest day for a freshness rule that names a column, ``keys`` belongs to uniqueness.
    """

    rule: Rule
    rows: int = 0
    keys: int = 0
    values: tuple[tuple[str, int], ...] = ()
    lines: Lines | None = None
    examples: tuple[tuple[int, str], ...] = ()
    newest: date | None = None
    complete: bool = True


@dataclass(frozen=True)
class ColumnProfile:
    """One column: NULLs and the longest value in characters (None: not counted)."""

    name: str
    nulls: int | None = None
    longest: int | None = None


@dataclass(frozen=True)
class Duplicates:
    """Keys that are in more than one row: ``excess`` rows are those beyond the first of each key.

    ``worst`` are (key values, rows), most frequent first.  Rows with a NULL in the key are ``null_rows`` and
    do not count as duplicates.  ``searched`` is False if only the NULLs were counted.
    """

    key: tuple[str, ...]
    groups: int = 0
    excess: int = 0
    worst: tuple[tuple[tuple[str, ...], int], ...] = ()
    null_rows: int = 0
    null_lines: Lines | None = None
    searched: bool = True


@dataclass(frozen=True)
class NotChecked:
    """Something that this engine did not check, and a sentence that says why."""

    what: str
    why: str


@dataclass(frozen=True)
class Profile:
    """What one engine counted in one relation.

    ``rows`` counts all records, including faulty ones; ``rows_per_day`` the rows whose date
    could be read, None if there is no date column.  ``sample_rows`` is not None if only that many rows were
    read: then nothing is said about properties of the whole.
    """

    engine: str
    subject: str
    columns: tuple[str, ...]
    rows: int
    rows_per_day: Mapping[date, int] | None = None
    null_dates: int = 0
    null_date_lines: Lines | None = None
    column_profiles: tuple[ColumnProfile, ...] = ()
    layout: LayoutFaults | None = None
    bad_values: tuple[BadValues, ...] = ()
    duplicates: Duplicates | None = None
    rules: tuple[RuleCount, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    sample_rows: int | None = None


def type_text(kind: ColumnType) -> str:
    """A type as people write it: NUMBER(9,0), VARCHAR(20), DATE."""
    if kind.is_number:
        return f"{kind.base}({kind.length},{kind.scale})"
    return f"{kind.base}({kind.length})" if kind.length else kind.base
