"""Where things are on this host (floor 2): checkout, state folder, configuration in use.

The rules are the same as in ``lib/core.sh``: bash and Python agree on them through the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from snowflake_etl.config import state
from snowflake_etl.errors import ConfigError

CHECKOUT = Path(__file__).resolve().parents[3]


def is_checkout() -> bool:
    """True when the package runs from a checkout, with ``snowflake_etl.sh`` beside it."""
    return (CHECKOUT / "snowflake_etl.sh").is_file()


def home() -> Path:
    """The folder of entry, bash libraries, example and samples: the checkout, or its equivalent in an installed
    package.
    """
    return CHECKOUT if is_checkout() else Path(__file__).resolve().parents[1] / "home"


def program() -> str:
    """What is typed before a verb here: the menu script of a checkout, by its path, or the installed command."""
    if not is_checkout():
        return "snowflake-etl"
    return "./snowflake_etl.sh" if Path.cwd() == CHECKOUT else str(CHECKOUT / "snowflake_etl.sh")


def repair() -> str:
    """The sentence that says how to install the libraries again."""
    return f"Run {program()} setup." if is_checkout() else "Install snowflake-etl again."


def state_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Return ``ETL_STATE_DIR``, else the checkout's ``logs`` when it is ours, else a folder below XDG_STATE_HOME.

    Create it with mode 0700.  Raise ConfigError when others may use it, or a newer version wrote it.
    """
    if chosen := environment.get("ETL_STATE_DIR"):
        directory = Path(chosen).absolute()
    elif is_checkout() and _is_ours(CHECKOUT / "logs"):
        directory = CHECKOUT / "logs"
    else:
        base = environment.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        directory = Path(base) / "snowflake_etl"
    state.prepare(directory, home())
    return directory


def _is_ours(logs: Path) -> bool:
    """Several operators may share a checkout: its state folder is only for its owner."""
    if not logs.exists():
        return os.access(logs.parent, os.W_OK)
    return os.access(logs, os.W_OK) and logs.stat().st_uid == os.geteuid()


def default_configuration(environment: Mapping[str, str] = os.environ) -> Path:
    """Return ``ETL_CONFIG``, else the operator's saved choice, else the example that ships with the tools."""
    if chosen := environment.get("ETL_CONFIG"):
        return Path(chosen)
    saved = state_directory(environment) / "preferences" / "config"
    if saved.is_file() and (text := saved.read_text(encoding="utf-8").rstrip("\n")):
        return Path(text)
    return home() / "config" / "example.json"


def today(environment: Mapping[str, str] = os.environ) -> date:
    """The reference day for "current" and "last" months and the age of data; ``ETL_TODAY`` sets another one."""
    chosen = environment.get("ETL_TODAY")
    try:
        return date.fromisoformat(chosen) if chosen else date.today()
    except ValueError:
        raise ConfigError(
            f"The variable ETL_TODAY is '{chosen}', which is not a day. Write YYYY-MM-DD, or unset it."
        ) from None
