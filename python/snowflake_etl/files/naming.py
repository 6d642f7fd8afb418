"""How file names are shown in messages: one line, ASCII, quoted (floor 3, pure)."""

from __future__ import annotations

import os


def shown(path: str | os.PathLike[str]) -> str:
    """Return ``path`` in quotes with control codes and non-ASCII characters escaped.

    Names are untrusted; a newline or an escape sequence in one must not reach a terminal or a log.
    """
    return ascii(os.fspath(path))


def shown_all(paths: list[str]) -> str:
    """Several names in one sentence: ``'a', 'b' and 'c'``."""
    names = [shown(path) for path in paths]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
