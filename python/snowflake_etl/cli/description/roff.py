"""Man pages (floor 6): one for the program and one for each verb, with the few macros that every ``man`` knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from snowflake_etl.cli.description.facts import Argument, Verb
from snowflake_etl.errors import ExitCode

PROGRAM = "snowflake-etl"
_EXIT_CODES = {
    ExitCode.OK: "ok",
    ExitCode.UNEXPECTED: "unexpected: a bug",
    ExitCode.USAGE: "usage",
    ExitCode.CONFIGURATION: "configuration",
    ExitCode.CONNECTION: "connection or sign-in",
    ExitCode.WAREHOUSE: "warehouse or SQL",
    ExitCode.PROBLEMS_FOUND: "ran fine and found problems",
    ExitCode.REFUSED: "refused: already loaded, not confirmed, locked by another run",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C",
    ExitCode.TERMINATED: "stopped by a signal",
}
_ENVIRONMENT = {
    "ETL_CONFIG": "the configuration, unless --config names one",
    "ETL_STATE_DIR": "where jobs, logs, history and the embedded warehouse are kept",
    "NO_COLOR": "when set, no colours",
}


def man_pages(verbs: Sequence[Verb]) -> Mapping[str, str]:
    """File name -> page."""
    pages = {f"{PROGRAM}.1": _overview(verbs)}
    for verb in verbs:
        pages[f"{PROGRAM}-{verb.name}.1"] = _page(verb)
    return pages


def _overview(verbs: Sequence[Verb]) -> str:
    lines = _head(PROGRAM, "monthly files into Snowflake tables, complete, once, checked")
    lines += [
        ".SH SYNOPSIS",
        f".B {_text(PROGRAM)}",
        ".I VERB",
        "[flags]",
        ".PP",
        ".B ./snowflake_etl.sh",
        "(the menu)",
    ]
    lines += [".SH VERBS", *_items((verb.name, verb.about) for verb in verbs)]
    lines += [".SH FLAGS OF EVERY VERB", *_arguments(one for one in verbs[0].arguments if one.shared)]
    lines += [".SH ENVIRONMENT", *_items(_ENVIRONMENT.items())]
    lines += [*_exit_status(), ".SH SEE ALSO", *(_reference(verb.name) for verb in verbs)]
    return "\n".join(lines) + "\n"


def _page(verb: Verb) -> str:
    lines = _head(f"{PROGRAM}-{verb.name}", verb.about.rstrip("."))
    if verb.text:
        return "\n".join([*lines, ".SH DESCRIPTION", ".nf", *map(_text, verb.text.splitlines()), ".fi", ""])
    what = " ".join(one.value for one in verb.arguments if not one.is_flag)
    lines += [".SH SYNOPSIS", f".B {_text(f'{PROGRAM} {verb.name}')}", *([_text(what)] if what else []), "[flags]"]
    lines += [".SH DESCRIPTION", _text(verb.about), *([_text(" ".join(verb.notes.split()))] if verb.notes else [])]
    for title, arguments in verb.groups:
        lines += [f".SH {_text(title.upper())}", *_arguments(arguments)]
    lines.append(".SH EXAMPLES")
    for what, words in verb.examples:
        lines += [".PP", _text(f"{what[:1].upper()}{what[1:]}:"), ".PP", ".RS", ".nf"]
        lines += [_text(f"{PROGRAM} {verb.name} {words}".rstrip()), ".fi", ".RE"]
    lines += [*_exit_status(), ".SH SEE ALSO", f".BR {_text(PROGRAM)} (1)"]
    return "\n".join(lines) + "\n"


def _head(name: str, about: str) -> list[str]:
    title = name.upper().replace('"', "")
    return [f'.TH "{_text(title)}" 1', ".SH NAME", f"{_text(name)} \\- {_text(about)}"]


def _exit_status() -> list[str]:
    return [".SH EXIT STATUS", *_items((str(int(code)), about) for code, about in _EXIT_CODES.items())]


def _arguments(arguments: Iterable[Argument]) -> list[str]:
    return _items((one.shown, one.about or "what to do") for one in arguments)


def _items(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [line for name, about in pairs for line in (".TP", f".B {_text(name)}", _text(about))]


def _reference(verb: str) -> str:
    return f".BR {_text(f'{PROGRAM}-{verb}')} (1)"


def _text(text: str) -> str:
    """Escape a text for roff: literal backslashes and dashes, no line that begins like a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
