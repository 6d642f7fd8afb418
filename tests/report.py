"""Counts what run_all_tests.sh ran and reports it: a summary, and with ``--report`` text, JUnit XML, HTML and logs.

Reads the folders of ``$RUN_WORK/steps`` (see run_steps.sh).  A step that ended badly without a failed test of its
own (a crash, a time-out, no test at all) counts as one failure, so that nothing is ever taken for passed that did
not run.  The last line printed is ``N passed, N failed, N skipped``; the exit code is 1 when anything failed.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, replace
from pathlib import Path

TAP_LINE = re.compile(r"^(not ok|ok) \d+ (.*?)(?: in (\d+)ms)?(?: # skip ?(.*))?$")
TAP_PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
CONTROL = re.compile(r"[^\t\n\x20-\x7e]")
TIMED_OUT = (124, 137)
STYLE = """
body { font: 14px sans-serif; margin: 2em }
table { border-collapse: collapse }
td, th { padding: .2em .6em; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }
pre { white-space: pre-wrap; background: #f6f6f6; padding: .5em }
.failed td:first-child { color: #b00; font-weight: bold }
.skipped td:first-child { color: #a60 }
.passed td:first-child { color: #060 }
"""


@dataclass(frozen=True)
class Case:
    """One test or lint: ``outcome`` is passed, failed or skipped; ``detail`` what it said or why it was skipped.

    An ``unsteady`` one passed when it was tried again by itself; its detail tells how it failed before.
    """

    suite: str
    name: str
    outcome: str
    seconds: float
    detail: str = ""
    unsteady: bool = False


def printable(text: str) -> str:
    """Keep ASCII and line ends: reports are read on any terminal and must be valid XML."""
    return CONTROL.sub("?", text)


def read_step(folder: Path) -> list[Case]:
    """Return the cases of one step, with one failure more when it ended badly and no case tells of it."""
    name = folder.name
    kind = fact(folder, "kind")
    code = int(fact(folder, "exit_code") or 1)
    seconds = float(fact(folder, "seconds") or 0)
    log = read_log(folder)
    if kind == "lint":
        return [Case("lint", name, "failed" if code else "passed", seconds, log if code else "")]
    cases, complete = read_cases(kind, folder, name)
    ended_in_order = not code or any(case.outcome == "failed" for case in cases)
    cases = with_second_try(cases, folder / "second", kind, name)
    if code in TIMED_OUT:
        reason = f"The step was ended after its limit of {fact(folder, 'limit')} seconds."
    elif not complete:
        reason = "Not all tests ran: the step crashed."
    elif not ended_in_order:
        reason = f"The step ended with exit code {code}."
    else:
        return cases
    return [*cases, Case(name, "(the whole step)", "failed", seconds, f"{reason}\n{tail(log)}")]


def read_cases(kind: str, folder: Path, suite: str) -> tuple[list[Case], bool]:
    """Return the cases of a step that ran tests, and whether all ran."""
    if kind == "tap":
        return read_tap(suite, read_log(folder))
    return read_junit(suite, folder / "junit.xml")


def with_second_try(cases: list[Case], folder: Path, kind: str, suite: str) -> list[Case]:
    """Return the cases, those as unsteady that failed and passed in ``folder``, where they were tried again."""
    if not folder.is_dir():
        return cases
    again, _ = read_cases(kind, folder, suite)
    passed = {case.name for case in again if case.outcome == "passed"}
    return [
        replace(case, outcome="passed", unsteady=True) if case.outcome == "failed" and case.name in passed else case
        for case in cases
    ]


def read_log(folder: Path) -> str:
    """Return what a step said, or nothing when it did not come to say anything."""
    path = folder / "log"
    return printable(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else ""


def fact(folder: Path, name: str) -> str:
    """Return a one-line fact of a step, or nothing when the step did not come that far."""
    path = folder / name
    return path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""


def read_tap(suite: str, log: str) -> tuple[list[Case], bool]:
    """Return the cases of a bats log, and whether as many ran as its plan announced (a plan must be there)."""
    cases: list[Case] = []
    detail: list[str] = []
    for line in log.splitlines():
        match = TAP_LINE.match(line)
        if match:
            verdict, name, milliseconds, reason = match.groups()
            skipped = reason is not None
            outcome = "skipped" if skipped else "passed" if verdict == "ok" else "failed"
            cases.append(Case(suite, name, outcome, int(milliseconds or 0) / 1000, reason or ""))
            detail = []
        elif cases and cases[-1].outcome == "failed":
            detail.append(line.removeprefix("# "))
            last = cases[-1]
            cases[-1] = Case(last.suite, last.name, last.outcome, last.seconds, "\n".join(detail))
    plan = TAP_PLAN.search(log)
    return cases, plan is not None and int(plan[1]) == len(cases)


def read_junit(suite: str, path: Path) -> tuple[list[Case], bool]:
    """Return the cases of pytest's JUnit file, and whether it is there, whole and not empty."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return [], False
    cases = []
    for element in root.iter("testcase"):
        outcome, detail = "passed", ""
        for child in element:
            if child.tag in ("failure", "error"):
                outcome, detail = "failed", printable(child.text or child.get("message") or "")
            elif child.tag == "skipped":
                outcome, detail = "skipped", printable(child.get("message") or "")
        name = printable(f"{element.get('classname', '')}::{element.get('name', '')}")
        cases.append(Case(suite, name, outcome, float(element.get("time", 0)), detail))
    return cases, bool(cases)


def empty_suites(cases: list[Case], steps: list[str]) -> list[Case]:
    """Return a failure for each suite of bats files in which no test ran at all."""
    failures = []
    for suite in ("bash", "menu"):
        wanted = [name for name in steps if name.startswith(f"{suite}-")]
        if wanted and not any(case.suite in wanted for case in cases):
            failures.append(Case(suite, "(the whole suite)", "failed", 0, "No test ran."))
    return failures


def tail(log: str, lines: int = 40) -> str:
    """Return the end of a log, which is where the reason stands."""
    return "\n".join(log.splitlines()[-lines:])


def count(cases: list[Case]) -> str:
    """Return the line that CI reads."""
    numbers = [sum(case.outcome == outcome for case in cases) for outcome in ("passed", "failed", "skipped")]
    return "{} passed, {} failed, {} skipped".format(*numbers)


def as_text(cases: list[Case]) -> str:
    """Return failures with what they said, skipped tests with their reasons, and the count."""
    lines: list[str] = []
    for case in sorted(cases, key=lambda case: case.outcome == "failed"):
        if case.outcome == "failed" or case.unsteady:
            word = "UNSTEADY (failed, then passed by itself)" if case.unsteady else "FAILED"
            lines += ["", f"{word} {case.suite}: {case.name}"]
            lines += [f"    {line}" for line in tail(case.detail).splitlines()]
    reasons: dict[str, int] = {}
    for case in cases:
        if case.outcome == "skipped":
            reasons[case.detail] = reasons.get(case.detail, 0) + 1
    if reasons:
        lines.append("")
        lines += [f"skipped {number}: {reason or 'no reason given'}" for reason, number in sorted(reasons.items())]
    return "\n".join([*lines, "", count(cases)])


def as_junit(cases: list[Case]) -> bytes:
    """Return one JUnit document with a suite for each step."""
    root = ElementTree.Element("testsuites")
    for suite in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == suite]
        failures = sum(case.outcome == "failed" for case in members)
        skipped = sum(case.outcome == "skipped" for case in members)
        total = sum(case.seconds for case in members)
        element = ElementTree.SubElement(
            root,
            "testsuite",
            name=suite,
            tests=str(len(members)),
            failures=str(failures),
            errors="0",
            skipped=str(skipped),
            time=f"{total:.3f}",
        )
        for case in members:
            seconds = f"{case.seconds:.3f}"
            entry = ElementTree.SubElement(element, "testcase", classname=suite, name=case.name, time=seconds)
            if case.unsteady:
                ElementTree.SubElement(entry, "system-out").text = f"Failed, then passed by itself:\n{case.detail}"
            elif case.outcome == "failed":
                ElementTree.SubElement(entry, "failure", message=case.detail.split("\n", 1)[0]).text = case.detail
            elif case.outcome == "skipped":
                ElementTree.SubElement(entry, "skipped", message=case.detail)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def as_html(cases: list[Case], environment: str) -> str:
    """Return one page without any other file: the count, a row a test (what failed first), and the machine."""
    order = {"failed": 0, "skipped": 1, "passed": 2}
    rows = []
    for case in sorted(cases, key=lambda case: (order[case.outcome], not case.unsteady)):
        detail = f"<pre>{html.escape(case.detail)}</pre>" if case.detail else ""
        rows.append(
            f'<tr class="{case.outcome}"><td>{case.outcome}{", unsteady" * case.unsteady}</td>'
            f"<td>{html.escape(case.suite)}</td><td>{html.escape(case.name)}{detail}</td><td>{case.seconds:.2f}</td></tr>"
        )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Snowflake ETL Pipeline Manager: tests</title>
<style>{STYLE}</style></head><body>
<h1>{count(cases)}</h1>
<table><tr><th>outcome</th><th>step</th><th>test</th><th>seconds</th></tr>
{chr(10).join(rows)}
</table>
<h2>Machine</h2><pre>{html.escape(environment)}</pre>
</body></html>
"""


def write_reports(target: Path, work: Path, cases: list[Case]) -> None:
    """Fill the folder ``target``; the archive holds every step's log, the set-up's and what the machine is."""
    target.mkdir(parents=True, exist_ok=True)
    environment = work / "environment.txt"
    text = printable(environment.read_text(errors="replace")) if environment.exists() else ""
    (target / "report.txt").write_text(as_text(cases).lstrip("\n") + "\n", encoding="ascii")
    (target / "junit.xml").write_bytes(as_junit(cases))
    (target / "report.html").write_text(as_html(cases, text), encoding="ascii")
    with tarfile.open(target / "logs.tar.gz", "w:gz") as archive:
        for path in sorted([environment, work / "apt.log", work / "state" / "setup.log", *work.glob("steps/**/*")]):
            if path.is_file():
                archive.add(path, arcname=f"logs/{path.relative_to(work)}")


def main() -> int:
    """Report the run in the folder given; 1 when anything failed or nothing ran."""
    parser = argparse.ArgumentParser(description="Report what run_all_tests.sh ran.")
    parser.add_argument("work", type=Path)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    steps = sorted((options.work / "steps").iterdir(), key=lambda folder: folder.stat().st_ctime)
    cases = [case for folder in steps for case in read_step(folder)]
    cases += empty_suites(cases, [folder.name for folder in steps])
    if not cases:
        cases = [Case("all", "(the whole run)", "failed", 0, "No check ran.")]
    if options.report:
        write_reports(options.report, options.work, cases)
    print(as_text(cases))
    return int(any(case.outcome == "failed" for case in cases))


if __name__ == "__main__":
    sys.exit(main())
