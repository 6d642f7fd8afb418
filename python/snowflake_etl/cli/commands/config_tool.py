"""``config``: look at configurations (floor 6); every action is a module of ``cli/config_actions``."""

from __future__ import annotations

import argparse

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.config_actions import environments, generate, set_secret, show, tables, target, validate
from snowflake_etl.errors import ExitCode

DESCRIPTION = "Show and validate configurations, and keep secrets for them."

ACTIONS = {"show": show, "validate": validate, "target": target, "tables": tables, "environments": environments}
ACTIONS |= {"set-secret": set_secret, "generate": generate}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = "; ".join(f"{name}: {action.HELP}" for name, action in ACTIONS.items())
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=what)
    for action in ACTIONS.values():
        action.add_arguments(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    code: ExitCode = ACTIONS[context.arguments.action].run(context)
    return code
