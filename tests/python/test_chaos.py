"""Chaos: whatever hits a load, and whenever, the same command again ends with every row in the table once.

A few dozen hits here; in full with ETL_TEST_CHAOS=full, or by chaos/run.py, which prints a table.  A failure names
the seed that repeats it, and the variable ETL_TEST_CHAOS_SEED chooses another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.trial import Ground, Trial, Variant, ground
from chaos.two_at_once import rounds

FULL = os.environ.get("ETL_TEST_CHAOS") == "full"
SEED = int(os.environ.get("ETL_TEST_CHAOS_SEED", "1"))
MOST_HITS_OF_A_LOAD = 5
# Hits of each variant; loads where it is requests that are hit.
AMOUNTS = {
    Variant.LOADER: 200 if FULL else 14,
    Variant.WAREHOUSE: 200 if FULL else 5,
    Variant.STOPPED: 60 if FULL else 5,
    Variant.FAULTS: 60 if FULL else 2,
    Variant.LOADER_AND_FAULTS: 60 if FULL else 4,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("chaos")) as made:
        made.measure()
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("variant", list(Variant), ids=lambda variant: variant.name.lower())
def test_every_row_is_loaded_once_whatever_happens(place: Ground, variant: Variant) -> None:
    trials: list[Trial] = []
    while _done(variant, trials) < AMOUNTS[variant]:
        trials.append(place.trial(SEED + len(trials), variant, MOST_HITS_OF_A_LOAD))
        assert trials[-1].problems == [], f"\n{trials[-1]}"
    if variant.faulty:
        assert sum(sum(trial.injected.values()) for trial in trials) > 0


def _done(variant: Variant, trials: list[Trial]) -> int:
    return len(trials) if variant is Variant.FAULTS else sum(trial.hits for trial in trials)


@pytest.mark.slow
def test_of_two_loads_of_one_file_at_once_one_loads_and_one_is_refused(tmp_path: Path) -> None:
    played = list(rounds(tmp_path / "two", 20 if FULL else 3))
    assert [one for one in played if one.problems] == [], "\n".join(str(one) for one in played if one.problems)
