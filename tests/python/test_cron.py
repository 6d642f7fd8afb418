"""The tools as cron starts them: no terminal, no TERM, standard input closed, the shortest PATH, the real entry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desk import ROOT, Desk
from snowflake_etl.history.schedule_record import ScheduleRecords

MINUTES = 2


def cron(state: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the entry with nothing but what cron gives; whatever asks would fail or wait until the time is up."""
    return subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" <&-', str(ROOT / "snowflake_etl.sh"), *words],
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "ETL_STATE_DIR": str(state), "ETL_VENV": sys.prefix, **more},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=MINUTES * 60,
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (("jobs", "list"), 0, "No jobs.\n", ""),
        (("jobs", "list", "--json"), 0, "[]\n", ""),
        (("history",), 0, "0 runs and 0 checks.\n", ""),
        (("config", "target"), 0, "local\n", ""),
        (("load", "--month", "last", "--if-missing", "--quiet"), 0, "", ""),
        (("load", "--mont", "last"), 2, "", "Did you mean '--month'?"),
        (("raport",), 2, "", "Did you mean 'report'?"),
        (("local", "reset"), 7, "", "Add --yes to delete it without being asked."),
        (("load", "--month", "2013-01", "--mode", "replace"), 7, "", "nobody can be asked here"),
        (("jobs", "cancel", "last"), 2, "", "There is no job 'last'."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_a_verb_under_cron(state: Path, words: tuple[str, ...], code: int, out: str, err: str) -> None:
    run = cron(state, *words)
    assert (run.returncode, run.stdout) == (code, out), run.stderr
    assert err in run.stderr and bool(err) == bool(run.stderr)
    both = run.stdout + run.stderr
    assert both.isascii() and "\x1b" not in both and "\r" not in both
    assert "Traceback" not in both


def test_what_schedule_prints_runs_as_it_stands(desk: Desk) -> None:
    """The crontab's line in cron's own shell, twice: loaded, then nothing to do and nothing to mail."""
    path = desk.month("2024-01-01", "2024-01-31")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    name = f"cron-{desk.database}"
    words = ("--command", "load --month 2024-01 --if-missing --qc skip", "--name", name)
    answer = desk.run("schedule", "cron", *words, "--config", str(desk.config))
    (line,) = [line for line in answer.out.splitlines() if not line.startswith("#")]
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    runs = [
        subprocess.run(
            ["/bin/sh", "-c", f"{command} <&-"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(desk.folder), "ETL_VENV": sys.prefix},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=MINUTES * 60,
        )
        for _ in range(2)
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert "310 rows" in runs[0].stdout and "\x1b" not in runs[0].stdout + runs[0].stderr
    assert runs[1].stdout + runs[1].stderr == ""
    beat = ScheduleRecords(desk.state).of(name)
    assert beat is not None and beat.exit_code == 0 and beat.succeeded_at == beat.ended_at
    assert desk.count() == 310


def test_json_is_alone_on_standard_output(state: Path) -> None:
    run = cron(state, "load", "--month", "last", "--if-missing", "--json", "--scheduled", "hourly")
    assert json.loads(run.stdout)["status"] == "ok"
    assert json.loads((state / "schedules" / "hourly.json").read_text())["exit_code"] == 0
