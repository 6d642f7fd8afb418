"""``check-file``: are files complete and sane, before anything is sent? (floor 6)"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver, where_all_is
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.month import HOW_TO_WRITE_MONTHS

if TYPE_CHECKING:
    from snowflake_etl.operations.check_files import OnReject
    from snowflake_etl.operations.checked_files import CheckedFile
    from snowflake_etl.results import CheckResult

DESCRIPTION = "Check files before they are loaded: days, layout, types, duplicate keys, your own rules. Sends nothing."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("what to check")
    which.add_argument("--file", action="append", type=Path, metavar="FILE", help="this file (may be repeated)")
    which.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    which.add_argument("--base-path", type=Path, metavar="DIR", help="where the files are, instead of base_path")
    which.add_argument(
        "--table",
        metavar="TABLE",
        help="only files of this table, and types of the table as it is now; without it nobody signs in and the "
        "types are those of create_table",
    )
    how = parser.add_argument_group("how to check it")
    how.add_argument("--strict", action="store_true", help="warnings lead to exit code 6 as well")
    how.add_argument("--sample-rows", type=int, metavar="N", help="check only the first N rows; days are not judged")
    how.add_argument(
        "--rejects", type=Path, metavar="FILE", help="write every wrong value and row to a CSV file (mode 0600)"
    )
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.checked_files import refuse_overwriting
    from snowflake_etl.reports.files_text import files_text

    arguments = context.arguments
    if bool(arguments.month) == bool(arguments.file):
        raise UsageError("Say what to check with either --file or --month.")
    if arguments.sample_rows is not None and arguments.sample_rows < 1:
        raise UsageError(f"--sample-rows takes a number from 1, not {arguments.sample_rows}.")
    files = _files(context)
    refuse_overwriting(files, (arguments.rejects, arguments.output))
    result = _with_rejects(context, files, arguments.rejects) if arguments.rejects else _result(context, files, None)
    context.close()
    context.say(files_text(result, where_all_is(context), context.width))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def _with_rejects(context: Context, files: Sequence[CheckedFile], path: Path) -> CheckResult:
    from snowflake_etl.reports.rejects_csv import RejectsFile

    with RejectsFile(path) as rejects:
        result = _result(
            context,
            files,
            lambda file, reject: rejects.add(file.name, reject.line, reject.column, reject.value, reject.reason),
        )
    return dataclasses.replace(result, rejects_file=str(path), rejected=rejects.rows)


def _result(context: Context, files: Sequence[CheckedFile], on_reject: OnReject | None) -> CheckResult:
    from snowflake_etl.operations.check_files import CheckWishes, check_files

    arguments = context.arguments
    wishes = CheckWishes(bool(arguments.table), arguments.sample_rows, arguments.strict, on_reject)
    return check_files(
        files, context.configuration, context.warehouse, context.state_directory, wishes, context.progress
    )


def _files(context: Context) -> list[CheckedFile]:
    from snowflake_etl.config.places import today
    from snowflake_etl.operations.checked_files import files_of_plan, named_files
    from snowflake_etl.operations.load_plan import plan_months

    arguments, loaded = context.arguments, context.configuration
    if arguments.file:
        return named_files(loaded, arguments.file, arguments.table)
    months = plan_months(loaded, arguments.month, today(), arguments.base_path, arguments.table, go_on=True)
    return files_of_plan(months)
