"""Numbers with the counted thing (floor 1, a pure function): ``1 file``, ``2,000 files``, ``0 entries``."""

from __future__ import annotations

import re

_Y_BECOMES_IES = re.compile(r"(?<![aeiou])y\Z")


def counted(number: int, thing: str) -> str:
    """Return the number and the thing, whose last word is the noun."""
    return f"{number:,} {thing if number == 1 else _several(thing)}"


def _several(thing: str) -> str:
    return _Y_BECOMES_IES.sub("ie", thing) + "s"
