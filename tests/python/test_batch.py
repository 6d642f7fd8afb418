"""Several months in one go: the plan, the table at the end, and what a second run does."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from crashing import KILLED, crash_of
from desk import ROOT, Desk, days_between, rows_for
from snowflake_etl.reports.load_text import human_bytes

MONTHS = {"2024-01": ("2024-01-01", "2024-01-31"), "2024-02": ("2024-02-01", "2024-02-29")}


def two_months(desk: Desk) -> None:
    for first, last in MONTHS.values():
        desk.month(first, last)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_all_months_are_planned_loaded_and_listed(desk: Desk, jobs: str) -> None:
    two_months(desk)
    answer = desk.load("--month", "all", "--jobs", jobs)
    assert answer.code == 0
    plan, _, _ = answer.out.partition("\n\n")
    assert plan.count(" new") == 2
    assert answer.out.rstrip().splitlines()[-3].split() == ["2024-01", "T", "loaded", "310"] or jobs == "2"
    assert "2024-02  T      loaded" in answer.out
    assert desk.count() == 310 + 290
    again = desk.load("--month", "all")
    assert again.code == 7
    assert again.out.count("loaded before") == 2
    assert desk.count() == 600


def test_run_again_it_does_only_what_is_missing(desk: Desk) -> None:
    two_months(desk)
    assert desk.load("--month", "2024-01").code == 0
    answer = desk.load("--month", "2024-01..2024-02")
    assert answer.code == 0
    assert "loaded before" in answer.out
    assert desk.count() == 600


@pytest.mark.parametrize("go_on", [False, True])
def test_a_failed_month_ends_the_batch_unless_told_to_go_on(desk: Desk, go_on: bool) -> None:
    two_months(desk)
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-30")))
    answer = desk.load("--month", "all", *(["--continue-on-error"] if go_on else []))
    assert answer.code == 6
    assert "2024-01  T      failed" in answer.out
    assert desk.sql("SHOW TABLES LIKE 'T'")
    assert desk.count() == (290 if go_on else 0)
    assert ("not started" in answer.out) is not go_on


def test_a_missing_month_of_a_range_starts_nothing(desk: Desk) -> None:
    two_months(desk)
    answer = desk.load("--month", "2024-01..2024-03")
    assert answer.code == 6
    assert "2024-03" in answer.err
    assert desk.sql("SHOW TABLES LIKE 'T'") == []


def two_tables(desk: Desk) -> Path:
    """A configuration of two tables; of the second one January's file alone is there."""
    two_months(desk)
    document = json.loads(desk.config.read_text())
    document["files"].append({**document["files"][0], "file_pattern": "u_{date_range}.tsv", "table_name": "U"})
    config = desk.folder / "two.json"
    config.write_text(json.dumps(document))
    desk.file("u_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31")))
    return config


def test_a_missing_file_of_one_table_is_a_failed_row_and_the_others_are_loaded(desk: Desk) -> None:
    words = ("load", "--config", str(two_tables(desk)), "--month", "2024-01..2024-02")
    refused = desk.run(*words)
    assert refused.code == 6
    assert refused.err.startswith("error: No file of table U for 2024-02")
    assert desk.sql("SHOW TABLES LIKE 'T'") == []
    answer = desk.run(*words, "--continue-on-error", "--jobs", "2")
    assert answer.code == 6
    plan, *_, table = answer.out.rstrip().split("\n\n")
    assert [line.split() for line in plan.splitlines()[-1:]] == [
        ["2024-02", "U", "0", "0", "B", "no", "usable", "file"]
    ]
    assert "failed: No file of table U for 2024-02" in answer.out
    assert sorted(line.split()[:3] for line in table.splitlines()[2:6]) == [
        ["2024-01", "T", "loaded"],
        ["2024-01", "U", "loaded"],
        ["2024-02", "T", "loaded"],
        ["2024-02", "U", "failed"],
    ]
    assert desk.count() == 600
    assert desk.count(table="U") == 310
    documents = desk.run(*words, "--continue-on-error", "--json").result
    assert [(one["table"], one["month"], one["status"]) for one in documents][-1] == ("U", "2024-02", "failed")
    desk.file("u_20240201-20240229.tsv", rows_for(days_between("2024-02-01", "2024-02-29")))
    assert desk.run(*words).code == 0
    assert desk.count(table="U") == 600


