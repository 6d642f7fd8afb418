"""Splits statements that the SQL parser does not know (PUT, LIST, COPY, ...) into words (floor 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from snowflake_etl.warehouse.local.sql_errors import SqlError, syntax_error


class Kind(Enum):
    """What a word is."""

    NAME = "name"
    QUOTED = "quoted name"
    TEXT = "text"
    NUMBER = "number"
    STAGE = "stage"
    SIGN = "sign"


@dataclass(frozen=True)
class Word:
    """``value`` is the meaning (a text without its quotes), ``raw`` the spelling, ``at`` the offset."""

    kind: Kind
    value: str
    raw: str
    at: int

    def is_name(self, *names: str) -> bool:
        return self.kind is Kind.NAME and self.value.upper() in names

    def is_sign(self, sign: str) -> bool:
        return self.kind is Kind.SIGN and self.value == sign


_SPACE = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_TEXT = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_DOLLAR_TEXT = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
# A stage name may have quoted parts and ends at a blank, a bracket, a comma or the end.
_STAGE = re.compile(r'@(?:"(?:[^"]|"")*"|[^\s"\'();,])+')
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_FILE_URL = re.compile(r"file://[^\s;]*", re.IGNORECASE)
_SIGN = re.compile(r"=>|[=(),.;*%~?:+\-/<>\[\]]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


def split_words(sql: str) -> list[Word]:
    """The words of one statement without a closing semicolon.  Raise SqlError if it is not a statement."""
    words: list[Word] = []
    at = 0
    while at < len(sql):
        if space := _SPACE.match(sql, at):
            at = space.end()
            continue
        word = _next_word(sql, at)
        words.append(word)
        at += len(word.raw)
    while words and words[-1].is_sign(";"):
        words.pop()
    return words


def _next_word(sql: str, at: int) -> Word:
    for pattern, kind in (
        (_TEXT, Kind.TEXT),
        (_DOLLAR_TEXT, Kind.TEXT),
        (_QUOTED, Kind.QUOTED),
        (_STAGE, Kind.STAGE),
        (_FILE_URL, Kind.TEXT),
        (_NUMBER, Kind.NUMBER),
        (_NAME, Kind.NAME),
        (_SIGN, Kind.SIGN),
    ):
        if found := pattern.match(sql, at):
            raw = found.group(0)
            if pattern is _TEXT:
                return Word(kind, unescape(found.group(1)), raw, at)
            if pattern is _DOLLAR_TEXT:
                return Word(kind, found.group(1), raw, at)
            if pattern is _QUOTED:
                return Word(kind, found.group(1).replace('""', '"'), raw, at)
            return Word(kind, raw, raw, at)
    raise syntax_error(f"syntax error line 1 at position {at} unexpected '{sql[at : at + 10]}'.")


def unescape(body: str) -> str:
    """A text literal's meaning: doubled quotes and Snowflake's backslash escapes."""

    def escape(found: re.Match[str]) -> str:
        code = found.group(0)
        if code == "''":
            return "'"
        if code[1] == "x":
            return chr(int(code[2:], 16))
        if code[1] == "u":
            return chr(int(code[2:], 16))
        if code[1] in "01234567" and len(code) == 4:
            return chr(int(code[1:], 8))
        return _ESCAPES.get(code[1], code[1])

    return re.sub(r"''|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[0-7]{3}|\\.", escape, body, flags=re.DOTALL)


class Words:
    """A reader over the words of one statement; every ``take`` raises SqlError if it finds something else."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._next = 0

    @property
    def done(self) -> bool:
        return self._next >= len(self._words)

    def peek(self, ahead: int = 0) -> Word | None:
        place = self._next + ahead
        return self._words[place] if place < len(self._words) else None

    def advance(self) -> Word:
        if self.done:
            raise syntax_error("syntax error: unexpected end of the statement.")
        word = self._words[self._next]
        self._next += 1
        return word

    def unexpected(self) -> SqlError:
        word = self.peek()
        if word is None:
            return syntax_error("syntax error: unexpected end of the statement.")
        return syntax_error(f"syntax error line 1 at position {word.at} unexpected '{word.raw}'.")

    def skip_name(self, *names: str) -> bool:
        """Step over the next word if it is one of ``names``."""
        word = self.peek()
        if word is not None and word.is_name(*names):
            self._next += 1
            return True
        return False

    def skip_phrase(self, *names: str) -> bool:
        """Step over the next words if they are ``names`` in this order."""
        for ahead, name in enumerate(names):
            word = self.peek(ahead)
            if word is None or not word.is_name(name):
                return False
        self._next += len(names)
        return True

    def skip_sign(self, sign: str) -> bool:
        word = self.peek()
        if word is not None and word.is_sign(sign):
            self._next += 1
            return True
        return False

    def take_name(self, *names: str) -> Word:
        word = self.peek()
        if word is None or not word.is_name(*names):
            raise self.unexpected()
        return self.advance()

    def take_sign(self, sign: str) -> None:
        if not self.skip_sign(sign):
            raise self.unexpected()

    def take_text(self) -> str:
        word = self.peek()
        if word is None or word.kind is not Kind.TEXT:
            raise self.unexpected()
        return self.advance().value

    def take_identifier(self) -> str:
        """One part of an object's name: as typed in quotes, else in upper case."""
        word = self.peek()
        if word is None or word.kind not in (Kind.NAME, Kind.QUOTED):
            raise self.unexpected()
        self._next += 1
        return word.value if word.kind is Kind.QUOTED else word.value.upper()

    def take_object_name(self) -> tuple[str, ...]:
        """An object's name of one to three parts."""
        parts = [self.take_identifier()]
        while self.skip_sign("."):
            parts.append(self.take_identifier())
        if len(parts) > 3:
            raise syntax_error(f"Object name '{'.'.join(parts)}' has more than three parts.")
        return tuple(parts)

    def skip_rest(self) -> None:
        """Skip options that make no difference here, but not a further statement."""
        while not self.done:
            if self.advance().is_sign(";"):
                raise SqlError("Actual statement count 2 did not match the desired statement count 1.", 8, "0A000")

    def expect_end(self) -> None:
        word = self.peek()
        if word is not None and word.is_sign(";"):
            raise SqlError("Actual statement count 2 did not match the desired statement count 1.", 8, "0A000")
        if not self.done:
            raise self.unexpected()
