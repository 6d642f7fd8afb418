"""What is known about a failure from records, folders and texts, before files or warehouse are read (floor 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from snowflake_etl.results import Finding, Rejection

_OUR_PLACE = re.compile(r"(?P<file>(?:'[^']*'|\"[^\"]*\")), line (?P<line>[\d,]+)(?:, column (?P<column>[^:]+))?: ")
_NOT_TEXT = re.compile(r"(?P<file>(?:'[^']*'|\"[^\"]*\")) is not \S+ on line (?P<line>[\d,]+)")
_OPEN_QUOTE = re.compile(r"(?P<file>(?:'[^']*'|\"[^\"]*\")) has a quote that is opened on line (?P<line>[\d,]+)")
_LINE = re.compile(r"line ([\d,]+)")


@dataclass(frozen=True)
class Found:
    """An error found by a check, and the file or table it is about."""

    subject: str
    engine: str
    finding: Finding


@dataclass(frozen=True)
class Facts:
    """``state`` is a job's or a run's: failed, problems, refused, stopped, lost, interrupted, running, queued, done.

    ``text`` is the last message, ``last_step`` how far the run got.  ``words`` are the flags of the command; relative
    paths in them are below ``directory``.  ``folders`` are the stage folders of completely staged files.
    ``rejection`` is the record that COPY rejected, ``findings`` are the errors of checks.  ``made_good_by`` is the
    later run that did load the same month.
    """

    what: str
    state: str
    text: str
    verb: str = "load"
    exit_code: int | None = None
    table: str = ""
    month: str = ""
    run_id: str = ""
    job_id: str = ""
    words: tuple[str, ...] = ()
    directory: str = ""
    started_on: str = ""
    cancelled: bool = False
    rebooted: bool = False
    last_step: str = ""
    rejection: Rejection | None = None
    findings: tuple[Found, ...] = ()
    folders: tuple[str, ...] = ()
    made_good_by: str = ""

    @property
    def said(self) -> str:
        """The text from which the cause is recognised: the warehouse's own reason if there is one."""
        return self.rejection.reason if self.rejection else self.text

    def with_place(self) -> Facts:
        """The same facts; file and line are read from the text if they are known only from there."""
        if self.rejection is not None:
            return self
        for pattern in (_OUR_PLACE, _NOT_TEXT, _OPEN_QUOTE):
            if match := pattern.search(self.text):
                return replace(self, rejection=_rejection_of(match, self.text))
        return self


def _rejection_of(match: re.Match[str], text: str) -> Rejection:
    reason = text[match.end() :].split(". Correct the file")[0] if match.re is _OUR_PLACE else text[match.start() :]
    column = match.groupdict().get("column") or ""
    return Rejection(match["file"][1:-1], int(match["line"].replace(",", "")), column, 0, reason, "", "", 0)


def line_of(finding: Finding) -> int:
    """The first line that a finding names, 0 where it names none."""
    if first := finding.numbers.get("first_line"):
        return int(first)
    for text in (*finding.examples, *finding.samples, finding.message):
        if match := _LINE.search(text):
            return int(match[1].replace(",", ""))
    return 0


def flag(words: Sequence[str], name: str) -> list[str]:
    """The values that a flag was given, in order."""
    values = [after for word, after in pairwise(words) if word == name]
    return values + [word.split("=", 1)[1] for word in words if word.startswith(name + "=")]
