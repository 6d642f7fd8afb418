"""Jobs that cannot tell of their end themselves, and tables into which nothing is loaded any more."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from noticing import good, with_a_bad_value

from desk import Desk
from sinks import Sinks


def a_job(state: Path, config: Path, code: str | None, **files: str) -> str:
    name = "20240201-000000-load-77"
    folder = state / "jobs" / name
    folder.mkdir(parents=True)
    words = ["python", "loader.py", "--config", str(config), "--month", "2024-01"]
    contents = {
        "command": "".join(f"{word}\0" for word in words),
        "directory": f"{config.parent}\n",
        "title": "Load 2024-01\n",
        "host": f"{os.uname().nodename}\n",
        "started_at": "1706745600\n",
        "lock": "",
        "output.log": "$ loader.py\n2024-02-01 00:00:00+00:00 INFO x It began\n  name 7\n-- exit code 137 after 3s\n",
        **files,
    }
    for file, text in contents.items():
        (folder / file).write_text(text)
    if code is not None:
        (folder / "exit_code").write_text(f"{code}\n")
    return name


def test_a_job_that_was_killed_is_told_by_its_supervisor_once(told: Desk, sinks: Sinks) -> None:
    job = a_job(told.state, told.config, "137")
    answer = told.run("notify", "job", job, "failed", "137")
    assert answer.code == 0, answer
    assert sinks.subjects == ["[snowflake-etl] FAILED: load 2024-01"]
    body = sinks.body()
    assert f"First error: Job {job} (Load 2024-01) was killed by signal 9 and said nothing more." in body
    assert f"jobs show {job}; " in body
    assert "It began" in body
    assert "name 7" not in body
    assert "was reported when it ended" in told.run("notify", "job", job).out
    assert len(sinks.mails) == 1


def test_a_job_that_told_of_its_end_or_was_cancelled_is_not_told_again(
    told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job(told.state, told.config, None)
    monkeypatch.setenv("ETL_JOB_DIR", str(told.state / "jobs" / job))
    with_a_bad_value(told, "2024-01", "x")
    assert told.load("--month", "2024-01").code == 6
    monkeypatch.delenv("ETL_JOB_DIR")
    assert len(sinks.mails) == 1
    (told.state / "jobs" / job / "exit_code").write_text("6\n")
    assert "was reported" in told.run("notify", "job", job).out
    (told.state / "jobs" / job / "notice").unlink()
    (told.state / "jobs" / job / "cancelled").touch()
    assert "was cancelled" in told.run("notify", "job", job).out
    assert len(sinks.mails) == 1


def test_a_lost_job_is_told_by_the_next_run(told: Desk, sinks: Sinks) -> None:
    job = a_job(told.state, told.config, None)
    for _ in range(2):
        assert told.run("notify", "retry", "--config", str(told.config)).code == 0
    assert sinks.subjects == ["[snowflake-etl] FAILED: load 2024-01"]
    assert f"Job {job} (Load 2024-01) was lost" in sinks.body()


def test_silence_goes_by_the_ledger(told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    good(told, "2024-01")
    assert told.load("--month", "2024-01").code == 0
    words = ("notify", "silence", "--config", str(told.config))
    assert "No table is silent" in told.run(*words).out
    assert sinks.mails == []
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr("snowflake_etl.cli.notices.now", lambda: later)
    answer = told.run(*words)
    assert answer.code == 0, answer
    assert sinks.subjects == ["[snowflake-etl] SILENT: load T"]
    assert "The last load into it is 40 days old; notify.silence_days is 35." in sinks.body()
    assert "load --month last --table T --dry-run --config" in sinks.body()
    # It is told once a day, however often it is looked for.
    assert "1 throttled" not in answer.out
    assert "2 throttled" in told.run(*words).out
    assert len(sinks.mails) == 1


def test_the_scheduler_is_told_of_silence_and_its_line_tells_it(told: Desk, sinks: Sinks) -> None:
    answer = told.run("schedule", "cron", "--config", str(told.config))
    assert answer.code == 0, answer
    line = answer.out.splitlines()[-1].removeprefix("#   ")
    assert line.endswith(f"schedule cron --command 'notify silence' --every day --config {told.config}"), answer.out
    words = shlex.split(line)[1:]
    made = told.run(*words, "--json").result["files"]["notify-config-day.cron"].splitlines()[1]
    when, command = made.split(maxsplit=5)[:5], made.split(maxsplit=5)[5]
    assert when == ["17", "6", "*", "*", "*"]
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done
    assert sinks.subjects == ["[snowflake-etl] SILENT: load T"]
    assert json.loads((told.state / "schedules" / "notify-config-day.json").read_text())["exit_code"] == 0
    told.sections = {"notify": {"targets": [{"url": sinks.mail, "on": ["failure"]}]}}
    assert "nothing is loaded" not in told.run("schedule", "cron", "--config", str(told.config)).out
