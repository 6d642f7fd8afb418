"""Turns a cause into commands that work as printed (floor 5, pure)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.operations.diagnosis.cause import Cause, Remedy
from snowflake_etl.operations.diagnosis.facts import Facts, flag
from snowflake_etl.quality.day_checks import OUTSIDE_DAYS
from snowflake_etl.results import Severity
from snowflake_etl.results_diagnosis import Cure, Place

_CONSENT = ("--yes",)
_CHOICES = ("--environment", "--set")
_SAID_ANEW = ("--expect-rows", "--month", "--file", "--base-path", "--config", *_CHOICES)


@dataclass(frozen=True)
class Means:
    """What commands are built from: the program as typed here, the configuration, all files of the load.

    ``words`` are the flags of the command that failed.
    """

    program: str
    config: Path | None
    table: str
    files: tuple[Path, ...]
    words: tuple[str, ...] = ()

    def command(self, *words: str) -> str:
        return shlex.join([self.program, *words])

    @property
    def configured(self) -> list[str]:
        """The flags that choose the same configuration as the failed command."""
        named = ["--config", str(self.config.absolute())] if self.config else []
        return named + [word for name in _CHOICES for value in flag(self.words, name) for word in (name, value)]


_VARCHAR = re.compile(r"(?:VARCHAR|TEXT|STRING|CHAR)\((\d+)\)", re.IGNORECASE)


def takes(place: Place | None) -> bool:
    """Whether the column now accepts a value that was too long for it."""
    size = _VARCHAR.match(place.type) if place else None
    return bool(place and size and place.value is not None and len(place.value) <= int(size[1]))


def cures_of(cause: Cause, facts: Facts, place: Place | None, means: Means, *, first_row: bool) -> tuple[Cure, ...]:
    """Return the ways out, the best first."""
    match cause.remedy:
        case Remedy.WIDEN if takes(place):
            return _again(facts, means)
        case Remedy.WIDEN:
            return (*_widen(facts, means), *_rows(facts, place, means))
        case Remedy.ROWS:
            return _rows(facts, place, means)
        case Remedy.FORMAT:
            return _of_format(cause, facts, place, means, first_row=first_row)
        case Remedy.NOT_NULL:
            return _of_nulls(facts, place, means)
        case Remedy.COLUMNS | Remedy.QUOTES | Remedy.ENCODING:
            return (*_rows(facts, place, means), _setting(cause, means))
        case Remedy.CHECK:
            return _of_check(cause, facts, means)
        case Remedy.TWINS:
            return _of_twins(facts, means)
        case Remedy.SETTINGS:
            return (*_settings(cause, means), *_again(facts, means))
        case Remedy.CONNECTION:
            return (*_connection(cause, means), _doctor(means), *_again(facts, means))
        case Remedy.RESUME:
            return _resume(facts, means)
        case Remedy.RETRY:
            return _again(facts, means)
        case Remedy.ROOM:
            return (Cure("See what fills the disk of this host, and make room.", "df -h"), *_again(facts, means))
        case Remedy.MEMORY:
            return (
                Cure("Set load.memory_limit lower in the configuration, or have fewer loads run at once (--jobs 1)."),
                *_again(facts, means),
            )
        case Remedy.SAID:
            return (Cure("Do what the message says; then:"), *_again(facts, means))
        case Remedy.WAIT:
            follow = ("jobs", "follow", facts.job_id) if facts.job_id else ("jobs", "list")
            return (Cure("Wait for it.", means.command(*follow)),)
        case Remedy.REPORT:
            return (Cure("Run the same command again with --verbose and report what it prints."),)
        case _:
            return ()


def _widen(facts: Facts, means: Means) -> tuple[Cure, ...]:
    if not facts.run_id:
        return ()
    text = "Widen the column to what the files need, and load again. The statement is shown first."
    return (Cure(text, means.command("recover", "--widen", facts.run_id)),)


def _rows(facts: Facts, place: Place | None, means: Means) -> tuple[Cure, ...]:
    """Leave out the rows that cannot be loaded, or correct them."""
    file = next((path for path in means.files if place and str(path) == place.file), None)
    if file is None or means.config is None:
        return _corrected(facts, place, means)
    return (*_corrected(facts, place, means), *_left_out("rows like it", file, facts, means))


def _left_out(rows: str, file: Path, facts: Facts, means: Means, *flags: str) -> tuple[Cure, ...]:
    """Load a copy of the file that ``clean-file`` writes without such rows."""
    copy = file.parent / "clean" / file.name
    clean = means.command("clean-file", *means.configured, *_one(file, means), *flags)
    load = means.command("load", *_words_for(facts, means, [copy if path == file else path for path in means.files]))
    return (
        Cure(f"Or leave {rows} out: this writes a copy without them, and a list of them with reasons.", clean),
        Cure("Then load the copy.", load),
    )


def _corrected(facts: Facts, place: Place | None, means: Means) -> tuple[Cure, ...]:
    again = _again(facts, means)
    where = f"line {place.line:,} of the file" if place and place.line else "the file"
    text = f"Correct {where}, or have its sender do it, and load again."
    return (Cure(text, again[0].command),) if again else (Cure(text),)


def _words_for(facts: Facts, means: Means, files: Sequence[Path]) -> list[str]:
    """The recorded flags, applied to other files; consent is never repeated."""
    kept, words, skip = [], list(facts.words), False
    for word in words:
        if skip:
            skip = False
        elif word in _SAID_ANEW:
            skip = True
        elif word not in _CONSENT and not word.startswith(tuple(f"{name}=" for name in _SAID_ANEW)):
            kept.append(word)
    named = [word for path in files for word in ("--file", str(path))]
    table = [] if flag(kept, "--table") else ["--table", means.table]
    return [*means.configured, *named, *table, *_without_defaults(kept)]


def _without_defaults(words: Sequence[str]) -> list[str]:
    """Drop the flags that only state a default: they make a command longer but no clearer."""
    text, kept = list(words), []
    while text:
        word = text.pop(0)
        if text and (word, text[0]) in (("--mode", "append"), ("--outside", "refuse"), ("--qc", "file")):
            text.pop(0)
        else:
            kept.append(word)
    return kept


def _of_format(cause: Cause, facts: Facts, place: Place | None, means: Means, *, first_row: bool) -> tuple[Cure, ...]:
    key = "date_format" if cause.code == "bad_date" else "timestamp_format"
    hint = Cure(f"If all values are written like this, set {key} of {means.table or 'the table'} in {_config(means)}.")
    rows = _rows(facts, place, means)
    # If the very first row is wrong, the setting is usually at fault, not the row.
    return (hint, *rows) if first_row else (*rows, hint)


def _of_nulls(facts: Facts, place: Place | None, means: Means) -> tuple[Cure, ...]:
    column = f" {place.column}" if place and place.column else ""
    owner = Cure(
        f"Or, if{column} may be empty, have the table's owner drop NOT NULL; if the text means something, remove it "
        f"from null_values in {_config(means)}."
    )
    return (*_rows(facts, place, means), owner)


def _setting(cause: Cause, means: Means) -> Cure:
    said = {
        Remedy.ENCODING: "If the file is in another encoding (cp1252, latin-1, utf-16), set 'encoding'",
        Remedy.QUOTES: "If quotes are ordinary characters in this file, set 'quote_char' to \"\"",
        Remedy.COLUMNS: "If the file is written with quotes or another delimiter, set 'quote_char' or 'delimiter'",
    }[cause.remedy]
    return Cure(f"{said} of {means.table or 'the table'} in {_config(means)}.")


def _of_check(cause: Cause, facts: Facts, means: Means) -> tuple[Cure, ...]:
    looks = [Cure("See every finding with its lines.", _check_file(path, means)) for path in means.files[:1]]
    again = _again(facts, means)
    if cause.code != "check" or not again:
        return (*looks, *again)
    codes = {found.finding.code for found in facts.findings}
    # The same file would fail again.
    corrected = Cure(_CORRECTED.get(next(iter(codes)) if len(codes) == 1 else "", _ANY_CORRECTED), again[0].command)
    if not means.files or means.config is None:
        return (*looks, corrected)
    left_out: tuple[Cure, ...] = ()
    if codes == {"duplicate_keys"} and len(means.files) == 1:
        left_out = _left_out("all rows of a key but the first", means.files[0], facts, means, "--duplicates")
    return (*looks, corrected, *left_out, *_accepted(codes, facts, means))


def _of_twins(facts: Facts, means: Means) -> tuple[Cure, ...]:
    """Checking a file shows which of its rows lie outside the days of its name."""
    again = _again(facts, means)
    looks = [
        Cure(f"See whether {path.name} holds the days of its name.", _check_file(path, means))
        for path in means.files
        if path.name in facts.said
    ]
    text = "Replace the copy with the right file, or move the copy away; then load again."
    return (*looks, Cure(text, again[0].command if again else ""))


_ANY_CORRECTED = "Correct the file, or get a new one from its sender; then load it. As it is, it fails again."
_CORRECTED = {
    "missing_days": "Get a new file that has the missing days; then load it. As it is, it fails again.",
    "duplicate_keys": "Ask its sender which of the rows are right, and correct the file or get a new one; then load "
    "it. As it is, it fails again.",
}


def _accepted(codes: Collection[str], facts: Facts, means: Means) -> tuple[Cure, ...]:
    """Load the file anyway, with the smallest change that makes the load accept what its check found."""
    if not codes:
        return ()
    kept, words = [], list(facts.words)
    while words:
        word = words.pop(0)
        if word in ("--qc", "--outside"):
            words = words[1:]
        elif word != "--strict":
            kept.append(word)
    how = []
    if any(found.finding.severity is Severity.ERROR for found in facts.findings):
        how += ["--outside", "keep"] if OUTSIDE_DAYS in codes else []
        how += ["--qc", "skip"] if set(codes) != {OUTSIDE_DAYS} else []
    text = "Or, if the file is right as it is, accept what the check found."
    if "missing_days" in codes:
        text += " Days on which nothing ever happens belong in quality.calendar."
    again = replace(facts, words=tuple(kept))
    return (Cure(text, means.command("load", *_words_for(again, means, means.files), *how)),)


def _check_file(path: Path, means: Means) -> str:
    return means.command("check-file", *means.configured, *_one(path, means))


def _one(path: Path, means: Means) -> list[str]:
    return ["--file", str(path), "--table", means.table]


def _settings(cause: Cause, means: Means) -> tuple[Cure, ...]:
    if cause.code == "time_out":
        limits = "load.statement_timeout (of the queue: load.queue_timeout)"
        return (Cure(f"Use a larger warehouse (load.warehouse), or raise {limits} in {_config(means)}."),)
    text = f"Correct {_config(means)} as the message says; this checks it."
    return (Cure(text, means.command("config", "validate", *means.configured)),)


def _connection(cause: Cause, means: Means) -> tuple[Cure, ...]:
    said = {
        "expired_credentials": f"Renew the key, token or password that {_config(means)} names.",
        "proxy": "Have the proxy let this host through to the account and to the cloud store behind its stage.",
    }
    return (Cure(said[cause.code]),) if cause.code in said else ()


def _doctor(means: Means) -> Cure:
    text = "Have the connection, the sign-in and the privileges checked, step by step."
    return Cure(text, means.command("doctor", *means.configured))


def _resume(facts: Facts, means: Means) -> tuple[Cure, ...]:
    if facts.run_id and facts.verb == "load":
        again = Cure("Carry on with it; what is staged and copied is reused.", _retry(facts, means))
        return again, Cure("Or see and remove what it left.", means.command("recover", *means.configured))
    return _again(facts, means)


def _again(facts: Facts, means: Means) -> tuple[Cure, ...]:
    if facts.run_id and facts.verb == "load":
        return (Cure("Load again, with what is staged already.", _retry(facts, means)),)
    if facts.job_id:
        return (Cure("Run it again as a new job.", means.command("jobs", "rerun", facts.job_id)),)
    return ()


def _retry(facts: Facts, means: Means) -> str:
    return means.command("recover", "--retry", facts.run_id)


def _config(means: Means) -> str:
    return str(means.config) if means.config else "the configuration"
