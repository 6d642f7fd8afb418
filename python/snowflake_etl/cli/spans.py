"""Which days a check covers (floor 6): ``--month``, ``--days`` or all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from snowflake_etl.errors import UsageError
from snowflake_etl.month import ALL_MONTHS, HOW_TO_WRITE_DAYS, HOW_TO_WRITE_MONTHS, DayRange, parse_days, parse_months


def add_span_flags(parser: argparse._ActionsContainer) -> None:
    """Add ``--month`` and ``--days``."""
    parser.add_argument("--month", metavar="MONTH", help=_as_help(HOW_TO_WRITE_MONTHS))
    parser.add_argument("--days", metavar="A..B", help=_as_help(HOW_TO_WRITE_DAYS))


def asked_spans(arguments: argparse.Namespace) -> Sequence[DayRange | None]:
    """Each month separately, or the days, or (None,) for everything.  Raise UsageError for both flags at once."""
    from snowflake_etl.config.places import today

    if arguments.month and arguments.days:
        raise UsageError("Say which days you mean with either --month or --days.")
    if arguments.days:
        return (parse_days(arguments.days),)
    if arguments.month is None or arguments.month.strip().lower() == ALL_MONTHS:
        return (None,)
    return [month.days() for month in parse_months(arguments.month, today())]


def _as_help(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
