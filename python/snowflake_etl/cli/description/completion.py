"""The words of ``completions/snowflake_etl.bash`` (floor 6): verbs, flags and what each takes, as bash functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from snowflake_etl.cli.description.facts import Argument, Verb
from snowflake_etl.cli.main import WITH_VALUE

BEGIN = "# --- written by python -m snowflake_etl.cli.description ---\n"
END = "# --- end of what is written ---\n"
_JOB_STATES = re.compile(r"^STATE: (.+)$", re.MULTILINE)
_KINDS = {"MONTH": "month", "TABLE": "table", "DIR": "folder"}
_WITH_JOBS = ("diagnose",)


def with_words(text: str, verbs: Sequence[Verb]) -> str:
    """The file with its generated part renewed."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + _functions(verbs) + END + rest.partition(END)[2]


def _functions(verbs: Sequence[Verb]) -> str:
    names = " ".join([*(verb.name for verb in verbs), "help"])
    lines = ["_snowflake_etl_verbs() { # -> REPLY", f"  REPLY='{names}'", "}", ""]
    lines += ["_snowflake_etl_flags() { # <verb> -> REPLY", "  case $1 in"]
    for verb in verbs:
        lines += _case(verb.name, " ".join(_flags(verb)))
    lines += _case("''", "--config --help --version")
    lines += ["    *) REPLY='' ;;", "  esac", "}", ""]
    lines += [
        "_snowflake_etl_words() { # <verb> <number of the word that is no flag> -> REPLY: kind and words",
        "  case $1:$2 in",
    ]
    for verb in verbs:
        for number, kind in enumerate(_positionals(verb), start=1):
            lines += _case(f"{verb.name}:{number}", kind)
    lines += ["    *) REPLY='' ;;", "  esac", "}", ""]
    lines += [
        "_snowflake_etl_value() { # <verb> <flag> -> REPLY: kind and words; 1 when the flag takes none",
        "  case $1:$2 in",
    ]
    for verb in verbs:
        for flags, kind in _values(verb).items():
            lines += _case(" | ".join(f"{verb.name}:{flag}" for flag in flags), kind)
    for flags, kind in _values_before(verbs).items():
        lines += _case(" | ".join(f":{flag}" for flag in flags), kind)
    lines += ["    *) return 1 ;;", "  esac", "}"]
    return "\n".join(lines) + "\n"


def _case(pattern: str, words: str) -> list[str]:
    return [f"    {pattern}) REPLY='{words}' ;;"]


def _flags(verb: Verb) -> list[str]:
    if verb.text:
        return [*dict.fromkeys(re.findall(r"--[a-z-]+", verb.text)), *(["--help"] if "--help" not in verb.text else [])]
    return [name for one in verb.arguments for name in one.names if name.startswith("--")] + ["--background"]


def _positionals(verb: Verb) -> list[str]:
    if verb.name == "jobs":
        subcommands = re.findall(r"^  ([a-z]+) ", verb.text, re.MULTILINE)
        return ["words " + " ".join(subcommands), "job", "words first last up down"]
    return [_kind(verb, one) for one in verb.arguments if not one.is_flag]


def _values(verb: Verb) -> dict[tuple[str, ...], str]:
    """What the flags take, grouped by kind."""
    if verb.text:
        states = _JOB_STATES.search(verb.text)
        found = {"--state": f"words {states[1]}"} if states else {}
        taking = re.findall(r"(--[a-z-]+) ([A-Z]+)", verb.text)
        found |= {
            flag: {"DIR": "folder", "ID": "job"}.get(value, "free") for flag, value in taking if flag not in found
        }
    else:
        found = {
            name: _kind(verb, one)
            for one in verb.arguments
            if one.is_flag and one.value
            for name in one.names
            if name.startswith("--")
        }
    kinds: dict[str, list[str]] = {}
    for flag, kind in found.items():
        kinds.setdefault(kind, []).append(flag)
    return {tuple(flags): kind for kind, flags in kinds.items()}


def _values_before(verbs: Sequence[Verb]) -> dict[tuple[str, ...], str]:
    """The same before the verb is known: as in the first verb that has them."""
    kinds: dict[str, list[str]] = {}
    for flag in sorted(WITH_VALUE):
        kind = next(kind for verb in verbs for flags, kind in _values(verb).items() if flag in flags)
        kinds.setdefault(kind, []).append(flag)
    return {tuple(flags): kind for kind, flags in kinds.items()}


def _kind(verb: Verb, argument: Argument) -> str:
    if argument.choices:
        return "words " + " ".join(argument.choices)
    if not argument.is_flag and verb.name in _WITH_JOBS:
        return "job"
    if "--table" in argument.names:
        return "table"
    return _KINDS.get(argument.value, "file" if argument.is_path else "free")