def test_with_continue_on_error_what_cannot_be_loaded_is_planned_and_compared_too(desk: Desk) -> None:
    words = ("load", "--config", str(two_tables(desk)), "--continue-on-error")
    planned = desk.run(*words, "--month", "2024-02", "--dry-run")
    assert planned.code == 6
    assert "failed: No file of table U for 2024-02" in planned.out
    assert "planned: append to" in planned.out
    one = desk.run(*words, "--month", "2024-02", "--table", "U")
    assert one.code == 6
    assert "failed: No file of table U" in one.out
    compared = desk.run(*words, "--month", "2024-02", "--verify")
    assert compared.code == 6
    assert compared.err.startswith("error: No file of table U for 2024-02")


def test_with_continue_on_error_a_named_file_that_is_gone_is_a_failed_row(desk: Desk) -> None:
    """Its month is not loaded by halves, the others are."""
    half, other = desk.month("2024-01-01", "2024-01-15"), desk.month("2024-02-01", "2024-02-29")
    gone = desk.files / "t_20240116-20240131.tsv"
    words = ("--file", str(half), "--file", str(gone), "--file", str(other))
    assert desk.load(*words).code == 6
    answer = desk.load(*words, "--continue-on-error")
    assert answer.code == 6
    assert "no usable file" in answer.out
    assert f"There is no file '{gone}'" in answer.out
    assert "2024-01  T      failed" in answer.out
    assert desk.count() == 290


def test_months_are_found_in_folders_of_either_scheme(desk: Desk) -> None:
    two_months(desk)
    for name, folder in (("t_20240101-20240131.tsv", "2024-01"), ("t_20240201-20240229.tsv", "022024")):
        (desk.files / folder).mkdir()
        (desk.files / name).rename(desk.files / folder / name)
    assert desk.load("--month", "all").code == 0
    assert desk.count() == 600


@pytest.mark.parametrize("months", ["2024-01,2024-02", "022024, 012024", "2024-01..2024-02"])
def test_lists_and_ranges_are_loaded_in_order(desk: Desk, months: str) -> None:
    two_months(desk)
    results = desk.load_json("--month", months)
    assert [(one["month"], one["status"]) for one in results] == [("2024-01", "loaded"), ("2024-02", "loaded")]


def test_files_of_several_months_are_a_batch(desk: Desk) -> None:
    paths = [str(desk.month(first, last)) for first, last in reversed(MONTHS.values())]
    desk.month("2024-03-01", "2024-03-31")
    results = desk.load_json("--file", paths[0], "--file", paths[1])
    assert [(one["month"], one["rows_published"]) for one in results] == [("2024-01", 310), ("2024-02", 290)]
    assert desk.count() == 600


