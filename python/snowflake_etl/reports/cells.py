"""Makes data values safe for files that people open (floor 3): they are shown, never executed."""

from __future__ import annotations

import unicodedata

# What a spreadsheet treats as the beginning of a formula (OWASP, "CSV injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def visible(text: str) -> str:
    """The text on one line, with control codes and characters that hide or reverse text written as escapes.
    Other characters stay, including non-ASCII ones: whoever prints to a terminal makes them ASCII.
    """
    return "".join(_escape(character) if _is_hidden(character) else character for character in text)


def begins_like_formula(text: str) -> bool:
    """True if a spreadsheet would evaluate the text instead of showing it."""
    return text.lstrip(" ").startswith(_FORMULA_STARTS)


def _is_hidden(character: str) -> bool:
    # Cc: control codes; Cf: direction marks, zero widths; Cs: lone surrogates; Zl, Zp: line ends.
    return character != " " and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65_536 else f"\\U{number:08x}"
