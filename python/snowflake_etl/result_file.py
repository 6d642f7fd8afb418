"""A file for a result (floor 1): complete or not at all, and never replacing something that is not a file."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def result_file(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Open a file for a result; it gets its name once the block has ended without an error.
    An existing non-file such as /dev/null or a named pipe is written to, not replaced, and a link stays a
    link.  Raise OSError with the requested name.
    """
    if is_no_file(path):
        with path.open("wb") as stream:
            yield stream
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            yield stream
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and (error.filename == str(temporary) or _is_nameless(error)):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def is_no_file(path: Path) -> bool:
    """True for a device, a pipe, a folder."""
    return path.exists() and not path.is_file()


def _is_nameless(error: OSError) -> bool:
    """The error for a full disk has no file name; whoever reads it wants to know which disk."""
    return error.filename is None and error.errno in _NO_ROOM
