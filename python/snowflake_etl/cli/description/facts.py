"""The verbs with their flags, as the parsers know them (floor 6): the source of the documents."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.cli.examples import EXAMPLES
from snowflake_etl.cli.main import VERBS
from snowflake_etl.cli.parser import Parser, add_common_flags
from snowflake_etl.config.places import CHECKOUT

# argparse's own titles, which differ between versions of Python.
_USUAL_GROUPS = {"positional arguments": "what", "options": "flags", "optional arguments": "flags"}
BASH_VERBS = {
    "jobs": "Background jobs: list, show, log, follow, cancel, rerun, compare, move, wait, prune.",
    "setup": "Create or repair the Python environment, with or without a network.",
}


@dataclass(frozen=True)
class Argument:
    """A flag (``names`` begin with a dash) or a positional; ``value`` is "" if it takes none."""

    names: tuple[str, ...]
    value: str
    about: str
    choices: tuple[str, ...]
    is_path: bool
    shared: bool

    @property
    def is_flag(self) -> bool:
        return self.names[0].startswith("-")

    @property
    def shown(self) -> str:
        return " ".join(filter(None, [", ".join(self.names) if self.is_flag else "", self.value]))


@dataclass(frozen=True)
class Verb:
    """One verb; ``text`` is the help of those that are written in bash and have no parser."""

    name: str
    about: str
    groups: tuple[tuple[str, tuple[Argument, ...]], ...] = ()
    notes: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(one for _, arguments in self.groups for one in arguments)


def all_verbs() -> tuple[Verb, ...]:
    """Every verb, the ones with a parser first, in the order of the help."""
    return (*(_of_parser(verb) for verb in VERBS), *(_of_bash(verb) for verb in BASH_VERBS))


def _of_parser(verb: str) -> Verb:
    command = importlib.import_module(f"snowflake_etl.cli.commands.{VERBS[verb]}")
    parser = Parser(prog=verb)
    command.add_arguments(parser)
    shared = {name for action in _common()._actions for name in action.option_strings}
    groups = []
    for group in parser._action_groups:
        arguments = tuple(_argument(one, shared) for one in group._group_actions if one.help != argparse.SUPPRESS)
        if arguments:
            title = group.title or ""
            groups.append((_USUAL_GROUPS.get(title, title), arguments))
    # What is specific to this verb comes first.
    groups.sort(key=lambda group: {"what": 0, "flags": 2}.get(group[0], 1))
    return Verb(verb, command.DESCRIPTION, tuple(groups), parser.epilog or "", EXAMPLES.get(verb, ()))


def _common() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_common_flags(parser)
    return parser


def _argument(action: argparse.Action, shared: set[str]) -> Argument:
    choices = tuple(str(choice) for choice in action.choices or ())
    takes = action.nargs != 0
    named = action.metavar if isinstance(action.metavar, str) else None
    value = (named or "|".join(choices) or action.dest.upper()) if takes else ""
    if not action.option_strings and action.nargs == "?":
        value = f"[{value}]"
    about = (action.help or "") % {**vars(action), "prog": "snowflake-etl"}
    names = tuple(sorted(action.option_strings, key=len)) or (action.dest,)
    is_shared = bool(shared.intersection(action.option_strings))
    return Argument(names, value, " ".join(about.split()), choices, action.type is Path, is_shared)


def _of_bash(verb: str) -> Verb:
    """The help of a verb written in bash: the text between HELP and HELP in its file."""
    for path in sorted((CHECKOUT / "lib").glob(f"{verb}*.sh")):
        _, begun, rest = path.read_text(encoding="ascii").partition("cat <<'HELP'\n")
        if begun and rest.startswith(f"usage: snowflake_etl.sh {verb}"):
            return Verb(verb, BASH_VERBS[verb], text=rest.partition("\nHELP\n")[0])
    raise LookupError(verb)
