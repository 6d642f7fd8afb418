"""A variable without its braces (floor 2): ``$HOME/data`` is taken literally, so no such path exists."""

from __future__ import annotations

import re
from pathlib import Path

_BARE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def hint_of_braces(path: Path) -> str:
    """`` Write ${HOME} for $HOME.``, to follow the message about a missing path; else nothing."""
    match = _BARE.search(str(path))
    return f" Write ${{{match[1]}}} for {match[0]}." if match else ""
