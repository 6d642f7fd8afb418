"""Values of data on their way into files for people (floor 3): shown, and never obeyed."""

from __future__ import annotations

import unicodedata

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    """The text in one line, with control codes, and what hides or turns around text, written as escapes.

    Other characters stay as they are, beyond ASCII too: terminals get ASCII from whoever prints.
    """
    return "".join(_escape(character) if _is_hidden(character) else character for character in text)


def begins_like_formula(text: str) -> bool:
    """True where a spreadsheet would compute the text instead of showing it."""
    return text.lstrip(" ").startswith(_FORMULA_STARTS)


def _is_hidden(character: str) -> bool:
    # Cc: control codes; Cf: direction marks, zero widths; Cs: halves of characters; Zl, Zp: line ends.
    return character != " " and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65_536 else f"\\U{number:08x}"
