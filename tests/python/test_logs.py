"""The application log: what a line tells, text and JSON, put aside by size and age while several processes write."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desk import ROOT, Desk
from no_secrets import assert_not_in
from snowflake_etl.cli.log_file import LogFile, Rotation

LINE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\+00:00 (DEBUG|INFO|WARNING|ERROR) [0-9]{8}-[0-9]{6}-[0-9a-f]{8} [0-9]+ .+"
)


@pytest.fixture
def log(desk: Desk, tmp_path: Path) -> Path:
    """The log of a state folder of this test alone, on the shared warehouse."""
    state = tmp_path / "logs"
    state.mkdir()
    (state / "local-warehouse").symlink_to(desk.state / "local-warehouse")
    desk.state = state
    return state / "snowflake_etl.log"


def test_a_line_tells_time_level_and_run_and_a_phase_its_figures(desk: Desk, log: Path) -> None:
    desk.month("2024-01-01", "2024-01-31")
    result = desk.load_json("--month", "2024-01")
    lines = log.read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    run_id = result["run_id"]
    copy = next(line for line in lines if " copy took " in line)
    assert f" {run_id} " in copy
    assert re.search(r"copy took [0-9.]+ s, [0-9.]+ kB, [0-9.]+ .?B/s, peak memory [0-9.]+ MB, queries \S{36}$", copy)
    phase = next(one for one in result["phases"] if one["name"] == "copy")
    assert phase["query_ids"][0] in copy
    assert phase["bytes"] > 0
    assert phase["peak_memory"] > 10_000_000
    assert " Begins: load --config " in lines[0]
    assert " Ended: load with exit code 0 after " in lines[-1]
    assert "SQL" not in log.read_text()


def test_verbose_adds_every_statement_without_values_and_secrets(desk: Desk, log: Path) -> None:
    secret = "PLANTED_AS_A_NAME"
    section = {"connection": "local", "database": desk.database, "schema": secret, "password": secret}
    desk.sections = {"snowflake": section}
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--month", "2024-01", "--verbose")
    assert re.search(r" DEBUG \S+ SQL [0-9.]+ s \S{36}: COPY INTO ", answer.err)
    assert re.search(r" DEBUG \S+ \S+ SQL [0-9.]+ s \S{36}: INSERT INTO ", log.read_text())
    assert_not_in(answer.out + answer.err + log.read_text(), [secret], "the log")
    assert '."***"."T"' in log.read_text()
    assert "name 3" not in log.read_text()


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_by_setting_also_in_a_jobs_folder(
    desk: Desk, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sections = {"logs": {"format": "json"}}
    desk.month("2024-01-01", "2024-01-31")
    job = tmp_path / "20240201-000000-load-1"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    assert desk.load("--month", "2024-01", "--dry-run").code == 0
    # The next process begins with what the configuration said, before it has read it.
    log.unlink()
    assert desk.load("--month", "2024-01", "--mode", "append").code == 0
    lines = objects(log)
    assert lines[0]["verb"] == "load"
    assert lines[0]["invocation"] == job.name
    assert {line["run"] for line in lines} - {job.name} != set()
    phases = [line["phase"] for line in lines if "phase" in line]
    assert [phase["name"] for phase in phases] == ["prepare", "stage", "copy", "check", "publish", "clean up"]
    assert lines[-1]["exit_code"] == 0
    assert all(line["at"].endswith("+00:00") for line in lines)
    assert objects(job / "log.jsonl")[-1] == lines[-1]
    assert (job / "log.jsonl").stat().st_mode & 0o077 == 0
    # People still read the other one, and an error has its traceback in one line.
    assert desk.load("--month", "2031-01").code == 6
    assert objects(log)[-1]["exit_code"] == 6


def test_a_json_log_has_nothing_else_in_it(desk: Desk, log: Path) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.sections = {"logs": {"format": "json", "compress": False}}
    assert desk.load("--month", "2024-01", "--dry-run").code == 0
    assert [line["verb"] for line in objects(log) if "verb" in line] == ["load", "load"], "also the first line of all"
    desk.sections = {}
    assert desk.load("--month", "2024-01", "--dry-run").code == 0
    (aside,) = log.parent.glob("snowflake_etl-*.log.gz")
    assert gzip.decompress(aside.read_bytes()).decode().splitlines()[0].startswith("{")
    assert [line for line in log.read_text().splitlines() if not LINE.fullmatch(line)] == []
    desk.sections = {"logs": {"format": "json", "compress": False}}
    assert desk.load("--month", "2024-01", "--dry-run").code == 0
    (text,) = log.parent.glob("snowflake_etl-*.log")
    assert [line for line in text.read_text().splitlines() if not LINE.fullmatch(line)] == []
    assert objects(log)[-1]["exit_code"] == 0


def test_what_fails_before_a_configuration_is_read_is_in_the_log(desk: Desk, log: Path) -> None:
    (desk.folder / "bad.json").write_text("{")
    assert desk.run("load", "--month", "2024-01", "--config", str(desk.folder / "bad.json")).code == 3
    text = log.read_text()
    assert " Begins: load " in text and "is not valid JSON" in text and " Ended: load with exit code 3 " in text


def test_a_log_is_put_aside_by_size_and_packed(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.log", Rotation(rotate_bytes=10_000))
    file.open()
    for number in range(1000):
        file.write(f"2024-01-31 line {number}\n")
    file.close()
    aside = sorted(tmp_path.glob("a-*.log.gz"))
    assert len(aside) >= 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in aside)
    assert not list(tmp_path.glob("a-*.log"))
    kept = "".join(gzip.decompress(path.read_bytes()).decode() for path in aside) + (tmp_path / "a.log").read_text()
    assert kept.splitlines() == [f"2024-01-31 line {number}" for number in range(1000)]


@pytest.mark.parametrize("compress", [True, False])
def test_a_log_is_put_aside_by_the_age_of_its_first_line(tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "a.log"
    path.write_text('{"at": "2020-01-31T00:00:00"}\n')
    file = LogFile(path, Rotation(rotate_days=30, compress=compress))
    file.open()
    file.write("a\n")
    file.write("b\n")
    file.close()
    assert path.read_text() == "b\n"
    assert len(list(tmp_path.glob(f"a-*.log{'.gz' if compress else ''}"))) == 1


WRITER = """
import sys
from pathlib import Path
from snowflake_etl.cli.log_file import LogFile, Rotation
file = LogFile(Path(sys.argv[1]), Rotation(rotate_bytes=20_000))
file.open()
for number in range(2000):
    file.write(f"{sys.argv[2]} {number:06} {'x' * (number % 80)}\\n")
"""


def test_several_processes_put_it_aside_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(number)], env=surroundings)
        for number in range(4)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    texts = [gzip.decompress(aside.read_bytes()).decode() for aside in tmp_path.glob("a-*.gz")]
    assert len(texts) > 4
    texts += [aside.read_text() for aside in tmp_path.glob("a*.log")]
    lines = [line for text in texts for line in text.splitlines()]
    found = sorted(tuple(line.split()[:2]) for line in lines)
    assert found == [(str(writer), f"{number:06}") for writer in range(4) for number in range(2000)]
    assert not [name for name in tmp_path.iterdir() if name.suffix == ".gz" and name.name.startswith(".")]


def test_a_log_that_is_no_file_is_never_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.symlink_to("/dev/null")
    file = LogFile(path, Rotation(rotate_bytes=1))
    file.open()
    file.write("a\n")
    assert path.is_symlink()
    file.close()
