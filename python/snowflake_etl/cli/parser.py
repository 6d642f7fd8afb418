"""The parser of every command (floor 6): "did you mean", examples in the help, the shared flags."""

from __future__ import annotations

import argparse
import difflib
import shlex
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from snowflake_etl.errors import UsageError


class Parser(argparse.ArgumentParser):
    """argparse with our usage error: one sentence, the nearest known word, exit code 2."""

    def __init__(self, *, examples: str = "", **given: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **given})
        self._examples = examples
        self._words: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Keep the words: argparse's message about a wrong one does not name it."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        """The examples come last, each line as it is typed."""
        return super().format_help() + (f"\n{self._examples}\n" if self._examples else "")

    def error(self, message: str) -> NoReturn:
        text = f"{message[:1].upper()}{message[1:].rstrip('.')}"
        end = "" if text.endswith("?") else "."
        raise UsageError(f"{text}{end}{self._meant(message)} See {self.prog} --help.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Our own message: argparse's for a wrong choice differs between versions of Python."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            hint = did_you_mean(str(value), known)
            raise argparse.ArgumentError(action, f"invalid choice: '{value}' (choose from {', '.join(known)}).{hint}")

    def _meant(self, message: str) -> str:
        """The flag probably meant by an unknown one, or how to write a value that begins with a dash."""
        if message.endswith("expected one argument"):
            name = message.split()[1].rstrip(":").partition("/")[0]
            value = next((after for word, after in pairwise(self._words) if word == name), "")
            known = value.partition("=")[0] in self._option_string_actions
            return (
                f" A value that begins with '-' is written {name}={shlex.quote(value)}." if value and not known else ""
            )
        if not message.startswith("unrecognized arguments: "):
            return ""
        words = message.partition(": ")[2].split()
        unknown = next((word.partition("=")[0] for word in words if word.startswith("-")), "")
        return did_you_mean(unknown, self._option_string_actions)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for the nearest of the known words, or nothing."""
    known = list(known)
    begun = [one for one in known if len(word) > 2 and one.startswith(word)]
    nearest = begun or difflib.get_close_matches(word.lower(), known, n=1)
    return f" Did you mean '{nearest[0]}'?" if nearest else ""


def add_common_flags(parser: argparse.ArgumentParser, *, config: bool = True) -> None:
    """Add the flags that mean the same for every verb."""
    if config:
        parser.add_argument("--config", type=Path, metavar="FILE", help="configuration (JSON or YAML)")
    parser.add_argument("--environment", metavar="NAME", help="one of the configuration's environments, such as prod")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one key of the configuration for this run"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document and nothing else")
    parser.add_argument("--quiet", action="store_true", help="no progress and no log lines below a warning")
    parser.add_argument(
        "--scheduled",
        metavar="NAME",
        help="for cron and systemd: never two runs of NAME at once, a heartbeat for monitoring, no questions",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="more log lines, the SQL, and a traceback when something fails"
    )
