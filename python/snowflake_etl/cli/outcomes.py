"""Turns a run's result into events for notices (floor 6): one for each table and month."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.told_verbs import TOLD_VERBS
from snowflake_etl.errors import ExitCode
from snowflake_etl.notify.events import Event

if TYPE_CHECKING:
    from snowflake_etl.config.sections.notify import Occasion

_EXAMPLES = 10
_WITHOUT_NEWS = ("planned", "staged")
_MEANT = (ExitCode.USAGE, ExitCode.INTERRUPTED)


def events_of(
    verb: str, code: int, document: Any, error: str, arguments: argparse.Namespace, command: Sequence[str]
) -> list[Event]:
    """The events of a run; ``command`` is what is typed before a verb, plus the flags for the configuration."""
    if verb not in TOLD_VERBS or code in _MEANT or getattr(arguments, "dry_run", False):
        return []
    if error or not document:
        return [] if code == ExitCode.OK else [_of_the_whole(verb, code, error, arguments)]
    program, *words = command
    describe = {
        "load": _of_loads,
        "drop-month": _of_loads,
        "restore-month": _of_loads,
        "check-file": _of_files,
        "validate": _of_checks,
        "duplicates": _of_checks,
        "report": _of_tables,
    }[TOLD_VERBS[verb]]
    return list(describe(TOLD_VERBS[verb], document, lambda *more: " ".join((program, *more, *words))))


def occasion_of(code: int) -> Occasion:
    """What an exit code means to people."""
    if code == ExitCode.OK:
        return "success"
    return "problems" if code == ExitCode.PROBLEMS_FOUND else "refused" if code == ExitCode.REFUSED else "failure"


def _of_the_whole(verb: str, code: int, error: str, arguments: argparse.Namespace) -> Event:
    """A run that ended before it had a result."""
    return Event(
        occasion_of(code),
        TOLD_VERBS[verb],
        _one(getattr(arguments, "table", None)),
        _one(getattr(arguments, "month", None)),
        {"exit code": str(int(code))},
        error or f"It ended with exit code {int(code)}.",
        next_step="what the error says; with --verbose it says more",
    )


def whole_run(verb: str, code: int, arguments: argparse.Namespace) -> Event | None:
    """The run itself, if it came to its end: lets a run recover that failed before it knew any table."""
    if code != ExitCode.OK or verb not in TOLD_VERBS or getattr(arguments, "dry_run", False):
        return None
    table, month = _one(getattr(arguments, "table", None)), _one(getattr(arguments, "month", None))
    said = "It completed, which the last one had not."
    return Event("success", TOLD_VERBS[verb], table, month, {"exit code": "0"}, said)


def _one(value: Any) -> str:
    """A flag that may be given several times, as one text."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _of_loads(verb: str, document: Any, command: Any) -> Iterator[Event]:
    """Loads, drops and restores: one or several results, each of one table and month."""
    for one in document if isinstance(document, list) else [document]:
        if not isinstance(one, dict) or "table" not in one or one.get("status") in _WITHOUT_NEWS:
            continue
        occasion = occasion_of(one["exit_code"])
        findings = _errors(one.get("checks") or ())
        step = ""
        if occasion in ("failure", "problems"):
            step = command("diagnose", one["run_id"]) if verb == "load" else command("history")
        # The message of a failed check only counts; its first finding says more.
        error = findings[0]["message"] if occasion == "problems" and findings else one["message"]
        yield Event(
            occasion, verb, one["table"], one["month"] or "", _load_numbers(one), error, _examples(findings), step
        )


def _load_numbers(one: Mapping[str, Any]) -> dict[str, str]:
    names = ("rows_staged", "rows_loaded", "rows_published", "rows_replaced", "rows_deleted", "rows_restored")
    numbers = {name.replace("_", " "): f"{one[name]:,}" for name in names if one.get(name) or name == "rows_published"}
    numbers = {name: value for name, value in numbers.items() if name.replace(" ", "_") in one}
    if files := one.get("files"):
        numbers["files"] = f"{len(files)}, {sum(file['bytes'] for file in files):,} bytes"
    if errors := _errors(one.get("checks") or ()):
        numbers["errors of checks"] = str(len(errors))
    if phases := one.get("phases"):
        numbers["seconds"] = f"{sum(phase['seconds'] for phase in phases):.1f}"
    numbers["exit code"] = str(one["exit_code"])
    return numbers


def _of_files(verb: str, document: Any, command: Any) -> Iterator[Event]:
    """A check of files: each by its name, since its table is not known."""
    for report in document["checks"]:
        findings = _errors([report])
        # With --strict, warnings are problems as well.
        bad = findings or (document["exit_code"] and len(document["checks"]) == 1 and report["findings"])
        yield Event(
            "problems" if bad else "success",
            verb,
            report["subject"],
            "",
            {"rows": f"{report['rows']:,}", "days": f"{report['days_found']} of {report['days_expected']}"},
            bad[0]["message"] if bad else document["message"],
            _examples(findings),
            command("check-file", "--file", "FILE", "--rejects", "rejects.csv") if bad else "",
        )


def _of_checks(verb: str, document: Any, command: Any) -> Iterator[Event]:
    """Checks of tables and of duplicates."""
    for one in document["checks"]:
        table = one.get("table") or one.get("subject") or ""
        report = one.get("report") or one
        findings = _errors([report])
        occasion = occasion_of(one["exit_code"])
        numbers = {"rows": f"{report['rows']:,}"} if report.get("rows") is not None else {}
        if verb == "duplicates" and one.get("excess_rows"):
            numbers["rows too many"] = f"{one['excess_rows']:,}, {one['grade']}"
        days = "" if one["days"] == "all" else one["days"]
        error = findings[0]["message"] if findings else one["message"]
        words = ["--table", table, *(["--month" if len(days) == 7 else "--days", days] if days else [])]
        step = command(verb, *words) if occasion not in ("success", "refused") else ""
        yield Event(occasion, verb, table, days, numbers, error, _examples(findings), step)


def _of_tables(verb: str, document: Any, command: Any) -> Iterator[Event]:
    for one in document["tables"]:
        occasion = occasion_of(one["exit_code"])
        numbers = {
            name.replace("_", " "): f"{one[name]:,}"
            for name in ("rows", "missing_days", "anomalies", "score")
            if one.get(name) is not None
        }
        findings = [finding for finding in one.get("findings") or () if finding["severity"] == "error"]
        error = findings[0]["message"] if findings else one["message"]
        step = command("validate", "--table", one["table"]) if occasion not in ("success", "refused") else ""
        yield Event(occasion, verb, one["table"], "", numbers, error, _examples(findings), step)


def _errors(reports: Any) -> list[Mapping[str, Any]]:
    return [
        finding for report in reports for finding in report.get("findings") or () if str(finding["severity"]) == "error"
    ]


def _examples(findings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(example) for finding in findings for example in finding.get("examples") or ())[:_EXAMPLES]
