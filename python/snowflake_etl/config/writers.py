"""Who may change a configuration file (floor 2): it decides where loads go and where they sign in."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from snowflake_etl.errors import ConfigError

_GROUP_MAY_WRITE, _ALL_MAY_WRITE = stat.S_IWGRP, stat.S_IWOTH


def refuse_when_all_may_change(path: Path) -> None:
    """Raise ConfigError, with the chmod line, when everybody on this host may change or replace the file."""
    if os.name != "posix":
        return
    try:
        mode, above = path.stat().st_mode, path.resolve().parent.stat().st_mode
    except OSError:
        return  # Reading it reports what is wrong.
    if mode & _ALL_MAY_WRITE and stat.S_ISREG(mode):
        raise ConfigError(
            f"Everybody on this host may change {path} (mode {stat.S_IMODE(mode):04o}), and with it where loads go. "
            f"Check that it is still yours, then run: chmod o-w {shlex.quote(str(path))}"
        )
    if above & _ALL_MAY_WRITE and not above & stat.S_ISVTX and stat.S_ISREG(mode):
        folder = path.resolve().parent
        raise ConfigError(
            f"Everybody on this host may replace {path}, since its folder is open to all (mode "
            f"{stat.S_IMODE(above):04o}). Check that it is still yours, then: chmod o-w {shlex.quote(str(folder))}"
        )


def group_warnings(paths: Iterable[Path]) -> Iterator[str]:
    """A sentence, with the chmod line, for each file that other members of a group may change."""
    for path in paths:
        status = path.stat()
        if os.name == "posix" and status.st_mode & _GROUP_MAY_WRITE and not _is_of_one(status):
            yield _group_warning(path, status)


def _group_warning(path: Path, status: os.stat_result) -> str:
    return (
        f"{path} may be changed by its group (mode {stat.S_IMODE(status.st_mode):04o}), and with it where loads go. "
        f"If that is not meant, run: chmod g-w {shlex.quote(str(path))}"
    )


def _is_of_one(status: os.stat_result) -> bool:
    """True if the group is the owner's private one, as most distributions create for each user."""
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return False
    return group.gr_name == owner and not set(group.gr_mem) - {owner}
