"""``config``: everything about configurations (floor 6); every action is a module of ``cli/config_actions``."""

from __future__ import annotations

import argparse
from types import ModuleType

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.config_actions import (
    environments,
    generate,
    migrate,
    schema,
    set_secret,
    show,
    tables,
    target,
    template,
    validate,
)
from snowflake_etl.errors import ExitCode, UsageError

DESCRIPTION = "Show, validate, create and migrate configurations, and store secrets for them."

ACTIONS: dict[str, ModuleType] = {
    "show": show,
    "validate": validate,
    "generate": generate,
    "template": template,
    "migrate": migrate,
    "schema": schema,
    "set-secret": set_secret,
    "target": target,
    "tables": tables,
    "environments": environments,
}
_NAMED = ("template", "set-secret")
_WRITING = ("generate", "migrate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = "; ".join(f"{name}: {action.HELP}" for name, action in ACTIONS.items())
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=what)
    parser.add_argument("name", nargs="?", metavar="NAME", help="of a template, or of a secret")
    for action in ACTIONS.values():
        action.add_arguments(parser)
    writing = parser.add_argument_group(" and ".join(_WRITING))
    writing.add_argument("--dry-run", action="store_true", help="show the difference and write nothing")
    writing.add_argument("--yes", action="store_true", help="do not ask before writing")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    _refuse_strangers(context.arguments)
    code: ExitCode = ACTIONS[context.arguments.action].run(context)
    return code


def _refuse_strangers(arguments: argparse.Namespace) -> None:
    """Raise UsageError for a flag of another action: nothing that is typed may be silently ignored."""
    if arguments.name and arguments.action not in _NAMED:
        raise UsageError(f"config {arguments.action} takes no name, but '{arguments.name}' was given.")
    for flag in ("yes", "dry_run"):
        if getattr(arguments, flag) and arguments.action not in _WRITING:
            name = flag.replace("_", "-")
            raise UsageError(f"--{name} goes with config {' and '.join(_WRITING)}, not with {arguments.action}.")
    own = _flags_of(ACTIONS[arguments.action])
    for name, action in ACTIONS.items():
        for flag, default in _flags_of(action).items():
            if flag not in own and getattr(arguments, flag) != default:
                raise UsageError(f"--{flag.replace('_', '-')} goes with config {name}, not with {arguments.action}.")


def _flags_of(action: ModuleType) -> dict[str, object]:
    """The flags of one action with their defaults."""
    parser = argparse.ArgumentParser(add_help=False)
    action.add_arguments(parser)
    return vars(parser.parse_args([]))
