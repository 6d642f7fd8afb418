"""Remedies for usual slips in the text of a configuration (floor 2): a few words after a parser's message."""

from __future__ import annotations

import json
import re
from typing import Any

_CURLY_QUOTES = "\u201c\u201d\u201e\u2018\u2019"
_PYTHON_WORDS = re.compile(r"(True|False|None|yes|no|null|true|false)\b", re.IGNORECASE)
# The beginning of the parser's message, and what to do about it.
_JSON_MESSAGES = (
    ("Illegal trailing comma", "take it out"),
    ("Expecting ',' delimiter", "a comma is missing before it"),
    ("Expecting ':' delimiter", "write a colon between key and value"),
    ("Invalid \\", "write a backslash twice, or folders with /"),
    ("Invalid control character", "close the quotes on the line where they open"),
    ("Unterminated string", "close the quotes"),
    ("Extra data", "the document ends before it: take the bracket there out, or this"),
)
_YAML_MESSAGES = (
    ("a key is a list or an object", "put a value with braces or brackets in quotes"),
    ("is no day or time", "correct it, or put it in quotes"),
    ("an alias stands for what it is a part of", "write the value instead of *NAME"),
    ("aliases say the same too often", "write values instead of *NAME"),
    ("special characters are not allowed", "remove them, or save the file as UTF-8"),
    ("found character '\\t'", "indent with blanks, not with tabs"),
    ("cannot start any token", "put the value in quotes"),
    ("undefined alias", "put a value that begins with * in quotes"),
    ("expected alphabetic or numeric character", "put a value that begins with * or & in quotes"),
    ("mapping values are not allowed", "put a value with a colon in quotes, or check the indentation"),
    ("could not find expected ':'", "write a colon and a blank between key and value"),
    ("unexpected end of stream", "close the quotes or brackets"),
    ("another document", "take the line --- out"),
    ("could not determine a constructor", "remove the word that begins with !"),
    ("but found '<scalar>'", "put a value with braces, brackets or quotes in quotes as a whole"),
    ("expected <block end>", "check the indentation of this line and the one before"),
    ("expected ',' or", "a comma or a bracket is missing before it"),
)


def cure_of_json(text: str, error: json.JSONDecodeError) -> str:
    """``, remove the comma before it``, or "" if it is not a usual slip."""
    words = _json_words(text, error)
    return f", {words}" if words else ""


def cure_of_yaml(problem: str) -> str:
    """The same for PyYAML's messages."""
    return next((f", {words}" for said, words in _YAML_MESSAGES if said in problem), "")


def _json_words(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "the file is empty"
    before, rest = text[: error.pos].rstrip(), text[error.pos :]
    if rest[:1] in ("}", "]") and before.endswith(","):
        return "remove the comma before it"
    if rest[:2] in ("//", "/*") or rest[:1] == "#":
        return "JSON has no comments: remove it, or write the file as YAML"
    if not before and rest[:1] not in ("{", "["):
        return "this is not JSON: begin with {, or name the file .yaml"
    if rest[:1] == "'":
        return "JSON takes double quotes"
    if rest[:1] in _CURLY_QUOTES and rest:
        return 'JSON takes straight double quotes ("), and these are curly ones'
    if not rest.strip() and not error.msg.startswith("Unterminated"):
        return "the file ends too early: close its brackets"
    for said, words in _JSON_MESSAGES:
        if error.msg.startswith(said):
            return words
    return _unquoted(error.msg, rest)


def _unquoted(said: str, rest: str) -> str:
    """What is found where a value or a key is expected, but is neither."""
    if said.startswith("Expecting property name"):
        return "put the key in double quotes" if re.match(r"[A-Za-z_]", rest) else ""
    if _PYTHON_WORDS.match(rest):
        return "JSON writes true, false and null"
    if rest[:1] in ("}", ",", "]"):
        return "a value is missing before it"
    return "put a text in double quotes"


def line_of(text: str, error: Any) -> int | None:
    """The line that PyYAML means, counted from 1; None if it does not say."""
    if mark := getattr(error, "problem_mark", None):
        return int(mark.line) + 1
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else None