def test_the_plan_says_files_bytes_state_and_estimate(own_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = own_desk
    sizes = [
        desk.month("2024-01-01", "2024-01-15").stat().st_size,
        desk.month("2024-02-01", "2024-02-29").stat().st_size,
    ]
    first, _, _ = desk.load("--month", "all", "--dry-run").out.partition("\n\n")
    assert [line.split() for line in first.splitlines()[2:]] == [
        ["2024-01", "T", "1", *human_bytes(sizes[0]).split(), "new"],
        ["2024-02", "T", "1", *human_bytes(sizes[1]).split(), "new"],
    ]
    assert desk.load("--month", "2024-01").code == 0
    desk.month("2024-01-16", "2024-01-31")
    second, _, _ = desk.load("--month", "all", "--dry-run").out.partition("\n\n")
    assert not second.splitlines()[-1].endswith(" s"), "a small file tells nothing of the rate"
    monkeypatch.setattr("snowflake_etl.history.run_record._LEAST_TELLING_BYTES", 1)
    second, _, _ = desk.load("--month", "all", "--dry-run").out.partition("\n\n")
    (january, february) = (line.split() for line in second.splitlines()[2:])
    assert (january[2], january[-4:-2]) == ("2", ["partly", "loaded"])
    assert (february[2], february[-3]) == ("1", "new")
    assert january[-1] == february[-1] == "s", "how long it may take, from the rate of the load before"
    desk.file("t_20240101-20240115.tsv", rows_for(days_between("2024-01-01", "2024-01-15"), 11))
    (desk.files / "t_20240116-20240131.tsv").unlink()
    assert "another file loaded" in desk.load("--month", "all", "--dry-run").out


def test_a_refused_month_stands_in_the_table_and_the_others_are_loaded(desk: Desk) -> None:
    two_months(desk)
    assert desk.load("--month", "2024-01").code == 0
    desk.month("2024-01-01", "2024-01-31", per_day=11)
    answer = desk.load("--month", "all")
    assert answer.code == 7
    assert [line.split() for line in answer.out.rstrip().splitlines() if line.startswith("2024-0")][-2:] == [
        ["2024-01", "T", "refused", "0"],
        ["2024-02", "T", "loaded", "290"],
    ]
    assert desk.count() == 600


def test_json_of_a_batch_is_a_list(desk: Desk) -> None:
    two_months(desk)
    results = desk.load_json("--month", "all")
    assert [(one["month"], one["rows_published"]) for one in results] == [("2024-01", 310), ("2024-02", 290)]


def test_sigterm_ends_a_batch_and_the_same_command_finishes_it(desk: Desk, tmp_path: Path) -> None:
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 10_000))
    desk.file("t_20240201-20240229.tsv", rows_for(days_between("2024-02-01", "2024-02-29"), 10_000))
    job = tmp_path / "job"
    job.mkdir()
    words = ("load", "--config", str(desk.config), "--month", "all", "--jobs", "2")
    process = desk.process(*words, ETL_JOB_DIR=str(job))
    deadline = time.monotonic() + 60
    while not (job / "progress").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert desk.work_tables() == []
    assert desk.load("--month", "all").code == 0
    assert desk.count() == 600_000


def cut_off_batch(desk: Desk) -> None:
    """A batch of three months that is killed while its first month is loaded."""
    desk.month("2024-03-01", "2024-03-31")
    two_months(desk)
    code = crash_of(lambda: desk.load("--month", "all"), lambda _, command: command.startswith("COPY"), after=True)
    assert code == KILLED


def resume(desk: Desk, *words: str) -> list[tuple[str, str]]:
    documents = desk.run("load", "--resume", "--json", *words).result
    return [(one["month"], one["status"]) for one in (documents if isinstance(documents, list) else [documents])]


def test_ctrl_c_at_a_question_of_a_batch_ends_it(desk: Desk) -> None:
    """The question is asked in a load's own thread, which no signal wakes: it had waited for Enter."""
    two_months(desk)
    assert desk.load("--month", "all").code == 0
    controller, terminal = pty.openpty()
    words = ("--config", str(desk.config), "--month", "all", "--mode", "replace")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "python" / "loader.py"), *words],
        env={**os.environ, "ETL_STATE_DIR": str(desk.state)},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    with os.fdopen(controller, "rb", buffering=0) as screen:
        while b"Type yes:" not in shown:
            shown += screen.read(4096)
        process.send_signal(signal.SIGINT)
        with suppress(OSError):
            # The terminal's end is an error on Linux.
            while more := screen.read(4096):
                shown += more
    assert process.wait(60) == 130, shown
    assert b"Stopped with the other loads." in shown
    assert desk.count() == 600
    assert desk.work_tables() == []


def test_what_a_batch_had_not_begun_is_resumed_too(own_desk: Desk) -> None:
    cut_off_batch(own_desk)
    listed = own_desk.run("recover", "--config", str(own_desk.config))
    assert f"interrupted: 2024-01 into {own_desk.database}.PUBLIC.T" in listed.out
    assert "left to do: 2 of 3 loads asked for at " in listed.out
    assert "3 interrupted loads" in listed.out
    assert resume(own_desk, "--dry-run") == [(f"2024-0{number}", "planned") for number in (1, 2, 3)]
    assert resume(own_desk) == [(f"2024-0{number}", "loaded") for number in (1, 2, 3)]
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_what_was_loaded_since_is_not_resumed(own_desk: Desk) -> None:
    cut_off_batch(own_desk)
    assert own_desk.load("--month", "2024-02").code == 0
    assert resume(own_desk) == [("2024-01", "loaded"), ("2024-03", "loaded")]


