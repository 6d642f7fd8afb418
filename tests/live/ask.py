#!/usr/bin/env python3
"""Ask a Snowflake account the questions that only it can answer, and print a table of the answers.

The account is the one that ETL_TEST_CONNECTION names (a name in connections.toml; ETL_TEST_DATABASE and
ETL_TEST_WAREHOUSE where the connection names none).  Everything happens in a schema with a random name, which is
dropped at the end.  It takes about five minutes of an X-Small warehouse, 0.1 to 0.2 credits.
See docs/live.md.

Exit code: 0 no assumption was found wrong, 6 one was, 2 usage, 3 or 4 no connection, 130, 141 or 143 stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "python"), str(HERE)]

from asking import Answer, Holds, Question, all_questions, ask  # noqa: E402 - after the path
from room import HOW_TO_RUN, Account, place_in, temporary_state  # noqa: E402
from snowflake_etl.errors import EtlError, ExitCode  # noqa: E402

_TITLES = ("no.", "question", "assumption", "answer", "holds")
_WIDTHS_OF_NARROW = (4, 7)
_NARROWEST, _WIDEST, _USUAL = 100, 220, 160


def main() -> int:
    options = _options()
    questions = [asked for asked in all_questions() if _wanted(asked, options)]
    if options.list:
        print(_table([str(asked.number), asked.text, asked.assumption, asked.source, ""] for asked in questions))
        return ExitCode.OK
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        answers = _answers(questions)
    except EtlError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped; the schema of the questions was dropped.", file=sys.stderr)
        return ExitCode.INTERRUPTED
    if answers is None:
        print(f"{HOW_TO_RUN}.", file=sys.stderr)
        return ExitCode.USAGE
    print(json.dumps([_document(answer) for answer in answers], indent=1) if options.json else _report(answers))
    return ExitCode.PROBLEMS_FOUND if any(answer.holds is Holds.NO for answer in answers) else ExitCode.OK


def _options() -> argparse.Namespace:
    description, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NUMBERS", help="for example 301,4 (4 means all that begin with 4)")
    parser.add_argument("--long", action="store_true", help="also ask those that take minutes (about 15 in all)")
    parser.add_argument("--list", action="store_true", help="print the questions and where they stand; asks nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    return parser.parse_args()


def _wanted(asked: Question, options: argparse.Namespace) -> bool:
    if options.only:
        return any(str(asked.number).startswith(start.strip()) for start in options.only.split(",") if start.strip())
    return not asked.long or options.long or options.list


def _stop(number: int, _: object) -> NoReturn:
    # Raised in the main thread, so that the schema is dropped on the way out.
    raise SystemExit(128 + number)


def _answers(questions: Sequence[Question]) -> list[Answer] | None:
    with temporary_state() as state:
        account = Account.of_environment(state)
        if account is None:
            return None
        answers = []
        with place_in(account) as place:
            for asked in questions:
                answer = ask(asked, place)
                answers.append(answer)
                print(f"{asked.number} {answer.holds:7} {answer.seconds:5.1f} s  {asked.text}", file=sys.stderr)
        return answers


def _report(answers: Sequence[Answer]) -> str:
    rows = (
        [str(answer.question.number), answer.question.text, answer.question.assumption, answer.seen, answer.holds]
        for answer in answers
    )
    lines = [_table(rows), ""]
    for answer in answers:
        if answer.holds is Holds.NO:
            asked = answer.question
            lines.append(f"{asked.number} is not as assumed ({asked.source}). {asked.otherwise}")
    counts = ", ".join(f"{sum(answer.holds is holds for answer in answers)} {holds}" for holds in Holds)
    return "\n".join([*lines, f"{len(answers)} questions: {counts}."])


def _table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as a table of ASCII, its cells wrapped to the terminal's width."""
    columns = shutil.get_terminal_size((_USUAL, 0)).columns if sys.stdout.isatty() else _USUAL
    number, holds = _WIDTHS_OF_NARROW
    free = min(max(columns, _NARROWEST), _WIDEST) - number - holds - 4 * 3
    widths = (number, free * 3 // 10, free * 3 // 10, free - 2 * (free * 3 // 10), holds)
    rule = "-+-".join("-" * width for width in widths)
    lines = [_lines(_TITLES, widths), rule]
    for row in rows:
        lines += [_lines(row, widths), rule]
    return "\n".join(lines)


def _lines(cells: Sequence[str], widths: Sequence[int]) -> str:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return "\n".join(
        " | ".join(text.ljust(width) for text, width in zip(parts, widths, strict=True)).rstrip()
        for parts in zip(*padded, strict=True)
    )


def _document(answer: Answer) -> dict[str, Any]:
    asked = answer.question
    return {
        "number": asked.number,
        "question": asked.text,
        "assumption": asked.assumption,
        "source": asked.source,
        "answer": answer.seen,
        "holds": answer.holds,
        "otherwise": asked.otherwise,
        "seconds": round(answer.seconds, 1),
    }


def _run() -> int:
    try:
        code = int(main())
        sys.stdout.flush()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    except BrokenPipeError:
        # Whoever reads has read enough, as head does; what was found can no longer be told.
        return 128 + signal.SIGPIPE
    return code


if __name__ == "__main__":
    code = _run()
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.flush()
    # A question that was given up may still wait for an answer in a thread.
    os._exit(code)
