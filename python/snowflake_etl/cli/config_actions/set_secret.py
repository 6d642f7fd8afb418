"""``config set-secret NAME``: keep a secret where no configuration, log or process list shows it (floor 6)."""

from __future__ import annotations

import argparse
import sys

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode, UsageError

HELP = "keep a secret (typed, or a line of standard input) for ${secret:NAME}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("set-secret")
    flags.add_argument(
        "--where", choices=("keyring", "file"), help="default: the keyring if there is one, otherwise a file"
    )
    flags.add_argument("--remove", action="store_true", help="forget the secret")


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.secret_store import forget_secret, save_secret

    arguments = context.arguments
    name = arguments.name
    if not name:
        raise UsageError("Say what the secret is called: config set-secret NAME.")
    if arguments.remove:
        found = forget_secret(name)
        message = f"The secret '{name}' is gone." if found else f"There was no secret '{name}'."
    else:
        where = save_secret(name, _read(context, name), arguments.where)
        message = f"Kept in {where}. Write it in a configuration as ${{secret:{name}}}."
    context.say(message)
    context.answer({"status": "ok", "name": name, "message": message})
    return ExitCode.OK


def _read(context: Context, name: str) -> str:
    if context.is_interactive:
        text = context.ask_secret(f"Secret {name} (nothing is shown): ")
        if text != context.ask_secret("Once more: "):
            raise UsageError("The two were not the same, so nothing was kept. Try again.")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise UsageError("An empty secret was not kept. Type it, or give it as a line on standard input.")
    return text
