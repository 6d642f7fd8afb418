"""``docs/commands.md`` (floor 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from snowflake_etl.cli.description.facts import Argument, Verb

PROGRAM = "./snowflake_etl.sh"
_HEAD = """# Commands
Generated from the commands themselves by `PYTHONPATH=python .venv/bin/python -m snowflake_etl.cli.description`; a test
keeps it up to date. After `pip install` the program is `snowflake-etl`. Flags may come before or after the verb, in any
order. The same pages for `man` are in `docs/man`: `man -M docs/man snowflake-etl-load`. With
`source completions/snowflake_etl.bash` in `~/.bashrc`, bash completes verbs, flags, choices, months, tables, job ids.

Exit codes: 0 ok, 1 unexpected, 2 usage, 3 configuration, 4 connection or sign-in, 5 warehouse or SQL, 6 ran fine and
found problems, 7 refused, 130 and 143 stopped.

"""


def commands_document(verbs: Sequence[Verb]) -> str:
    """All verbs, preceded by what they share."""
    shared = [one for one in verbs[0].arguments if one.shared]
    lines = ["| verb | what it does |", "| --- | --- |"]
    lines += [f"| [`{verb.name}`](#{verb.name}) | {_cell(verb.about)} |" for verb in verbs]
    lines += ["", "## Flags of every verb", *_table(shared)]
    lines += ["| `--background` | run as a job that survives the terminal; prints the job's id |"]
    for verb in verbs:
        lines += ["", f"## {verb.name}", verb.about, *_body(verb)]
    return _HEAD + "\n".join(lines) + "\n"


def _body(verb: Verb) -> Iterable[str]:
    if verb.text:
        return ["```", *verb.text.splitlines(), "```"]
    lines: list[str] = []
    for title, arguments in verb.groups:
        own = [one for one in arguments if not one.shared and "--help" not in one.names]
        if own:
            lines += ["", f"*{title}*", "", *_table(own)]
    if verb.notes:
        lines += ["", " ".join(verb.notes.split())]
    lines += ["", "```"]
    for what, words in verb.examples:
        lines += [f"# {what}", f"{PROGRAM} {verb.name} {words}".rstrip()]
    return [*lines, "```"]


def _table(arguments: Iterable[Argument]) -> list[str]:
    rows = [f"| `{_cell(one.shown)}` | {_cell(_about(one))} |" for one in arguments]
    return ["| flag | meaning |", "| --- | --- |", *rows]


def _about(argument: Argument) -> str:
    if argument.choices and "|".join(argument.choices) not in argument.value and len(argument.about) < 300:
        return f"{argument.about} ({', '.join(argument.choices)})"
    return argument.about


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
