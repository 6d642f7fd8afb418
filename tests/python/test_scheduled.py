"""Runs that nobody watches: every hour, two at once, before the file is there, while it is written, and after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desk import ROOT, Desk, days_between, rows_for
from snowflake_etl.history.schedule_record import ScheduleRecords

HOURLY = ("--month", "2024-01", "--if-missing", "--qc", "skip")
CHECKED = ("--month", "2024-01", "--if-missing")


def old(path: Path, minutes: int = 60) -> Path:
    os.utime(path, (time.time() - minutes * 60,) * 2)
    return path


def runs_of(desk: Desk) -> int:
    from snowflake_etl.history.run_record import RunRecords

    return len([run for run in RunRecords(desk.state).all() if desk.database in run.target])


def test_every_hour_until_the_file_is_there_and_loaded(desk: Desk) -> None:
    (desk.files / "other.txt").write_text("")
    before = desk.load(*HOURLY)
    assert (before.code, before.out) == (0, "T 2024-01: no file yet. Nothing to do.\n")
    path = desk.month("2024-01-01", "2024-01-31")
    arriving = desk.load(*HOURLY)
    assert arriving.code == 0
    assert arriving.out == (
        "T 2024-01: a file changed less than 5 minutes ago and is left for the next run. Nothing to do.\n"
    )
    old(path)
    loaded = desk.load(*HOURLY)
    assert loaded.code == 0, loaded.err
    assert "310 rows" in loaded.out
    for _ in range(2):
        again = desk.load(*HOURLY)
        assert (again.code, again.out) == (0, "T 2024-01: loaded already. Nothing to do.\n")
    assert desk.count() == 310
    assert runs_of(desk) == 1, "runs that had nothing to do are no runs"


def test_quiet_says_nothing_when_nothing_is_done_and_json_tells_it(desk: Desk) -> None:
    (desk.files / "other.txt").write_text("")
    assert desk.load(*HOURLY, "--quiet").out == ""
    assert desk.load_json(*HOURLY) == {"status": "ok", "message": "T 2024-01: no file yet. Nothing to do."}
    everything = desk.load("--month", "all", "--if-missing")
    assert everything.code == 0
    assert everything.out.endswith("holds no file of any month. Nothing to do yet.\n")


def test_what_is_missing_is_loaded_beside_what_is_not_there(desk: Desk) -> None:
    old(desk.month("2024-01-01", "2024-01-15"))
    assert desk.load("--month", "2024-01..2024-02", "--if-missing").code == 0
    assert desk.count() == 150
    old(desk.month("2024-01-16", "2024-01-31"))
    answer = desk.load("--month", "2024-01..2024-02", "--if-missing")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("T 2024-02: no file yet.\n")
    assert desk.count() == 310


def test_a_corrected_file_is_refused_with_the_way_to_replace(desk: Desk) -> None:
    old(desk.month("2024-01-01", "2024-01-31"))
    assert desk.load(*HOURLY).code == 0
    old(desk.month("2024-01-01", "2024-01-31", per_day=11))
    answer = desk.load(*HOURLY)
    assert answer.code == 7
    assert "--mode replace" in answer.out
    assert desk.count() == 310


def test_what_was_dropped_does_not_come_back_by_itself(desk: Desk) -> None:
    old(desk.month("2024-01-01", "2024-01-31"))
    assert desk.load(*HOURLY).code == 0
    dropping = ("drop-month", "--config", str(desk.config), "--table", "T", "--month", "2024-01")
    assert desk.run(*dropping, "--yes", "--expect-rows", "310").code == 0
    answer = desk.load(*HOURLY)
    assert (answer.code, desk.count()) == (0, 0)
    assert "T 2024-01: dropped on purpose, and loaded again only without --if-missing. Nothing to do." in answer.out
    old(desk.month("2024-01-01", "2024-01-31", per_day=11))
    assert desk.load(*HOURLY).code == 0
    assert desk.count() == 341, "a corrected file"


def test_a_file_that_cannot_be_loaded_is_a_failure_every_time(desk: Desk) -> None:
    old(desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-30"))))
    assert desk.load(*CHECKED).code == 6
    assert desk.load(*CHECKED).code == 6


def test_two_at_once_are_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    old(desk.month("2024-01-01", "2024-01-31"))
    answers = []
    from snowflake_etl.operations import missing_loads

    genuine = missing_loads.preview

    def meanwhile(*given: object) -> object:
        if not answers:
            answers.append(desk.load(*HOURLY))
            answers.append(desk.load("--month", "all", "--if-missing", "--settle", "0"))
        return genuine(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(missing_loads, "preview", meanwhile)
    assert desk.load(*HOURLY).code == 0
    for second in answers:
        assert second.code == 0
        assert second.out == (
            "A load of the same table is running in another process on this host: nothing was started.\n"
        )
    assert len(answers) == 2
    assert desk.count() == 310


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--month", "2024-01", "--settle", "3"), "--settle goes with --if-missing only."),
        ((*HOURLY, "--settle", "-1"), "--settle takes 0 to 1440 minutes"),
        (("--resume", "--if-missing"), "--if-missing goes with --month"),
        ((*HOURLY, "--mode", "replace"), "--if-missing goes with --month and --mode append"),
        ((*HOURLY, "--verify"), "leave --verify out"),
        ((*HOURLY, "--scheduled", "../x"), "'../x' cannot be the name of a scheduled run."),
    ],
)
def test_what_cannot_be_meant(nobody_home: Desk, words: tuple[str, ...], sentence: str) -> None:
    answer = nobody_home.load(*words)
    assert answer.code == 2
    assert sentence in answer.err


def test_a_heartbeat_tells_start_end_and_last_success(desk: Desk, tmp_path: Path) -> None:
    name = f"hourly-{desk.database}"
    records = ScheduleRecords(desk.state)
    (desk.files / "other.txt").write_text("")
    assert desk.load(*HOURLY, "--scheduled", name, "--set", "load.keep_failed=3").code == 0
    path = desk.state / "schedules" / f"{name}.json"
    first = json.loads(path.read_text())
    assert (first["exit_code"], first["name"]) == (0, name)
    assert first["succeeded_at"] == first["ended_at"] >= first["started_at"]
    assert "load --config" in first["command"] and "load.keep_failed=***" in first["command"]
    assert path.stat().st_mode & 0o777 == 0o600
    old(desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-30"))))
    assert desk.load(*CHECKED, "--scheduled", name).code == 6
    second = json.loads(path.read_text())
    assert second["exit_code"] == 6
    assert second["succeeded_at"] == first["succeeded_at"]
    assert not records.is_running(name)
    assert [beat.name for beat in records.all() if beat.name == name] == [name]
    assert not list((desk.state / "schedules").glob(f".{name}*"))


def test_a_scheduled_run_does_not_overlap_itself(nobody_home: Desk) -> None:
    name = f"nightly-{nobody_home.database}"
    records = ScheduleRecords(nobody_home.state)
    with records.alone(name) as ours:
        assert ours
        records.begin(name, "load")
        assert records.is_running(name)
        waiting = nobody_home.load(*HOURLY, "--scheduled", name)
        assert waiting.code == 0
        assert waiting.out.startswith(f"A run of '{name}', begun 20")
        refused = nobody_home.run("history", "--scheduled", name)
        assert refused.code == 7
        assert "is still running: nothing was started. The next run does what is left to do." in refused.err
    assert not records.is_running(name)
    assert records.of(name).exit_code is None, "whoever found it running has not touched its heartbeat"


def test_two_configurations_under_one_name_are_told(nobody_home: Desk) -> None:
    name = f"shared-{nobody_home.database}"
    records = ScheduleRecords(nobody_home.state)
    with records.alone(name) as ours:
        assert ours
        records.begin(name, "load --month last --config /etl/other.json")
        refused = nobody_home.load(*HOURLY, "--scheduled", name)
    assert refused.code == 7, "with 0 it would be skipped every hour and nobody be told"
    assert (
        "is the name of another scheduled run, which is still running: load --month last --config /etl/other"
        in refused.err
    )


def test_a_heartbeat_that_cannot_be_written_stops_nothing(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ScheduleRecords, "_write", full)
    answer = nobody_home.run("history", "--scheduled", f"full-{nobody_home.database}", "--table", "NONE")
    assert answer.code == 0
    assert "cannot be written (No space left on device); the run goes on." in answer.err


def test_a_killed_run_gives_its_lock_back_and_is_told(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from snowflake_etl.history.schedule_record import ScheduleRecords\n"
        "records = ScheduleRecords(Path(sys.argv[1]))\n"
        "with records.alone('nightly'):\n"
        "    records.begin('nightly', 'load')\n"
        "    print('at work', flush=True)\n"
        "    time.sleep(600)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], env=surroundings, stdout=subprocess.PIPE, text=True
    ) as run:
        try:
            assert run.stdout and run.stdout.readline() == "at work\n"
            records = ScheduleRecords(tmp_path)
            assert records.is_running("nightly")
            with records.alone("nightly") as ours:
                assert not ours
        finally:
            run.kill()
    assert not records.is_running("nightly")
    beat = records.of("nightly")
    assert beat is not None and beat.ended_at is None and beat.exit_code is None
    with records.alone("nightly") as ours:
        assert ours
