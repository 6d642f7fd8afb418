"""The state folder (floor 2): the operator's alone, and of the version that these tools read.

``version`` in it holds a number.  The migration when it increases is done by ``lib/core_state.sh``.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TextIO

from snowflake_etl.errors import ConfigError

VERSION = 1
FILE_NAME = "version"


def prepare(directory: Path, home: Path) -> None:
    """Create the folder with mode 0700, and bring it up to date with the steps in ``home``.

    Raise ConfigError when others may use it, or a newer version of the tools wrote it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"The state folder {directory} cannot be made: {error.strerror}. Set ETL_STATE_DIR to a folder of yours."
        ) from None
    found = _version(directory)
    if found == VERSION:
        return
    if found > VERSION:
        raise ConfigError(
            f"The state folder {directory} was written by a newer version of these tools (state {found}, this one "
            f"knows {VERSION}). Use that version, or set ETL_STATE_DIR to another folder."
        )
    status = directory.stat()
    if status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
        raise ConfigError(
            f"The state folder {directory} is shared with other users. "
            "Set ETL_STATE_DIR to a folder that only you can read."
        )
    if any(directory.iterdir()):
        _upgrade(directory, home)
    else:
        directory.chmod(0o700)
        with open_private(directory / FILE_NAME) as stream:
            stream.write(f"{VERSION}\n")


def open_private(path: Path) -> TextIO:
    """Open a file of the state folder for writing from its start; it is created with mode 0600, whatever the umask."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _version(directory: Path) -> int:
    """The number in the file; 0 before there was one."""
    try:
        text = (directory / FILE_NAME).read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return 0
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _upgrade(directory: Path, home: Path) -> None:
    import subprocess

    steps = 'source "$ETL_ROOT/lib/core.sh" && core_init'
    surroundings = {**os.environ, "ETL_ROOT": str(home), "ETL_STATE_DIR": str(directory)}
    try:
        done = subprocess.run(
            ["bash", "-c", steps],  # noqa: S607 # wherever it is on this host
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise ConfigError(f"The state folder {directory} needs bash to be brought up to date. Install bash.") from None
    if done.returncode:
        raise ConfigError(done.stderr.strip() or f"The state folder {directory} could not be brought up to date.")
