"""Date formats in two spellings, Snowflake's and strptime's (floor 4, pure functions).

Operators write either; DuckDB understands the latter, the warehouse the former.  A format is never guessed
from the data: eight digits read as seconds since 1970 are a classic way to lose a month.
"""

from __future__ import annotations

import re

from snowflake_etl.errors import ConfigError
from snowflake_etl.sqltext import ColumnType

# The format of dates in text and NUMBER columns if the configuration does not say.
DIGITS = "YYYYMMDD"
ISO = "an ISO date (2024-01-31)"

# Longest first: the scanner takes the first that fits.
_TOKENS = (
    ("YYYY", "%Y"),
    ("MMMM", "%B"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MON", "%b"),
    ("TZH:TZM", "%z"),
    ("TZHTZM", "%z"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("AM", "%p"),
    ("PM", "%p"),
)
_TO_SNOWFLAKE = {code: token for token, code in reversed(_TOKENS)} | {"%z": "TZH:TZM", "%p": "AM", "%f": "FF6"}
_FRACTION = re.compile(r"FF\d?", re.IGNORECASE)
_ONLY_DIGITS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}


def to_strptime(text: str | None) -> str | None:
    """Return the strptime spelling of a format in either spelling; None for None and AUTO.

    Raise ConfigError for a format that does not contain a date.
    """
    if text is None or text.strip().upper() in ("", "AUTO"):
        return None
    result = text if "%" in text else _scan(text)
    if not re.search(r"%[Yy]", result):
        raise ConfigError(f"The date format '{text}' names no year. Write for example YYYYMMDD or %Y-%m-%d.")
    return result


def to_snowflake(text: str | None) -> str | None:
    """Return Snowflake's spelling of a format in either spelling; None for None and AUTO."""
    if text is None or text.strip().upper() in ("", "AUTO"):
        return None
    if "%" not in text:
        return text
    parts = []
    for code, plain in re.findall(r"(%.)|([^%]+)", text):
        if code and code not in _TO_SNOWFLAKE:
            raise ConfigError(f"The warehouse has nothing like {code} of the format '{text}'. Write it as YYYY-MM-DD.")
        parts.append(_TO_SNOWFLAKE[code] if code else re.sub(r"([A-Za-z]+)", r'"\1"', plain))
    return "".join(parts)


def day_format(kind: ColumnType | None, date_format: str | None, timestamp_format: str | None) -> str | None:
    """The format of the days in a column of that type; None means ISO text."""
    chosen = timestamp_format if kind and kind.is_timestamp else date_format
    if to_strptime(chosen) is not None:
        return chosen
    return DIGITS if kind and (kind.is_text or kind.is_number) else None


def fixed_width(strptime_format: str) -> int | None:
    """The number of characters of a format without separators, None if separators or names show the parts.

    ``2013115`` would pass as ``%Y%m%d`` (strptime takes one-digit days); its length shows that it is wrong.
    """
    codes = re.findall(r"%.", strptime_format)
    if "".join(codes) != strptime_format or any(code not in _ONLY_DIGITS for code in codes):
        return None
    return sum(_ONLY_DIGITS[code] for code in codes)


def _scan(text: str) -> str:
    result, position = [], 0
    while position < len(text):
        rest = text[position:]
        if fraction := _FRACTION.match(rest):
            result.append("%f")
            position += fraction.end()
        elif rest[0] == '"' and '"' in rest[1:]:
            end = rest.index('"', 1)
            result.append(rest[1:end])
            position += end + 1
        elif token := next((token for token in _TOKENS if rest.upper().startswith(token[0])), None):
            result.append(token[1])
            position += len(token[0])
        else:
            result.append(rest[0])
            position += 1
    return "".join(result)
