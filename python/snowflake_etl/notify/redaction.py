"""Removes data values from what leaves the host (floor 3): everything in quotes, unless rows are asked for."""

from __future__ import annotations

import re
from collections.abc import Collection

VALUE = "'<value>'"
# What servers and checks quote: 'x', with '' and \' inside.  An apostrophe inside a word opens nothing.
_QUOTED = re.compile(r"(?m)(?<![A-Za-z0-9_])(?:'(?:[^'\\\n]|''|\\.)*'(?![A-Za-z0-9_])|'[^'\n]*$)")
# Double quotes enclose names of columns and tables, and values that contain an apostrophe or that a server quotes so.
_CALLED_VALUE = re.compile(r'(?i)\b(value|values|string|text|field)(:?\s+)"[^"\n]*"')
_IN_DOUBLE_QUOTES = re.compile(r'"(?![A-Za-z_][A-Za-z0-9_$]*")[^"\n]*"')
_BACK_QUOTED = re.compile(r"`[^`\n]*`")
# The worst duplicate key is reported with its values.
_KEY = re.compile(r"(?<=the worst is ).+?(?= with [0-9,]+ row)")
# A server's own wording for the row that it rejected.
_ROW = re.compile(r"(?im)^(\s*(?:row|record|value|field)s?\s*[:=]).*$")


def without_values(text: str, names: Collection[str] = ()) -> str:
    """The text with every quoted value replaced.

    What is clearly the name of a column or table stays, and so do the ``names`` that are known not to be data.
    """

    def cut(match: re.Match[str]) -> str:
        return match[0] if match[0][1:-1] in names else VALUE

    text = _CALLED_VALUE.sub(rf"\1\2{VALUE}", text)
    text = _IN_DOUBLE_QUOTES.sub(cut, text)
    text = _QUOTED.sub(cut, text)
    text = _BACK_QUOTED.sub("`<value>`", text)
    text = _KEY.sub("<value>", text)
    return _ROW.sub(r"\1 <value>", text)
