"""``config validate``: everything that can be known about a configuration before a load uses it (floor 6)."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context
from snowflake_etl.errors import ExitCode
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.operations.configurations.check import ConfigCheck

HELP = "keys, types, patterns, files and sign-in, of every environment unless one is chosen"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    flags = parser.add_argument_group("validate")
    flags.add_argument("--connect", action="store_true", help="also sign in, and compare the columns with the tables")


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.configurations.check import check_configuration

    path = context.configuration_path
    checks = check_configuration(path, context.choice, context.state_directory, connect=context.arguments.connect)
    errors = len({problem.message for check in checks for problem in check.errors})
    for line in _lines(checks):
        context.say(line)
    message = (
        f"{path} has {counted(errors, 'mistake')}. Correct them and validate it again.{_migration(path)}"
        if errors
        else f"{path} is valid: {_summed(checks)}."
    )
    context.say(message)
    context.answer(
        {
            "status": "invalid" if errors else "valid",
            "checks": [asdict(check) for check in checks],
            "message": message,
        }
    )
    return ExitCode.CONFIGURATION if errors else ExitCode.OK


def _migration(path: Path) -> str:
    """Mistakes may be settings of an older shape, which need not be corrected by hand."""
    from snowflake_etl.config.migration import migrated
    from snowflake_etl.config.sources import read_sources

    older = [one for one, document in read_sources(path).files if migrated(document) != document]
    return "".join(f" config migrate --config {shlex.quote(str(one))} corrects some by itself." for one in older)


def _lines(checks: Sequence[ConfigCheck]) -> list[str]:
    """Each sentence once: most mistakes occur in all environments."""
    lines: list[str] = []
    told: set[str] = set()
    for check in checks:
        if check.environment is not None:
            lines.append(f"Environment {check.environment}: target {check.target}")
        for one in check.patterns:
            files = f"{counted(one.files, 'file')}, newest {one.newest}" if one.files else "no file"
            lines.append(f"  {one.pattern} -> {one.table}: {files}")
        for problem in check.problems:
            if problem.message not in told:
                told.add(problem.message)
                lines.append(f"{problem.severity}: {problem.message}")
    return list(dict.fromkeys(lines))


def _summed(checks: Sequence[ConfigCheck]) -> str:
    targets = ", ".join(dict.fromkeys(check.target for check in checks))
    warnings = len({problem.message for check in checks for problem in check.problems})
    signed_in = ", signed in" if all(check.connected for check in checks) else ""
    return (
        f"target {targets}{signed_in}, {counted(warnings, 'warning')}" if warnings else f"target {targets}{signed_in}"
    )
