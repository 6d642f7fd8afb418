"""``validate``: are the tables complete and sane? (floor 6)"""

from __future__ import annotations

import argparse
import dataclasses

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver, where_all_is
from snowflake_etl.cli.spans import add_span_flags, asked_spans
from snowflake_etl.errors import ExitCode

DESCRIPTION = "Check tables in Snowflake: no missing day, no unusual day, no bad date, no duplicate key."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--table", action="append", default=[], metavar="TABLE", help="a table of the configuration (default: all)"
    )
    add_span_flags(parser)
    parser.add_argument("--strict", action="store_true", help="warnings lead to exit code 6 as well")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations.checked_tables import chosen_entries
    from snowflake_etl.operations.checks.validate import validate
    from snowflake_etl.reports.validate_text import validate_text

    arguments = context.arguments
    spans = asked_spans(arguments)
    loaded = context.configuration
    result = validate(
        chosen_entries(loaded, arguments.table),
        spans,
        loaded.configuration,
        context.warehouse,
        context.progress,
        strict=arguments.strict,
    )
    context.close()
    context.say(validate_text(result, where_all_is(context), context.width))
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)