def test_a_run_that_was_cut_off_before_its_first_statement_is_done_once_its_command_is(own_desk: Desk) -> None:
    two_months(own_desk)
    assert crash_of(lambda: own_desk.load("--month", "2024-01"), lambda *_: True, after=False) == KILLED
    words = ("recover", "--config", str(own_desk.config), "--json")
    assert len(own_desk.run(*words).result["interrupted"]) == 1
    assert own_desk.load("--month", "2024-01").code == 0
    assert own_desk.run(*words).result["interrupted"] == []


def test_what_could_not_be_loaded_when_it_was_resumed_stays_to_be_resumed(own_desk: Desk) -> None:
    cut_off_batch(own_desk)
    path = own_desk.file("t_20240301-20240331.tsv", rows_for(days_between("2024-03-01", "2024-03-30")))
    assert resume(own_desk) == [("2024-01", "loaded"), ("2024-02", "loaded"), ("2024-03", "failed")]
    assert resume(own_desk) == [("2024-03", "failed")]
    assert path == own_desk.month("2024-03-01", "2024-03-31")
    assert resume(own_desk) == [("2024-03", "loaded")]
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def signalled(desk: Desk, number: signal.Signals, job: Path) -> None:
    """A batch of two months that gets a signal while it stages the first one."""
    for first, last in MONTHS.values():
        desk.month(first, last, per_day=8000)
    process = desk.process("load", "--config", str(desk.config), "--month", "all", ETL_JOB_DIR=str(job))
    deadline = time.monotonic() + 60
    while not (job / "progress").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode in (130, 143)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_lost_connection_or_a_shutdown_is_an_interruption(
    own_desk: Desk, tmp_path: Path, number: signal.Signals
) -> None:
    signalled(own_desk, number, tmp_path)
    assert resume(own_desk) == [("2024-01", "loaded"), ("2024-02", "loaded")]
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


@pytest.mark.parametrize("meant", ["Ctrl-C", "jobs cancel"])
def test_what_was_stopped_on_purpose_is_not_resumed(own_desk: Desk, tmp_path: Path, meant: str) -> None:
    if meant == "jobs cancel":
        (tmp_path / "cancelled").touch()
    signalled(own_desk, signal.SIGINT if meant == "Ctrl-C" else signal.SIGTERM, tmp_path)
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_what_another_command_has_done_since_is_not_resumed(own_desk: Desk) -> None:
    two_months(own_desk)
    killed = crash_of(
        lambda: own_desk.load("--month", "2024-01"), lambda _, command: command.startswith("COPY"), after=True
    )
    assert killed == KILLED
    assert own_desk.load("--month", "2024-01", "--qc", "skip").code == 0
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_a_batch_that_is_cleaned_up_is_not_resumed(own_desk: Desk) -> None:
    cut_off_batch(own_desk)
    assert own_desk.run("recover", "--config", str(own_desk.config), "--clean", "--yes").code == 0
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_a_batch_that_ended_with_a_failure_is_not_taken_for_an_interrupted_one(own_desk: Desk) -> None:
    two_months(own_desk)
    own_desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-30")))
    assert own_desk.load("--month", "all").code == 6
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_an_interrupted_load_is_resumed_from_any_folder(own_desk: Desk, tmp_path: Path) -> None:
    desk = own_desk
    two_months(desk)
    first = desk.load("--resume")
    assert first.code == 0
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 12_000))
    job = tmp_path / "job"
    job.mkdir()
    process = desk.process(
        "load", "--config", str(desk.config), "--month", "2024-01", "--qc", "skip", ETL_JOB_DIR=str(job)
    )
    deadline = time.monotonic() + 60
    while not (job / "progress").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.communicate()
    listed = desk.run("recover", "--config", str(desk.config), "--json")
    assert listed.code == 0
    runs = [run for run in listed.result["interrupted"] if str(desk.folder) in run["command"]]
    assert len(runs) == 1
    assert json.loads(runs[0]["command"])[:2] == ["--config", str(desk.config)]
    resumed = desk.load("--resume", "--json")
    documents = resumed.result if isinstance(resumed.result, list) else [resumed.result]
    assert any(one["rows_published"] == 372_000 for one in documents), resumed
    assert desk.count() == 372_000
