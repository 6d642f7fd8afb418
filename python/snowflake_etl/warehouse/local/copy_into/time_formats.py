"""Snowflake's date, time and timestamp formats as shapes, for DuckDB and in Python (floor 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from snowflake_etl.warehouse.local.sql.duck_text import literal
from snowflake_etl.warehouse.local.sql_errors import SqlError

# Element: (shape, strptime's directive).  Longer elements come first.
_ELEMENTS: tuple[tuple[str, str, str], ...] = (
    ("YYYY", r"\d{4}", "%Y"),
    ("YY", r"\d{2}", "%y"),
    ("MMMM", r"[A-Za-z]{3,9}", "%B"),
    ("MON", r"[A-Za-z]{3}", "%b"),
    ("MM", r"\d{1,2}", "%m"),
    ("DD", r"\d{1,2}", "%d"),
    ("DY", r"[A-Za-z]{3}", "%a"),
    ("HH24", r"\d{1,2}", "%H"),
    ("HH12", r"\d{1,2}", "%I"),
    ("AM", r"[AaPp][Mm]", "%p"),
    ("PM", r"[AaPp][Mm]", "%p"),
    ("MI", r"\d{1,2}", "%M"),
    ("SS", r"\d{1,2}", "%S"),
    ("TZHTZM", r"[+-]\d{4}", "%z"),
    ("TZH:TZM", r"[+-]\d{2}:\d{2}", "%z"),
)
_FRACTION = re.compile(r"FF\d?", re.IGNORECASE)
_DIGITS_ONLY = re.compile(r"(?:YYYY|YY|MM|DD|HH24|HH12|MI|SS)+", re.IGNORECASE)


@dataclass(frozen=True)
class TimeFormat:
    """One accepted spelling: its ``shape`` (a regular expression for both engines) and how to read it."""

    shape: str
    words: str = ""
    cast: str = ""

    def sql(self, value: str, target: str) -> str:
        """DuckDB SQL that reads ``value``, which has the shape, as the DuckDB type ``target``."""
        if self.cast:
            return self.cast.format(value=value, target=target)
        return f"CAST(strptime({value}, {literal(self.words)}) AS {target})"

    def is_real(self, text: str) -> bool:
        """Whether a text of this shape names an existing day and time."""
        return (_real_iso if self.cast else _real_by_words(self.words))(text)


_ISO_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_ISO_TIME = r"(?:[01]?\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ISO_ZONE = r" ?(?:Z|[+-]\d{2}(?::?\d{2})?)"
_PLAIN_CAST = "CAST({value} AS {target})"
# DuckDB only reads +02:00, without a blank before it.
_ZONED_CAST = r"CAST(regexp_replace({value}, ' ?([+-]\d\d):?(\d\d)$', '\1:\2') AS {target})"
_EPOCH = TimeFormat(r"-?\d{1,10}", cast="CAST(CAST(to_timestamp(CAST({value} AS BIGINT)) AS TIMESTAMP) AS {target})")
_AUTO: dict[str, tuple[TimeFormat, ...]] = {
    "DATE": (
        TimeFormat(_ISO_DAY, cast=_PLAIN_CAST),
        TimeFormat(rf"{_ISO_DAY}[T ]{_ISO_TIME}", cast="CAST(CAST({value} AS TIMESTAMP) AS {target})"),
        TimeFormat(r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
        TimeFormat(r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y"),
        # Snowflake reads digits as seconds since 1970, and so does this, so that tests can expose the trap.
        _EPOCH,
    ),
    "TIME": (TimeFormat(_ISO_TIME, cast=_PLAIN_CAST),),
    "TIMESTAMP": (
        TimeFormat(rf"{_ISO_DAY}(?:[T ]{_ISO_TIME})?", cast=_PLAIN_CAST),
        TimeFormat(rf"{_ISO_DAY}[T ]{_ISO_TIME}{_ISO_ZONE}", cast=_ZONED_CAST),
        TimeFormat(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}", "%m/%d/%Y %H:%M:%S"),
        _EPOCH,
    ),
}


def read_time_format(text: str, kind: str) -> tuple[TimeFormat, ...]:
    """The spellings that a DATE_FORMAT, TIME_FORMAT or TIMESTAMP_FORMAT accepts.  Raise SqlError for a bad one."""
    if text.upper() == "AUTO":
        return _AUTO[kind]
    # Without separators only full widths can be told apart.
    fixed = bool(_DIGITS_ONLY.fullmatch(text))
    shape, words, at = "", "", 0
    while at < len(text):
        if fraction := _FRACTION.match(text, at):
            shape, words, at = shape + r"\d{1,6}", words + "%f", fraction.end()
            continue
        for element, element_shape, word in _ELEMENTS:
            if text[at : at + len(element)].upper() == element:
                shape += element_shape.replace("{1,2}", "{2}") if fixed or element in ("MM", "DD") else element_shape
                words, at = words + word, at + len(element)
                break
        else:
            if text[at].isalpha() and text[at] not in "TZ":
                raise SqlError(f"Bad format string: '{text}' (at '{text[at:]}').", 100096, "22007")
            shape, words, at = shape + re.escape(text[at]), words + text[at].replace("%", "%%"), at + 1
    return (TimeFormat(shape, words),)


def _real_by_words(words: str) -> Callable[[str], bool]:
    def real(text: str) -> bool:
        try:
            # Python's years begin at 1; 2000 is a leap year as well.
            datetime.strptime(text.replace("0000", "2000", 1), words)
        except ValueError:
            return False
        return True

    return real


def _real_iso(text: str) -> bool:
    if re.fullmatch(r"-?\d{1,10}", text):
        return True
    found = re.fullmatch(r"(?:(\d{4})-(\d{1,2})-(\d{1,2}))?[T ]?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?.*", text)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups())
    try:
        datetime(year or 2000, month or 1, day or 1, hour or 0, minute or 0, second or 0)
    except ValueError:
        return False
    return True
