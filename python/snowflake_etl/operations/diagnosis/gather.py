"""Gathers the facts about a job, a run, a log or a table (floor 5) from records and folders, without the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from snowflake_etl.config.model import same_table
from snowflake_etl.errors import FileError, UsageError
from snowflake_etl.history import job_record
from snowflake_etl.history.job_record import Job
from snowflake_etl.history.run_record import PastRun, RunRecords
from snowflake_etl.operations.diagnosis.facts import Facts, Found
from snowflake_etl.results import Finding, Rejection, Severity

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_LOG_BYTES = 256 << 10
# Every line of our logs names the run or the job that wrote it.
_OURS = re.compile(r"\b[0-9]{8}-[0-9]{6}-(?:[0-9a-f]{8}|[a-z-]+-[0-9]+)\b")
_SAID = re.compile(r"^(?:error|failed|refused): (?P<said>.+)$", re.MULTILINE)
_PROBLEM_LINES = re.compile(r"error|fail|denied|refused|full|timed? ?out|cannot|not recognized", re.IGNORECASE)
_BAD = ("failed", "problems", "lost", "stopped", "refused")
_LAST_LINES = 40


class Gatherer:
    """Reads the records of one state folder."""

    def __init__(self, state_directory: Path) -> None:
        self._state = state_directory
        self._records = RunRecords(state_directory)
        self._runs = {run.run_id: run for run in self._records.all()}

    def of(self, subject: str) -> list[Facts]:
        """Return the facts for a job id, a run id or the path of a log.  Raise UsageError when it is none of these."""
        if job_record.is_job_id(subject):
            job = job_record.find_job(self._state, subject)
            if job is None:
                raise UsageError(f"There is no job {subject} here. See the ids with: jobs list --all")
            return self.of_job(job)
        if RUN_ID.fullmatch(subject):
            if subject not in self._runs:
                raise UsageError(f"There is no run {subject} in this state folder. See the ids with: history list")
            return [self.of_run(self._runs[subject])]
        path = Path(subject)
        if path.is_dir() and job_record.is_job_id(path.name):
            return self.of_job(job_record.read_job(path.absolute()))
        if path.exists():
            return self.of_log(path)
        raise UsageError(
            f"'{subject}' is not a job, a run or a file. Give an id (jobs list, history list), the path of a log, or "
            "--table TABLE."
        )

    def of_table(self, table: str, place: str, full_name: str) -> list[Facts]:
        """Return the newest load of a table into ``place``, by its full name in the configuration."""
        try:
            wanted = same_table(table)
        except ValueError as error:
            raise UsageError(str(error)) from None
        runs = [
            run
            for run in self._runs.values()
            if run.target in (place, "")
            and (run.full_name == full_name if run.full_name else same_table(run.table_name) == wanted)
        ]
        if not runs:
            raise UsageError(f"No load into {full_name} of {place} is recorded here. See: history list")
        return [self.of_run(runs[-1])]

    def newest(self) -> list[Facts]:
        """The newest failure of a job, or of a load without one, that no later load made good; [] if there is none."""
        job = next((job for job in job_record.newest_first(self._state) if self._is_bad(job)), None)
        runs = [self.of_run(run) for run in self._runs.values()]
        failed = [facts for facts in runs if facts.state in ("failed", "interrupted") and not facts.made_good_by]
        of_job = self.of_job(job) if job else []
        # The job starts before its load and knows more: whether somebody cancelled it, and its other loads.
        if job and (
            not failed
            or failed[-1].run_id in {facts.run_id for facts in of_job}
            or failed[-1].started_on <= job.started_at.isoformat()
        ):
            return of_job
        return failed[-1:]

    def _is_bad(self, job: Job) -> bool:
        return job.state in _BAD and not all(facts.made_good_by for facts in self.of_job(job))

    def _made_good_by(self, run: PastRun) -> str:
        """The run that loaded the month into the same table after this one, "" where none did."""
        for other in reversed(self._runs.values()):
            if other.run_id == run.run_id:
                break
            if other.status == "loaded" and other.subject == run.subject:
                return other.run_id
        return ""

    def of_run(self, run: PastRun) -> Facts:
        steps = self._records.steps(run.run_id)
        state = run.status or ("interrupted" if self._records.is_dead(run.run_id) else "running")
        rejected = [detail for _, step, detail in steps if step == "rejected"]
        found = [_found_of_step(detail) for _, step, detail in steps if step == "finding"]
        reached = [step for _, step, _ in steps if step not in ("rejected", "finding")]
        return Facts(
            what=f"load of {run.table_name} {run.month} (run {run.run_id})",
            state={"loaded": "done", "staged": "done", "superseded": "done"}.get(state, state),
            text=run.message or "",
            table=run.table_name,
            month=run.month,
            run_id=run.run_id,
            words=tuple(json.loads(run.command)),
            started_on=run.started_at,
            last_step=reached[-1] if reached else "",
            rejection=Rejection(**rejected[-1]) if rejected else None,  # type: ignore[arg-type]
            findings=tuple(found),
            folders=tuple(str(detail["folder"]) for _, step, detail in steps if step == "staged"),
            made_good_by=self._made_good_by(run) if run.status not in ("loaded", "staged") else "",
        )

    def of_job(self, job: Job) -> list[Facts]:
        """One per failed load of the job; one for the job itself if it ended otherwise."""
        documents = job.result if isinstance(job.result, list) else [job.result]
        loads = [one for one in documents if isinstance(one, Mapping) and "run_id" in one and "phases" in one]
        stopped = [one for one in loads if one.get("status") in ("failed", "refused")]
        if failed := [one for one in stopped if one["status"] == "failed"] or stopped:
            return [self._of_load(job, one) for one in failed]
        document = documents[0] if documents and isinstance(documents[0], Mapping) else {}
        text = str(document.get("message") or "") or last_said(job.output)
        started = self._started_by(job)
        facts = Facts(
            what=f"job {job.job_id}" + (f" ({job.title})" if job.title else ""),
            state=job.state,
            text=text,
            verb=job.verb,
            exit_code=job.exit_code,
            job_id=job.job_id,
            words=job.words,
            directory=job.directory,
            started_on=job.started_at.isoformat(),
            cancelled=job.cancelled,
            rebooted=job.rebooted,
            findings=tuple(_findings_of(document.get("checks") or ())),
            table=started.table_name if started else "",
            month=started.month if started else "",
            run_id=started.run_id if started else "",
        )
        return [facts]

    def _of_load(self, job: Job, result: Mapping[str, Any]) -> Facts:
        run = self._runs.get(str(result["run_id"]))
        rejected = result.get("rejected")
        known = self.of_run(run) if run else Facts(f"load of {result['table']} {result['month']}", "failed", "")
        return replace(
            known,
            state=str(result["status"]) if not job.cancelled else "stopped",
            text=str(result["message"]),
            exit_code=int(result["exit_code"]),
            table=str(result["table"]),
            month=str(result["month"] or ""),
            run_id=str(result["run_id"]),
            job_id=job.job_id,
            words=known.words or job.words,
            directory=job.directory,
            started_on=known.started_on or job.started_at.isoformat(),
            cancelled=job.cancelled,
            rejection=Rejection(**rejected) if rejected else known.rejection,
            findings=tuple(_findings_of(result.get("checks") or ())) or known.findings,
        )

    def _started_by(self, job: Job) -> PastRun | None:
        """The run that a job began but did not survive to finish: the job's log names it."""
        for run_id in reversed(RUN_ID.findall(job.output)):
            if run_id in self._runs:
                return self._runs[run_id]
        return None

    def of_log(self, path: Path) -> list[Facts]:
        """Read a job's log, our own log, or any text that contains an error."""
        absolute = path.absolute()
        if job_record.is_job_id(absolute.parent.name):
            return self.of_job(job_record.read_job(absolute.parent))
        if path.is_dir():
            raise UsageError(f"{path} is a folder, not a log. Give the path of the log in it.")
        try:
            with path.open("rb") as stream:
                stream.seek(max(0, path.stat().st_size - _LOG_BYTES))
                text = stream.read().decode("utf-8", "replace")
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
        known = [self._runs[run_id] for run_id in RUN_ID.findall(text) if run_id in self._runs]
        failed = [run for run in known if run.status in ("failed", None)]
        if failed:
            return [self.of_run(failed[-1])]
        said = last_said(text)
        if "\0" in text or not (said or _OURS.search(text)):
            raise UsageError(
                f"{path} is not a log of a job or a run: no line names one, and none has an error that could be "
                f"explained. Give a job's id (jobs list --all), a run's id (history list), the path of a log that "
                "is not packed, or --table TABLE."
            )
        state = "failed" if said else "done"
        return [Facts(what=f"log {path}", state=state, text=said, verb="")]


