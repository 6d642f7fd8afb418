"""load.memory_limit: less goes on at once where it is small, files are cut alike, and too small a limit is said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.errors import ConfigError
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.plan import CutPlan
from snowflake_etl.operations import memory
from snowflake_etl.operations.memory import BASE_BYTES, CHECK_BASE_BYTES, MemoryPlan, plan_memory, staging_bytes

MIB = 1 << 20
DEFAULT_LIMIT = 500_000_000
PLAIN = Layout("\t", None, True, ("a", "b"))
PACKED = Layout("\t", None, True, ("a", "b"), compression=Compression.GZIP)
LARGE = CutPlan(64 * MIB, "cut", 16 * MIB)
LARGE_PACKED = CutPlan(32 * MIB, "cut", 8 * MIB)


def planned(limit: int, workers: int = 2, check: int = 0, layout: Layout = PLAIN, plan: CutPlan = LARGE) -> MemoryPlan:
    return plan_memory(limit, [(plan, layout)], workers=workers, check_bytes=check)


def used(given: MemoryPlan, layout: Layout = PLAIN, plan: CutPlan = LARGE) -> int:
    """What a load takes by the plan's own account."""
    check = CHECK_BASE_BYTES + given.check_bytes if given.check_bytes else 0
    return BASE_BYTES + staging_bytes(given.staging, plan, layout) + check


@pytest.mark.parametrize("check", [0, 200 * MIB])
@pytest.mark.parametrize(("layout", "plan"), [(PLAIN, LARGE), (PACKED, LARGE_PACKED)])
def test_two_workers_and_two_sessions_fit_into_the_default(check: int, layout: Layout, plan: CutPlan) -> None:
    given = planned(DEFAULT_LIMIT, 2, check, layout, plan)
    assert (given.staging.workers, given.staging.sessions) == (2, 2)
    assert used(given, layout, plan) <= DEFAULT_LIMIT


def test_a_smaller_limit_gives_fewer_workers_and_less_in_flight_and_is_kept() -> None:
    limits = [2_000_000_000, 800_000_000, 500_000_000, 430_000_000, 350_000_000]
    plans = [planned(limit, workers=16, check=200 * MIB) for limit in limits]
    for larger, smaller in pairwise(plans):
        assert smaller.staging.workers <= larger.staging.workers
        assert smaller.staging.parts < larger.staging.parts
        assert smaller.check_bytes >= memory.LEAST_CHECK_BYTES
    assert plans[0].staging.workers == 16
    assert plans[0].check_bytes == 200 * MIB, "the check gets no more than it asks for"
    assert plans[-1].staging.workers == 1
    assert all(used(given) <= limit for given, limit in zip(plans, limits, strict=True))


def test_the_largest_of_several_files_decides() -> None:
    small = CutPlan(MIB, "cut", MIB // 4)
    both = plan_memory(250_000_000, [(small, PLAIN), (LARGE, PLAIN)], workers=8, check_bytes=0)
    assert both == planned(250_000_000, workers=8)
    assert both.staging.workers < planned(250_000_000, workers=8, plan=small).staging.workers


def test_what_is_carried_through_memory_counts() -> None:
    assert staging_bytes(memory.concurrency(2, 2), LARGE_PACKED, PACKED) > 3 * 32 * MIB
    assert staging_bytes(memory.concurrency(2, 2), LARGE_PACKED, PLAIN) < 3 * 32 * MIB


@pytest.mark.parametrize("check", [0, 200 * MIB])
def test_too_small_a_limit_names_the_least_that_would_do(check: int) -> None:
    with pytest.raises(ConfigError, match=r"load\.memory_limit is 100 MB, .* at least (\d+) MB\.") as told:
        planned(100_000_000, check=check)
    assert ("--qc skip" in str(told.value)) == bool(check)
    least = int(str(told.value).split("at least ")[1].split(" MB")[0]) * 1_000_000
    assert planned(least, check=check).staging == memory.Concurrency(1, 1, 1, 1)


def test_a_load_with_too_small_a_limit_changes_nothing(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.sections["load"] = {"memory_limit": 1_000_000}
    answer = desk.load("--month", "2024-01")
    assert answer.code == 3
    assert "load.memory_limit is 1 MB, but this load needs at least" in answer.out + answer.err
    assert (desk.count(), desk.staged(), desk.work_tables()) == (0, [], [])
    desk.sections["load"] = {"memory_limit": 500_000_000}
    assert desk.load("--month", "2024-01").code == 0


def test_a_load_is_carried_on_under_another_limit_with_the_parts_that_are_there(desk: Desk) -> None:
    rows = [*rows_for(days_between("2024-01-01", "2024-01-31")), "20240131\tno number\tx"]
    desk.file("t_20240101-20240131.tsv", rows)
    sent: list[Any] = []
    for limit in (600_000_000, 300_000_000):
        desk.sections["load"] = {"memory_limit": limit}
        result = desk.load_json("--month", "2024-01", "--qc", "skip")
        assert result["status"] == "failed", "COPY finds the value that is no number"
        sent.append((result["files"][0]["parts"], result["files"][0]["parts_sent"]))
    assert sent == [(1, 1), (1, 0)]


def test_fewer_workers_than_were_asked_for_are_said(desk: Desk) -> None:
    """CR LF travels through memory, so that even a file of some MB has no room for many workers."""
    days = days_between("2024-01-01", "2024-01-31")
    lines = ["DAY\tID\tNAME", *rows_for(days, 12_000)]
    desk.file("t_20240101-20240131.tsv", "".join(f"{line}\r\n" for line in lines).encode())
    desk.sections["load"] = {"memory_limit": 190_000_000}
    result = desk.load_json("--month", "2024-01", "--qc", "skip", "--workers", "32")
    said = [warning for warning in result["warnings"] if "instead of 32" in warning]
    assert result["status"] == "loaded"
    assert len(said) == 1
    assert "load.memory_limit (190.0 MB) is not enough for more with this file" in said[0]
    again = desk.load_json("--month", "2024-01", "--qc", "skip", "--mode", "replace", "--yes", "--expect-rows", "any")
    assert again["warnings"] == []
