"""Jobs that ended without reporting it (floor 5): killed, or lost when their host went down.
A run that reaches its end sends a notice and leaves ``notice`` in its job's folder; a job without one is reported here,
once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from snowflake_etl.history import job_record
from snowflake_etl.history.job_record import Job
from snowflake_etl.notify.events import Event

MARK = "notice"
_SIGNALS = 128
_OCCASIONS = {"done": "success", "problems": "problems", "refused": "refused"}
_LOG_LINES = ("-- ", "$ ", "error: ", "failed: ", "refused: ", "problems: ")


def is_told(job: Job) -> bool:
    return (job.folder / MARK).exists()


def mark_told(folder: Path) -> None:
    """Mark that the end of this job needs no further notice."""
    descriptor = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.close(descriptor)


def lost_jobs(state_directory: Path) -> Iterator[Job]:
    """Jobs of this host that were cut off and not yet reported; those with an exit code are not even read."""
    folder = state_directory / "jobs"
    try:
        found = sorted(entry.name for entry in os.scandir(folder) if job_record.is_job_id(entry.name))
    except FileNotFoundError:
        return
    for name in found:
        if (folder / name / "exit_code").exists() or (folder / name / MARK).exists():
            continue
        job = job_record.read_job(folder / name)
        if job.state == "lost":
            yield job


def event_of(job: Job, program: str) -> Event:
    """The event for a job that could not report its own end."""
    error = f"Job {job.job_id} ({job.title}) was lost: its host went down or it was killed with all its processes."
    if job.exit_code is not None:
        ended = f"ended with exit code {job.exit_code}"
        if job.exit_code > _SIGNALS:
            ended = f"was killed by signal {job.exit_code - _SIGNALS}"
        error = f"Job {job.job_id} ({job.title}) {ended} and said nothing more."
    occasion = _OCCASIONS.get(job.state, "failure")
    if isinstance(job.result, dict) and job.result.get("message"):
        error = str(job.result["message"])
    elif said := [line for line in job.output.splitlines() if line.startswith(_LOG_LINES[2:])]:
        error = said[-1]
    step = "" if occasion == "success" else f"{program} jobs show {job.job_id}; {program} diagnose {job.job_id}"
    numbers = {"job": job.job_id, "state": job.state}
    if job.exit_code is not None:
        numbers["exit code"] = str(job.exit_code)
    return Event(
        occasion,  # type: ignore[arg-type]
        job.verb,
        _flag(job.words, "--table"),
        _flag(job.words, "--month"),
        numbers,
        error,
        next_step=step,
    )


def log_tail(job: Job, lines: int) -> tuple[str, ...]:
    """The last lines of its log that the tool itself wrote: data that it printed must not leave the host."""
    found = [line for line in job.output.splitlines() if line.startswith(_LOG_LINES) or _is_log_line(line)]
    return tuple(found[-lines:]) if lines else ()


def configuration_words(words: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """The configuration, the environment and the settings that a job's words name; "" if there are none."""
    settings = [word for flag, word in itertools.pairwise(words) if flag == "--set"]
    settings += [word.removeprefix("--set=") for word in words if word.startswith("--set=")]
    return _flag(words, "--config"), _flag(words, "--environment"), tuple(settings)


def _flag(words: Sequence[str], name: str) -> str:
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _is_log_line(line: str) -> bool:
    return line[:4].isdigit() and line[4:5] == "-" and "+00:00 " in line[:30]