def last_said(output: str) -> str:
    """The last error in a log: our own message, else the last lines that mention something wrong."""
    if matches := list(_SAID.finditer(output)):
        return matches[-1]["said"].strip()
    lines = [line.strip() for line in output.splitlines()[-_LAST_LINES:]]
    wrong = [place for place, line in enumerate(lines) if _PROBLEM_LINES.search(line)]
    return "\n".join(lines[wrong[0] :]) if wrong else ""


def _found_of_step(detail: Mapping[str, Any]) -> Found:
    finding = Finding(
        str(detail["code"]),
        Severity.ERROR,
        str(detail["message"]),
        detail["numbers"],
        tuple(detail["samples"]),
        tuple(detail["examples"]),
    )
    return Found(str(detail["subject"]), str(detail["engine"]), finding)


def _findings_of(checks: Sequence[Mapping[str, Any]]) -> list[Found]:
    """The errors of the checks in a result.json; the warnings if, with --strict, these caused the failure."""
    found = [
        Found(
            str(check.get("subject", "")),
            str(check.get("engine", "")),
            Finding(
                str(finding["code"]),
                Severity(finding["severity"]),
                str(finding["message"]),
                finding.get("numbers") or {},
                tuple(finding.get("samples") or ()),
                tuple(finding.get("examples") or ()),
            ),
        )
        for check in checks
        if isinstance(check, Mapping)
        for finding in check.get("findings", ())
    ]
    return next((wanted for kind in (Severity.ERROR, Severity.WARNING) if (wanted := _of_severity(found, kind))), [])


def _of_severity(found: Sequence[Found], severity: Severity) -> list[Found]:
    return [one for one in found if one.finding.severity is severity]
