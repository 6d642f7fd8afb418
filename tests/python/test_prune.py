"""Pruning: limits by age, number and size, over jobs, logs and history; nothing unfinished, not the audit log."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from desk import ROOT, Desk
from snowflake_etl.config.model import LogsSection
from snowflake_etl.history import database
from snowflake_etl.history.batch_record import BatchRecords
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations.pruning import prune
from snowflake_etl.progress import no_progress
from snowflake_etl.results_pruning import PruneResult

DAY = 86_400


def job(state: Path, number: int, days_ago: float, *, size: int = 100, ended: bool = True) -> Path:
    folder = state / "jobs" / f"20240101-{number:06}-load-{number}"
    folder.mkdir(parents=True)
    (folder / "output.log").write_bytes(b"x" * size)
    (folder / "lock").touch()
    if ended:
        (folder / "exit_code").write_text("0\n")
    old(folder, days_ago)
    return folder


def old(path: Path, days_ago: float) -> Path:
    at = time.time() - days_ago * DAY
    for one in [path, *path.iterdir()] if path.is_dir() else [path]:
        os.utime(one, (at, at))
    return path


def log(state: Path, name: str, days_ago: float, size: int = 100) -> Path:
    path = state / name
    path.write_bytes(b"x" * size)
    return old(path, days_ago)


def pruned(state: Path, *, dry_run: bool = False, **limits: Any) -> PruneResult:
    return prune(state, LogsSection(**limits), no_progress, dry_run=dry_run)


def left(state: Path) -> list[int]:
    return sorted(int(path.name.rsplit("-", 1)[-1]) for path in (state / "jobs").glob("[0-9]*"))


def test_age_takes_jobs_and_logs_and_nothing_that_has_not_ended(tmp_path: Path) -> None:
    for number, days in enumerate((1, 89, 91, 400)):
        job(tmp_path, number, days)
    unfinished = job(tmp_path, 10, 400, ended=False)
    audit = log(tmp_path, "audit.jsonl", 4000)
    now = log(tmp_path, "snowflake_etl.log", 4000)
    young = log(tmp_path, "snowflake_etl-20240101-000000.1-7.log.gz", 3)
    for name in ("snowflake_etl-20230101-000000.1-7.log.gz", "snowflake_etl-20230101-000000.2-7.log"):
        log(tmp_path, name, 91)
    waiting = tmp_path / "notices" / "pending"
    waiting.mkdir(parents=True)
    log(waiting, "a.json", 400)
    (tmp_path / "jobs" / ".news").mkdir()
    (tmp_path / "jobs" / ".news" / "20240101-000003-load-3").touch()
    planned = pruned(tmp_path, dry_run=True)
    assert (planned.status, planned.jobs, planned.logs, planned.unfinished) == ("planned", 2, 2, 1)
    assert left(tmp_path) == [0, 1, 2, 3, 10]
    result = pruned(tmp_path)
    assert (result.jobs, result.logs, result.unfinished) == (2, 2, 1)
    assert result.bytes_after < result.bytes_before
    assert left(tmp_path) == [0, 1, 10]
    assert all(path.exists() for path in (unfinished / "output.log", audit, now, young, waiting / "a.json"))
    assert [path.name for path in (tmp_path / "jobs").iterdir() if path.name.startswith(".old")] == []
    assert list((tmp_path / "jobs" / ".news").iterdir()) == []
    assert "Left alone: 1 unfinished job." in result.message


def test_a_job_that_holds_more_than_files_goes_whole_and_is_no_news_any_more(tmp_path: Path) -> None:
    folder = job(tmp_path, 1, 400)
    (folder / "spill" / "deep").mkdir(parents=True)
    (folder / "spill" / "deep" / "x").touch()
    news = tmp_path / "jobs" / ".news"
    news.mkdir()
    (news / folder.name).touch()
    (news / ".lock").touch()
    assert pruned(tmp_path).jobs == 1
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [".news"]
    assert [path.name for path in news.iterdir()] == [".lock"]


def test_jobs_that_were_lost_are_counted_and_go_by_the_command_that_is_said(desk: Desk, tmp_path: Path) -> None:
    state = desk.state = tmp_path / "logs"
    lost = [job(state, number, 400, ended=False) for number in (1, 2)]
    for folder in lost:
        (folder / "host").write_text(f"{socket.gethostname()}\n")
        (folder / "started_at").write_text("1704067200\n")
    other = job(state, 3, 400, ended=False)
    (other / "host").write_text("elsewhere\n")
    answer = desk.run("prune", "--config", str(desk.config), "--json")
    assert (answer.result["unfinished"], answer.result["lost"]) == (3, 2)
    said = answer.result["message"]
    assert "Left alone: 3 unfinished jobs. 2 jobs of these were lost. To remove them: " in said
    command = shlex.split(said.partition("To remove them: ")[2])
    assert command[1:] == ["jobs", "prune", "--state", "lost", "--older-than", "0"]
    subprocess.run(
        [ROOT / "snowflake_etl.sh", *command[1:]], env={**os.environ, "ETL_STATE_DIR": str(state)}, check=True
    )
    assert left(state) == [3]
    assert desk.run("prune", "--config", str(desk.config), "--json").result["lost"] == 0


def test_the_newest_jobs_are_kept(tmp_path: Path) -> None:
    for number in range(10):
        job(tmp_path, number, 20 - number)
    pruned(tmp_path, keep_jobs=3)
    assert left(tmp_path) == [7, 8, 9]


def test_the_oldest_go_until_all_fits_logs_among_them(tmp_path: Path) -> None:
    for number in range(6):
        job(tmp_path, number, 12 - 2 * number, size=400_000)
    older = log(tmp_path, "snowflake_etl-20240101-000000.1-7.log.gz", 11, 400_000)
    newer = log(tmp_path, "snowflake_etl-20240102-000000.1-7.log.gz", 1, 400_000)
    running = job(tmp_path, 20, 50, size=400_000, ended=False)
    result = pruned(tmp_path, keep_bytes=1_700_000)
    assert result.bytes_after <= 1_700_000
    assert left(tmp_path) == [4, 5, 20]
    assert not older.exists()
    assert newer.exists()
    assert running.exists()


def test_what_has_just_ended_stays_and_is_said(tmp_path: Path) -> None:
    job(tmp_path, 1, 0.001, size=2_000_000)
    result = pruned(tmp_path, keep_bytes=1_000_000, keep_jobs=1)
    assert left(tmp_path) == [1]
    assert "ended within the last hour" in result.message


def test_history_goes_by_its_age_and_what_has_no_end_stays(tmp_path: Path) -> None:
    records = RunRecords(tmp_path)
    for run_id in ("old", "young", "cut off"):
        record = records.begin(run_id, "T", "2024-01", "append", "[]")
        record.step("staged", rows=1)
        if run_id != "cut off":
            record.end("loaded", "")
    with BatchRecords(tmp_path).batch("local", ["[1]"]) as batch:
        batch.cut_off = True
    with database.transaction(tmp_path, "") as connection:
        connection.execute("UPDATE runs SET ended_at = '2020-01-01' WHERE run_id = 'old'")
        connection.execute("UPDATE runs SET started_at = '2019-01-01' WHERE run_id IN ('old', 'cut off')")
        connection.execute("UPDATE batches SET started_at = '2019-01-01'")
    result = pruned(tmp_path)
    assert result.runs == 1
    assert sorted(run.run_id for run in records.all()) == ["cut off", "young"]
    assert records.steps("old") == []
    assert len(records.steps("cut off")) == 1
    assert [batch.commands for batch in BatchRecords(tmp_path).cut_off()] == [("[1]",)]


def test_the_verb_goes_by_the_configuration(own_desk: Desk) -> None:
    job(own_desk.state, 1, 200)
    job(own_desk.state, 2, 20)
    own_desk.sections = {"logs": {"keep_days": 100}}
    words = ("prune", "--config", str(own_desk.config))
    assert "1 job, 0 old logs would be removed" in own_desk.run(*words, "--dry-run").out
    assert own_desk.run(*words, "--json").result["jobs"] == 1
    assert left(own_desk.state) == [2]
    assert own_desk.run(*words, "--set", "logs.keep_days=10").code == 0
    assert left(own_desk.state) == []


def test_a_run_prunes_once_a_day_unless_told_not_to(nobody_home: Desk, tmp_path: Path) -> None:
    desk = nobody_home
    desk.state = tmp_path / "state"
    desk.state.mkdir()
    path = desk.month("2024-01-01", "2024-01-03")
    job(desk.state, 1, 200)
    desk.sections = {"logs": {"prune": False}}
    words = ("check-file", "--config", str(desk.config), "--file", str(path))
    assert desk.run(*words).code == 0
    assert left(desk.state) == [1]
    desk.sections = {}
    assert desk.config.exists()
    # Somebody else is at it.
    with (desk.state / ".pruned").open("w") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)
        old(desk.state / ".pruned", 2)
        assert desk.run(*words).code == 0
        assert left(desk.state) == [1]
    assert desk.run(*words).code == 0
    assert left(desk.state) == []
    assert "Pruned: 1 job" in (desk.state / "snowflake_etl.log").read_text()
    job(desk.state, 2, 200)
    assert desk.run(*words).code == 0
    assert left(desk.state) == [2]
    old(desk.state / ".pruned", 1.01)
    assert desk.run(*words).code == 0
    assert left(desk.state) == []


def test_pruning_that_fails_changes_no_exit_code(
    nobody_home: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = nobody_home
    desk.state = tmp_path / "state"
    desk.state.mkdir()
    path = desk.month("2024-01-01", "2024-01-03")

    def fail(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("snowflake_etl.operations.pruning.prune", fail)
    answer = desk.run("check-file", "--config", str(desk.config), "--file", str(path), "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["status"] == "ok"
    assert "no room" in answer.err
