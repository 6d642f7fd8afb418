#!/usr/bin/env python3
"""Chaos in full: loads that are hit at random moments until they end, each compared with its file row by row.

    tests/python/chaos/run.py [--kills 200] [--variants loader,warehouse,...] [--seed 1] [--rounds 20]

Makes its own file and embedded warehouse in a temporary folder.  Prints a table and, last, one line of JSON;
exit code 1 when a load did not end exactly once.  Every trial can be repeated by its seed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "python")]

from chaos.trial import Trial, Variant, ground  # noqa: E402
from chaos.two_at_once import Round, rounds  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="hits of each variant (default 200)")
    parser.add_argument("--most", type=int, default=5, help="hits of one load at most (default 5)")
    parser.add_argument("--loads", type=int, default=40, help="loads of the variants that are not hit (default 40)")
    names = [variant.name.lower() for variant in Variant]
    parser.add_argument("--variants", default=",".join(names), help=f"some of {','.join(names)}")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first trial (default 1)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of two loads at once (default 20)")
    options = parser.parse_args()
    # A shell starts what goes on in the background with Ctrl-C ignored, and the loads would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    variants = [Variant[name.upper()] for name in options.variants.split(",") if name]
    table, good = [], True
    with tempfile.TemporaryDirectory(prefix="etl-chaos-") as folder:
        with ground(Path(folder)) as place:
            place.measure()
            print(f"an undisturbed run takes {place.seconds:.1f} s", flush=True)
            for variant in variants:
                trials = []
                began = time.monotonic()
                while not _enough(variant, trials, options):
                    trials.append(place.trial(options.seed + len(trials), variant, options.most))
                    _tell(trials[-1])
                table.append(_row(variant, trials, time.monotonic() - began))
                good = good and not any(trial.problems for trial in trials)
        done = list(rounds(Path(folder) / "two", options.rounds)) if options.rounds else []
    for one in done:
        if one.problems:
            print(one)
    good = good and not any(one.problems for one in done)
    _print(table, done)
    print(json.dumps({"bench": "chaos", "seed": options.seed, "variants": table, **_rounds(done), "all_right": good}))
    return 0 if good else 1


def _enough(variant: Variant, trials: list[Trial], options: argparse.Namespace) -> bool:
    if variant is Variant.FAULTS:
        return len(trials) >= options.loads
    return sum(trial.hits for trial in trials) >= options.kills


def _tell(trial: Trial) -> None:
    """One line a trial; everything when it went wrong."""
    print(
        f"{trial.variant}, seed {trial.seed}: {trial.hits} hits, {len(trial.runs)} runs "
        f"({', '.join(f'{run.code} in {run.seconds:.1f} s' for run in trial.runs)}), "
        f"{'exactly once' if not trial.problems else 'WRONG'}",
        flush=True,
    )
    for run in trial.runs:
        if run.code not in (0, 7, -9):
            print(f"    {run.code}: {run.last_words}", flush=True)
    if trial.problems:
        print(trial, flush=True)


def _row(variant: Variant, trials: list[Trial], seconds: float) -> dict[str, object]:
    return {
        "variant": variant.value,
        "loads": len(trials),
        "hits": sum(trial.hits for trial in trials),
        "faults": sum(sum(trial.injected.values()) for trial in trials),
        "reruns": sum(len(trial.runs) - 1 for trial in trials),
        "exactly_once": sum(not trial.problems for trial in trials),
        "seconds": round(seconds),
    }


def _rounds(done: list[Round]) -> dict[str, object]:
    return {"rounds_of_two": len(done), "one_loaded_one_refused": sum(not one.problems for one in done)}


def _print(table: list[dict[str, object]], done: list[Round]) -> None:
    print(f"\n{'variant':32} {'loads':>6} {'hits':>6} {'faults':>7} {'reruns':>7} {'exactly once':>13} {'seconds':>8}")
    for row in table:
        print(
            f"{row['variant']:32} {row['loads']:>6} {row['hits']:>6} {row['faults']:>7} {row['reruns']:>7} "
            f"{row['exactly_once']:>13} {row['seconds']:>8}"
        )
    if done:
        right = sum(not one.problems for one in done)
        print(f"two loads at once: {len(done)} rounds, {right} with one loaded and one refused (exit code 7)")


if __name__ == "__main__":
    sys.exit(main())
