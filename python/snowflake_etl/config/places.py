"""Where things are on this host (floor 2): checkout, state folder, configuration in use.

The rules are the same as in ``lib/core.sh``: bash and Python agree on them through the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def is_checkout() -> bool:
    """True when the package runs from a checkout, where ``snowflake_etl.sh`` stands beside it."""
    return (CHECKOUT / "snowflake_etl.sh").is_file()


def program() -> str:
    """What is typed before a verb here: the menu script of a checkout, by its path, or the installed command."""
    if not is_checkout():
        return "snowflake-etl"
    return "./snowflake_etl.sh" if Path.cwd() == CHECKOUT else str(CHECKOUT / "snowflake_etl.sh")


def state_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Return ``ETL_STATE_DIR``, else the checkout's ``logs``, else a folder below XDG_STATE_HOME; make it, 0700."""
    if chosen := environment.get("ETL_STATE_DIR"):
        directory = Path(chosen).absolute()
    elif is_checkout() and os.access(CHECKOUT / "logs", os.W_OK):
        directory = CHECKOUT / "logs"
    else:
        home = environment.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        directory = Path(home) / "snowflake_etl"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def default_configuration(environment: Mapping[str, str] = os.environ) -> Path:
    """Return ``ETL_CONFIG``, else the operator's saved choice, else the example that ships with the tools."""
    if chosen := environment.get("ETL_CONFIG"):
        return Path(chosen)
    saved = state_directory(environment) / "preferences" / "config"
    if saved.is_file() and (text := saved.read_text(encoding="utf-8").rstrip("\n")):
        return Path(text)
    return CHECKOUT / "config" / "example.json"


def today(environment: Mapping[str, str] = os.environ) -> date:
    """The day that "current" and "last" months and the age of data are told from; ``ETL_TODAY`` sets another one."""
    return date.fromisoformat(environment["ETL_TODAY"]) if environment.get("ETL_TODAY") else date.today()
