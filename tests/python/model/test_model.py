"""All interleavings of two runs over the model of Snowflake's rules; see the package's docstring.

By default every schedule has at most one fault: a kill at any statement of any run (before it or while it runs, with
the rest of its session arriving later, sooner or never), or a lost session, a lost answer or a signal at a COMMIT;
the killed run is started again.  The short scenarios meet those others at every statement too, and error 000625 -
too many waiters, or LOCK_TIMEOUT - at every wait; with ETL_TEST_MODEL=full all do, INSERTs lock as well, and some
scenarios have two faults.  Each test says how many interleavings it has seen, also in the JUnit report.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from model.explore import Explored, explore
from model.scenarios import LONG_SCENARIOS, SCENARIOS
from model.server import Rules

FULL = os.environ.get("ETL_TEST_MODEL") == "full"
# Schedules that have to be visited at least, so that an exploration that breaks off early is noticed.
FLOORS = {
    "two appends of one file": 10**10,
    "two appends of the same days": 10**14,
    "two appends of different months": 10**14,
    "append and replace of an empty month": 10**15,
    "append beside and replace of a month": 10**15,
    "two replaces by different files": 10**14,
    "two replaces by one file": 10**10,
    "second half and replace of the first": 10**15,
    "replace and a row by other means": 10**8,
    "append and drop": 10**5,
    "replace and drop": 10**8,
    "one drop": 10,
    "two drops": 10**7,
    "drop and a row by other means": 10**5,
    "drop and restore": 10**5,
    "two restores": 10**8,
    "restore and append": 10**11,
    "one append with a long INSERT": 10**2,
    "two appends of one file, leases run out": 10**8,
    "one append, run again elsewhere": 10**3,
    "two appends of one file, run again elsewhere": 10**13,
}
FLOOR_IN_PEACE = 1
TIME_PASSES = "two appends of one file, leases run out"
TWICE = ("append and drop", "one append with a long INSERT", "two appends of one file")

# Seconds each, with any fault at any statement; the others take minutes.
SHORT = ("two appends of one file", "append and drop", "drop and restore", "one append with a long INSERT")

# Seconds each with any fault at any statement; all others take minutes.
SHORT = ("two appends of one file", "append and drop", "drop and restore", "one append with a long INSERT")
Told = Callable[[str], None]

# Scenarios that the production code is known to fail, and why.
KNOWN: dict[str, str] = {}
full = pytest.mark.skipif(not FULL, reason="minutes: ETL_TEST_MODEL=full")


def known(name: str) -> object:
    """The scenario as a parameter, marked where the production code is known to fail it."""
    marks = [pytest.mark.xfail(reason=KNOWN[name], strict=True)] if name in KNOWN else []
    return pytest.param(name, marks=marks)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Told:
    """Say a line at once, in the summary and in the JUnit report."""

    def say(line: str) -> None:
        request.node.user_properties.append(("model", line))
        with capsys.disabled():
            print(f"\nmodel: {line}")

    return say


def right(name: str, explored: Explored, told: Told, floor: int) -> None:
    told(
        f"{name}: {explored.interleavings:,} interleavings over {explored.states:,} states, "
        f"{'1 violation' if explored.violation else 'no violation'}"
    )
    assert explored.violation is None, str(explored.violation)
    assert explored.interleavings >= floor


@pytest.mark.parametrize("name", [*map(known, SCENARIOS)])
def test_every_end_has_each_row_once_and_a_true_ledger(name: str, told: Told) -> None:
    faults = 0 if name == TIME_PASSES else 1
    right(name, explore(SCENARIOS[name].world(faults)), told, FLOORS[name])


@pytest.mark.parametrize("name", SCENARIOS)
def test_inserts_that_lock_change_nothing(name: str, told: Told) -> None:
    scenario = replace(SCENARIOS[name], rules=Rules(inserts_lock=True), jumps=0)
    right(f"{name}, INSERTs lock", explore(scenario.world(faults=0)), told, FLOOR_IN_PEACE)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in SHORT else [full])
        for name in SCENARIOS
        if name not in KNOWN and not SCENARIOS[name].jumps
    ],
)
def test_any_fault_at_any_statement(name: str, told: Told) -> None:
    explored = explore(SCENARIOS[name].world(faults=1, everywhere=True))
    right(f"{name}, any fault anywhere", explored, told, FLOORS[name])


@full
@pytest.mark.parametrize("name", [TIME_PASSES, *LONG_SCENARIOS])
def test_a_fault_and_leases_that_run_out(name: str, told: Told) -> None:
    explored = explore({**SCENARIOS, **LONG_SCENARIOS}[name].world(faults=1))
    right(f"{name}, a fault", explored, told, FLOORS[name])


@full
@pytest.mark.parametrize("name", [*map(known, SCENARIOS)])
def test_inserts_that_lock_and_a_fault(name: str, told: Told) -> None:
    scenario = replace(SCENARIOS[name], rules=Rules(inserts_lock=True), jumps=0)
    right(f"{name}, INSERTs lock, a fault", explore(scenario.world(faults=1)), told, FLOOR_IN_PEACE)


@full
@pytest.mark.parametrize("name", [*map(known, TWICE)])
def test_two_faults(name: str, told: Told) -> None:
    right(f"{name}, two faults", explore(SCENARIOS[name].world(faults=2)), told, FLOORS[name])
