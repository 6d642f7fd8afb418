"""``diagnose``: why a job or a load failed, where, and what to do next (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.errors import ExitCode, UsageError

DESCRIPTION = "Say why a job or load failed: file, line, column, value, cause, and the command to run next."
EPILOG = "exit code 0: explained, or nothing failed.  6: the cause of the failure is not known."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.add_argument(
        "subject",
        nargs="?",
        metavar="WHAT",
        help="a job's id, a run's id or the path of a log (default: what failed last)",
    )
    parser.add_argument("--table", metavar="TABLE", help="the last load of this table")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.check_history import subject_of
    from snowflake_etl.operations.diagnosis.diagnose import diagnose
    from snowflake_etl.operations.diagnosis.gather import Gatherer
    from snowflake_etl.reports.diagnosis_text import diagnosis_text

    arguments = context.arguments
    if arguments.subject and arguments.table:
        raise UsageError("Give either a job, run or log, or --table, not both.")
    gatherer = Gatherer(context.state_directory)
    if arguments.table:
        full_name = subject_of(context.warehouse.section, arguments.table, None).table
        failures = gatherer.of_table(arguments.table, context.warehouse.place, full_name)
    else:
        failures = gatherer.of(arguments.subject) if arguments.subject else gatherer.newest()
    result = diagnose(failures, arguments.config, context.state_directory, context.progress)
    context.close()
    context.say(diagnosis_text(result))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)
