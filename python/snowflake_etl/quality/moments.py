"""Texts as days, times and timestamps in DuckDB's SQL, as Snowflake would take them (floor 4, pure text).

DuckDB accepts more than Snowflake: ``epoch``, ``infinity``, 24:00, PM, time zone names.  An offset is dropped
if the wall clock counts (a day, TIMESTAMP_NTZ), and applied if the instant counts (see ``instant``).
"""

from __future__ import annotations

from snowflake_etl.quality.formats import fixed_width
from snowflake_etl.quality.names import text_literal
from snowflake_etl.sqltext import ColumnType

# Texts longer than date and time have a fraction or an offset; only these need a regular expression.
_DATE_AND_TIME = len("2024-01-31 23:59:59")
_OFFSET = "( *)(Z|[+-][0-9][0-9]:?([0-9][0-9])?)$"
# Without an explicit precision a timestamp has nine fractional digits; DuckDB's have six.
_NANOSECONDS = (0, 7, 8, 9)


def day(value: str, pattern: str | None, kind: ColumnType | None = None) -> str:
    """The day as DATE: as written, but for TIMESTAMP_LTZ the day in UTC, the time zone of every session."""
    if kind and kind.base == "TIMESTAMP_LTZ":
        return f"CAST({instant(value, pattern)} AS DATE)"
    if pattern is None:
        return f"CASE WHEN {_wall_clock(value, None)} IS NOT NULL THEN TRY_CAST({value} AS DATE) END"
    parsed = f"{_wall_clock(value, pattern)}::DATE"
    width = fixed_width(pattern)
    if width is not None:
        return f"CASE WHEN strlen({value}) = {width} AND {value} BETWEEN '0' AND ':' THEN {parsed} END"
    return f"CASE WHEN {_no_word(value, pattern)} THEN {parsed} END"


def timestamp(value: str, pattern: str | None, kind: ColumnType) -> str:
    """The text as a timestamp, NULL if it is not one; for TIMESTAMP_NTZ as written, whatever the offset."""
    if kind.base == "TIMESTAMP_NTZ" or pattern is None:
        return _wall_clock(value, pattern)
    return _parsed(value, pattern)


def time(value: str) -> str:
    """The text as TIME, NULL if it is not one."""
    return f"CASE WHEN TRY_CAST({value} AS TIME) < TIME '24:00:00' THEN TRY_CAST({value} AS TIME) END"


def instant(value: str, pattern: str | None) -> str:
    """The moment that a text with an offset means, as TIMESTAMPTZ; without an offset it is in UTC."""
    if pattern is None:
        # DuckDB does not accept a blank before an offset.
        without_blank = f"regexp_replace({value}, ' +([+-][0-9:]+|Z)$', '\\1')"
        return f"CASE WHEN {_iso(value)} THEN TRY_CAST({without_blank} AS TIMESTAMPTZ) END"
    return f"{_parsed(value, pattern)}::TIMESTAMPTZ"


def key_text(value: str, moment: str, kind: ColumnType) -> str:
    """``moment``, made from ``value``, as text that keeps the nanoseconds."""
    if kind.length not in _NANOSECONDS:
        return f"CAST({moment} AS VARCHAR)"
    beyond = f"rtrim(regexp_extract({value}, '[.][0-9]{{6}}([0-9]{{1,3}})', 1), '0')"
    whole = f"strftime({moment}, '%Y-%m-%d %H:%M:%S.%f')"
    return f"CASE WHEN {beyond} = '' THEN CAST({moment} AS VARCHAR) ELSE {whole} || {beyond} END"


def _wall_clock(value: str, pattern: str | None) -> str:
    if pattern is None:
        return f"CASE WHEN {_iso(value)} THEN TRY_CAST({value} AS TIMESTAMP) END"
    if not pattern.endswith("%z"):
        return _parsed(value, pattern)
    # Read as a whole, the offset would be applied: read whole to judge the text, and again without the offset.
    plain = _parsed(f"regexp_replace({value}, {text_literal(_OFFSET)}, '')", pattern.removesuffix("%z").rstrip())
    return f"CASE WHEN {_parsed(value, pattern)} IS NOT NULL THEN {plain} END"


def _parsed(value: str, pattern: str) -> str:
    parsed = f"TRY_STRPTIME({value}, {text_literal(pattern)})"
    if "%f" not in pattern:
        return parsed
    # %f takes six digits at most, %n nine, but no year before 1678 or after 2261.
    kind = "TIMESTAMPTZ" if "%z" in pattern else "TIMESTAMP"
    return f"COALESCE({parsed}, TRY_STRPTIME({value}, {text_literal(pattern.replace('%f', '%n'))})::{kind})"


def _iso(value: str) -> str:
    plain = f"strlen({value}) <= {_DATE_AND_TIME} OR regexp_full_match({value}, '[-0-9 T:.+Zz]*')"
    never = " AND ".join(f"NOT contains({value}, '{text}')" for text in (" 24", "T24", "/"))
    return f"{_no_word(value, '%Y')} AND {never} AND ({plain})"


def _no_word(value: str, pattern: str) -> str:
    """True if the text is none of the words that DuckDB accepts as a date in any format."""
    if pattern.startswith(("%Y", "%m", "%d", "%y")):
        return f"{value} < ':'"
    return f"lower(trim({value})) NOT IN ('epoch', 'infinity', '-infinity')"
