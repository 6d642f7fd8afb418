"""The benches that load whole files: they measure, say so in one line of JSON and leave nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(bench: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bench" / bench), "--temporary", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def facts_of(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout.splitlines()[-1])


def test_memory_of_loads_is_watched_from_outside(tmp_path: Path) -> None:
    done = run("memory.py", tmp_path, "--size", "1M", "--large", "2M", "--qc", "file")
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    small, large = facts["loads"]
    assert large["rows"] > small["rows"] > 5_000
    for load in (small, large):
        assert 50_000_000 < load["sampled_rss_bytes"] <= load["peak_rss_bytes"] < facts["limit"] == 500_000_000
        assert load["bytes_beside_source"] == 0
        assert load["temporary_disk_bytes"] > 0
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_the_statements_of_a_report_are_counted(tmp_path: Path) -> None:
    words = ("--tables", "3", "--days", "5", "--rows", "4", "--repeat", "1", "--latency", "0.05")
    done = run("report.py", tmp_path, *words)
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    assert facts["statements_per_table"] == 2
    assert facts["statements"] == facts["statements_reported"] == 3 + 3 * 2
    # Nine statements of one session, one after the other.
    assert facts["far_seconds_1_worker"] > 9 * 0.05
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_the_search_for_duplicates_is_measured(tmp_path: Path) -> None:
    done = run("duplicates.py", tmp_path, "--keys", "20000", "--planted", "50", "--memory-limit", "64M")
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    assert (facts["keys"], facts["memory_limit"]) == (20_000, 64 << 20)
    assert facts["vs_bare_group_by"] > 0
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_a_load_that_takes_more_than_its_limit_fails_the_bench(tmp_path: Path) -> None:
    done = run("memory.py", tmp_path, "--size", "1M", "--qc", "skip", "--budget", "50M")
    assert done.returncode == 1
    assert facts_of(done)["peak"] > 50 << 20


def test_the_phases_of_a_load_are_measured_with_and_without_the_check(tmp_path: Path) -> None:
    done = run("load.py", tmp_path, "--size", "1M", "--gzip")
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    assert facts["file_vs_skip"] > 0
    for qc in ("skip", "file"):
        assert 0 < sum(facts["phases"][qc].values()) < facts["seconds"][qc]
        assert facts["phases"][qc]["stage"] > 0
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_cleaning_is_measured_against_a_bare_copy(tmp_path: Path) -> None:
    words = ("--size", "2M", "--repeat", "1", "--directory", str(tmp_path))
    command = [sys.executable, str(ROOT / "bench" / "clean.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    assert facts["rows"] > facts["rejected"] > 0
    assert facts["clean_vs_copy"] > 0
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_pruning_is_measured_against_a_bare_removal(tmp_path: Path) -> None:
    done = run("prune.py", tmp_path, "--jobs", "60", "--size", "4M", "--unfinished", "5")
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    assert facts["unfinished_kept"] == 5
    assert facts["removed"] >= 25
    assert facts["bytes_after"] <= facts["limit"] < facts["bytes_before"]
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"


def test_the_browser_is_measured_against_a_bare_scan(tmp_path: Path) -> None:
    words = ("--entries", "500,2000", "--repeat", "1", "--starts", "0", "--directory", str(tmp_path))
    command = [sys.executable, str(ROOT / "bench" / "browse.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    facts = facts_of(done)
    for count in ("500", "2000"):
        assert facts[count]["scan_vs_bare"] > 0
        assert facts[count]["filter_per_second"] > 0
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"
