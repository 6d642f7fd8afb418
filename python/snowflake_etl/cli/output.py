"""A run's output and result files (floor 6): failing to write them does not end the work."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from snowflake_etl.errors import UsageError
from snowflake_etl.files.naming import shown
from snowflake_etl.result_file import is_no_file, result_file

# Flags that name a file for a result.
_RESULT_FLAGS = ("output", "differences", "rejects")


def put_out(text: str) -> str:
    """Write to standard output; return why that failed, or "" (also if the reader of a pipe has gone).
    After a failure nothing more is written: loading ten months must not stop at the first because nobody reads on.
    """
    try:
        print(text, end="", flush=True)
    except OSError as error:
        _forget_stdout()
        return "" if isinstance(error, BrokenPipeError) else error.strerror or str(error)
    return ""


def complain(text: str) -> None:
    """Write a line to standard error, if anybody reads it."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read (0600), completely or not at all."""
    with result_file(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def check_result_files(arguments: argparse.Namespace) -> None:
    """Raise UsageError for a result that could not be written: before the work, which may take hours."""
    for name in _RESULT_FLAGS:
        path: Path | None = getattr(arguments, name, None)
        if path is not None and (reason := _why_not(path)):
            raise UsageError(f"--{name} cannot be written: {reason}")


def _why_not(path: Path) -> str:
    if path.is_dir():
        return f"{shown(path)} is a folder. Name a file."
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"there is no folder {shown(folder)}. Make it, or name another file."
    if not os.access(path if is_no_file(path) else folder, os.W_OK):
        return f"{shown(folder)} is not yours to write to. Name a file in another folder."
    return ""


def _forget_stdout() -> None:
    """Keep Python from trying again at exit, and from complaining about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
