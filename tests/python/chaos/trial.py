"""One trial of chaos: a load that something happens to again and again, and the same command until it ends well.

What happens, and when, comes from the trial's seed; the moments lie anywhere between the run's first log line
and the end of an undisturbed run.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from chaos.month import COLUMNS, NAME, Row, differences, write_month
from desk import Desk
from faults.faults import Fault, Faults
from faults.front import account, set_up
from faults.proxy import FaultProxy, behind
from snowflake_etl.warehouse.local import lifecycle
from snowflake_etl.warehouse.local.folder import WarehouseFolder

LIMIT_SECONDS = 240
MOST_RUNS = 25
_KILLED = -signal.SIGKILL
FAULT_RATES = {
    Fault.UNAVAILABLE: 0.0125,
    Fault.RESET_BEFORE: 0.0125,
    Fault.RESET_AFTER: 0.0125,
    Fault.EXPIRED: 0.00625,
    Fault.SIGNED_OUT: 0.00625,
}
"""Together 5 % of all requests."""


class Variant(StrEnum):
    """What happens: the loader is killed, or the warehouse; the loader gets SIGINT; requests meet faults; both."""

    LOADER = "loader killed"
    WAREHOUSE = "warehouse killed"
    STOPPED = "loader stopped by SIGINT"
    FAULTS = "faults at 5 %"
    LOADER_AND_FAULTS = "loader killed, faults at 5 %"

    @property
    def faulty(self) -> bool:
        return self in (Variant.FAULTS, Variant.LOADER_AND_FAULTS)

    @property
    def expected_codes(self) -> frozenset[int]:
        """Exit codes with which a run may end that something happened to."""
        return {
            Variant.LOADER: frozenset({0, _KILLED}),
            Variant.WAREHOUSE: frozenset({0, 4, 5}),
            Variant.STOPPED: frozenset({0, 130}),
            Variant.FAULTS: frozenset({0, 4, 5}),
            Variant.LOADER_AND_FAULTS: frozenset({0, 4, 5, _KILLED}),
        }[self]


@dataclass
class Run:
    """One run of the command: after how many seconds it was hit, and how it ended.

    ``code`` is below -1000 for a run that hung; ``before`` is what it had said until it was hit.
    """

    hits: list[float]
    code: int
    seconds: float
    before: str
    said: str

    @property
    def untidy(self) -> bool:
        """True when it said that it left something behind, and to run it again."""
        return "not all was tidied up" in self.said

    @property
    def last_words(self) -> str:
        """Its last line but empty ones: what the operator reads."""
        return next((line for line in reversed(self.said.splitlines()) if line.strip()), "")

    def __str__(self) -> str:
        what = ", ".join(f"hit after {after:.3f} s" for after in self.hits) or "undisturbed"
        return f"{what}, exit code {self.code} after {self.seconds:.3f} s"


@dataclass
class Trial:
    """A trial that has ended: ``problems`` is empty when every row was loaded exactly once."""

    seed: int
    variant: Variant
    runs: list[Run] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    injected: dict[str, int] = field(default_factory=dict)

    @property
    def hits(self) -> int:
        return sum(len(run.hits) for run in self.runs)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}, {self.variant}; injected {self.injected}", *self.problems]
        for number, run in enumerate(self.runs, 1):
            lines += [f"run {number}: {run}", run.said]
        return "\n".join(lines)


@dataclass
class Ground:
    """Where trials take place: one embedded warehouse, one file, and how long an undisturbed run takes."""

    state: Path
    file: Path
    rows: list[Row]
    seconds: float = 4.0

    def trial(self, seed: int, variant: Variant, hits: int) -> Trial:
        """Run the load until it ends well; up to ``hits`` times something happens to it."""
        trial = Trial(seed, variant)
        with tempfile.TemporaryDirectory(dir=self.state.parent) as folder, contextlib.ExitStack() as stack:
            desk = self._desk(Path(folder), seed)
            config = desk.config
            if variant is Variant.WAREHOUSE:
                # Asking a dead warehouse again and again takes most of the time.
                config.write_text(config.read_text().replace('"network_timeout": 20', '"network_timeout": 2'))
            if variant.faulty:
                set_up(desk)
                faults = Faults(seed, FAULT_RATES)
                upstream = behind(lambda: lifecycle.ensure_running(self.state))
                proxy = stack.enter_context(FaultProxy(upstream, faults))
                config = account(desk, proxy)
            self._run_until_loaded(trial, desk, config, hits)
            if variant.faulty:
                trial.injected = {fault.value: count for fault, count in sorted(faults.injected.items())}
            again = None
            if trial.runs[-1].untidy:
                again = desk.load("--month", "2024-01", "--quiet")
            trial.problems += differences(desk, self.rows)
            again = again or desk.load("--month", "2024-01", "--quiet")
            if again.code != 7:
                trial.problems.append(f"the same command once more was not refused as loaded: {again}")
            desk.sql(f'DROP DATABASE "{desk.database}"')
        return trial

    def measure(self) -> None:
        """Time an undisturbed run; the moments of the trials lie within it."""
        # The first run finds everything cold.
        for _ in range(2):
            trial = self.trial(0, Variant.LOADER, 0)
            if trial.problems:
                raise AssertionError(str(trial))
            self.seconds = trial.runs[0].seconds

    def _desk(self, folder: Path, seed: int) -> Desk:
        desk = Desk(folder / "desk", self.state, f"CHAOS{seed}")
        desk.entry |= {"create_table": COLUMNS, "duplicate_key_columns": ["ID"]}
        (desk.files / NAME).hardlink_to(self.file)
        return desk

    def _run_until_loaded(self, trial: Trial, desk: Desk, config: Path, hits: int) -> None:
        numbers = random.Random(f"{trial.seed} {trial.variant}")
        while len(trial.runs) < MOST_RUNS:
            before_it = trial.hits
            most = 0 if trial.variant is Variant.FAULTS else hits - before_it
            run = self._run(desk, config, trial.variant, numbers, most)
            trial.runs.append(run)
            if run.hits and run.code == 0 and trial.variant is Variant.STOPPED and "check took" not in run.before:
                trial.problems.append(f"run {len(trial.runs)} went on although it was told to stop")
            # Cut off when all was done: then there is nothing left to load.
            if run.code == 0 or (run.code == 7 and before_it):
                return
            if run.code not in (trial.variant.expected_codes if run.hits or trial.variant.faulty else ()):
                trial.problems.append(f"run {len(trial.runs)} ended with exit code {run.code}")
                return
        trial.problems.append(f"not loaded after {MOST_RUNS} runs")

    def _run(self, desk: Desk, config: Path, variant: Variant, numbers: random.Random, most: int) -> Run:
        """Run the command; at random moments from its first log line on something happens, ``most`` times."""
        path = desk.folder / "said"
        with path.open("w", encoding="utf-8") as said:
            words = ("load", "--config", str(config), "--month", "2024-01", "--qc", "skip")
            process = desk.process(*words, output=said)
        began = _first_line(process, path)
        hits, before = [], ""
        # What is killed or stopped itself is hit once; the warehouse comes back and is hit again.
        for _ in range(most if variant is Variant.WAREHOUSE else min(most, 1)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(numbers.random() * self.seconds)
            before = path.read_text(encoding="utf-8")
            if process.poll() is None and self._strike(process, variant):
                hits.append(time.monotonic() - began)
        try:
            code = process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait() - 1000
        if not hits and variant in (Variant.LOADER, Variant.STOPPED) and most:
            # The machine may be busier or quieter by now.
            self.seconds = 0.7 * self.seconds + 0.3 * (time.monotonic() - began)
        return Run(hits, code, time.monotonic() - began, before, path.read_text(encoding="utf-8"))

    def _strike(self, process: subprocess.Popen[str], variant: Variant) -> bool:
        """Do it; answer whether there was anything left to do it to."""
        if variant is Variant.WAREHOUSE:
            with contextlib.suppress(OSError, ValueError, KeyError):
                os.kill(json.loads(WarehouseFolder.of_state(self.state).endpoint.read_text())["pid"], signal.SIGKILL)
                return True
            return False
        process.send_signal(signal.SIGINT if variant is Variant.STOPPED else signal.SIGKILL)
        return True


def _first_line(process: subprocess.Popen[str], said: Path) -> float:
    """Wait until the run has begun; the time of it."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while "Run " not in said.read_text(encoding="utf-8") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    return time.monotonic()


@contextlib.contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Trials in ``folder``, with an embedded warehouse of their own."""
    state = folder / "state"
    state.mkdir()
    file = folder / NAME
    made = Ground(state, file, write_month(file))
    try:
        yield made
    finally:
        lifecycle.stop(state)
