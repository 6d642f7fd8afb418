"""Two runs that meet: which files, in which modes, over which table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from model.actions import Attempts, Ended, World
from model.checks import BY_HAND, Expectation, ModelChecks
from model.loads import (
    COLUMNS,
    COPY,
    LEASE_SECONDS,
    OBJECTS,
    TARGET,
    File,
    Job,
    Run,
    drop,
    load,
    restore,
    written_under_lock,
)
from model.program import Body, Program, model_time
from model.server import Rules, Server, Warehouse
from model.sql import Schema, columns_of
from snowflake_etl.operations.situation import Mode
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse.transaction import RETRY_SECONDS

JANUARY = File("january", date(2024, 1, 1), date(2024, 1, 31))
JANUARY_2 = replace(JANUARY, text="january corrected")
JANUARY_3 = replace(JANUARY, text="january corrected again")
FEBRUARY = File("february", date(2024, 2, 1), date(2024, 2, 29))
FIRST_HALF = File("first half", date(2024, 1, 1), date(2024, 1, 15))
FIRST_HALF_2 = replace(FIRST_HALF, text="first half corrected")
SECOND_HALF = File("second half", date(2024, 1, 16), date(2024, 1, 31))
FILES = (JANUARY, JANUARY_2, JANUARY_3, FEBRUARY, FIRST_HALF, FIRST_HALF_2, SECOND_HALF)

Other = Callable[[str], Body]


@dataclass(frozen=True)
class Scenario:
    """``before`` is loaded in peace; then the ``runs`` meet.  ``expects``: what may be in the end.

    ``symmetric``: the runs may change places, so that faults need to hit the first one only.
    """

    before: tuple[Job | Other, ...]
    runs: tuple[Job | Other, ...]
    expects: Expectation
    symmetric: bool = False
    overlaps: bool = False
    jumps: int = 0
    rules: Rules = field(default_factory=Rules)

    def world(self, faults: int, *, everywhere: bool = False) -> World:
        """The scenario with that many faults in each schedule (see ``World``)."""
        return _Made(self).world(faults, everywhere)


class _Made:
    """A scenario's warehouse, with its tables as they are before the runs."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        names = "AB"[: len(scenario.runs)]
        work = {
            ObjectName("D", "ETL_WORK", f"WORK_{name}"): run for name, run in zip(names, scenario.runs, strict=True)
        }
        early = {ObjectName("D", "ETL_WORK", f"EARLY_{place}"): job for place, job in enumerate(scenario.before)}
        jobs = {name: job for name, job in {**work, **early}.items() if isinstance(job, Job)}
        self._schema = schema(list(jobs))
        self._warehouse = Warehouse(self._schema, scenario.rules)
        copied = [row for job in early.values() if isinstance(job, Job) for row in job.file.rows]
        self._start = self._warehouse.empty(
            {str(COPY): copied, **{str(name): job.file.rows for name, job in jobs.items()}}
        )
        for (name, job), number in zip(early.items(), range(len(early)), strict=True):
            run_id = f"early {number}"
            body = load(Run(job, run_id, "host 0", (), name)) if isinstance(job, Job) else job(run_id)
            self._start = _alone(self._warehouse, self._start, body)
        self._work = dict(zip(names, work, strict=True))

    def world(self, faults: int, everywhere: bool) -> World:
        scenario = self._scenario
        checks = ModelChecks(self._warehouse, self._schema, FILES, overlaps=scenario.overlaps, expects=scenario.expects)
        runs = [self._attempts(name, run, faults) for name, run in zip(self._work, scenario.runs, strict=True)]
        return World(
            self._warehouse,
            self._start,
            runs,
            checks,
            faults=faults,
            everywhere=everywhere,
            hit=1 if scenario.symmetric else len(runs),
            jumps=scenario.jumps,
            jump_seconds=LEASE_SECONDS + 1,
        )

    def _attempts(self, name: str, run: Job | Other, faults: int) -> Attempts:
        ids = [f"{name}{number}" for number in range(1, faults + 2)]
        if not isinstance(run, Job):
            return [(run_id, run(run_id)) for run_id in ids]
        return [
            (run_id, load(Run(run, run_id, f"host {name}", tuple(ids[:place]), self._work[name])))
            for place, run_id in enumerate(ids)
        ]


def schema(work_tables: Sequence[ObjectName]) -> Schema:
    """The columns of all tables: ours as the tools make them, the target, the work tables."""
    ours = [columns_of(sql) for sql in OBJECTS.create_statements() if sql.startswith("CREATE TABLE")]
    return {**dict(ours), **dict.fromkeys(map(str, (TARGET, COPY, *work_tables)), COLUMNS)}


def _alone(warehouse: Warehouse, server: Server, body: Body) -> Server:
    """Run a body with nobody else about."""
    with model_time():
        program, node = Program("early", body), 0
        while (request := program.node(node).request) is not None:
            result = warehouse.ask(server, request)
            if result is None:
                raise AssertionError(f"{request.sql} waits for nobody")
            server, answer = result
            node = program.after(node, answer)
    outcome = program.node(node).outcome
    if outcome is None or outcome.kind not in ("published", "done"):
        raise AssertionError(f"the run beforehand ended so: {outcome}")
    return server._replace(clock=0)


# -- expectations


def _kinds(ended: Sequence[Sequence[Ended]]) -> list[str]:
    return [attempts[-1].kind for attempts in ended]


def exactly(*files: File) -> Expectation:
    """These files are live in the end, whatever happened."""
    return lambda live, ended: live == {file.text for file in files}


def one_of(*choices: tuple[File, ...]) -> Expectation:
    """One of these sets of files is live."""
    return lambda live, ended: live in [{file.text for file in choice} for choice in choices]


def replacing(file: File) -> Job:
    return Job(file, Mode.REPLACE)


def dropping(file: File) -> Other:
    return lambda name: drop(file, name)


def restoring(file: File) -> Other:
    return lambda name: restore(file, name)


ELSEWHERE = Job(JANUARY, same_host=False)


def _row_by_hand(name: str) -> Body:
    return written_under_lock((date(2024, 1, 5), f"{BY_HAND} {name}"))


SCENARIOS: dict[str, Scenario] = {
    "two appends of one file": Scenario((), (Job(JANUARY), Job(JANUARY)), exactly(JANUARY), symmetric=True),
    "two appends of the same days": Scenario(
        (), (Job(JANUARY), Job(JANUARY_2)), one_of((JANUARY,), (JANUARY_2,)), symmetric=True
    ),
    "two appends of different months": Scenario(
        (), (Job(JANUARY), Job(FEBRUARY)), exactly(JANUARY, FEBRUARY), symmetric=True
    ),
    "append and replace of an empty month": Scenario(
        (), (Job(JANUARY), replacing(JANUARY_2)), one_of((JANUARY,), (JANUARY_2,))
    ),
    "append beside and replace of a month": Scenario(
        (Job(JANUARY),),
        (Job(JANUARY_2, allow_existing=True), replacing(JANUARY_3)),
        one_of((JANUARY, JANUARY_2), (JANUARY_3,), (JANUARY_2, JANUARY_3)),
        overlaps=True,
    ),
    "two replaces by different files": Scenario(
        (Job(JANUARY),),
        (replacing(JANUARY_2), replacing(JANUARY_3)),
        one_of((JANUARY_2,), (JANUARY_3,)),
        symmetric=True,
    ),
    "two replaces by one file": Scenario(
        (Job(JANUARY),), (replacing(JANUARY_2), replacing(JANUARY_2)), exactly(JANUARY_2), symmetric=True
    ),
    "second half and replace of the first": Scenario(
        (Job(FIRST_HALF),),
        (Job(SECOND_HALF), replacing(FIRST_HALF_2)),
        one_of((FIRST_HALF, SECOND_HALF), (FIRST_HALF_2,), (FIRST_HALF_2, SECOND_HALF)),
    ),
    "replace and a row by other means": Scenario(
        (Job(JANUARY),), (replacing(JANUARY_2), _row_by_hand), one_of((JANUARY,), (JANUARY_2,))
    ),
    "append and drop": Scenario((), (Job(JANUARY), dropping(JANUARY)), one_of((JANUARY,), ())),
    "replace and drop": Scenario((Job(JANUARY),), (replacing(JANUARY_2), dropping(JANUARY)), one_of((JANUARY_2,), ())),
    "one drop": Scenario((Job(JANUARY),), (dropping(JANUARY),), exactly()),
    "two drops": Scenario((Job(JANUARY),), (dropping(JANUARY), dropping(JANUARY)), exactly(), symmetric=True),
    "drop and a row by other means": Scenario(
        (Job(JANUARY),), (dropping(JANUARY), _row_by_hand), one_of((JANUARY,), ())
    ),
    "drop and restore": Scenario((Job(JANUARY),), (dropping(JANUARY), restoring(JANUARY)), one_of((JANUARY,), ())),
    "two restores": Scenario(
        (Job(JANUARY), dropping(JANUARY)), (restoring(JANUARY), restoring(JANUARY)), exactly(JANUARY), symmetric=True
    ),
    "restore and append": Scenario(
        (Job(JANUARY), dropping(JANUARY)), (restoring(JANUARY), Job(JANUARY_2)), one_of((JANUARY,), (JANUARY_2,))
    ),
    "one append with a long INSERT": Scenario(
        (), (Job(JANUARY),), exactly(JANUARY), rules=Rules(slow_insert=(str(TARGET), int(RETRY_SECONDS) + 20))
    ),
    # A run whose lease ran out while nobody renewed it stops; then nothing may be loaded at all.
    "two appends of one file, leases run out": Scenario(
        (), (Job(JANUARY), Job(JANUARY)), one_of((JANUARY,), ()), symmetric=True, jumps=1
    ),
    "one append, run again elsewhere": Scenario((), (ELSEWHERE,), one_of((JANUARY,), ()), jumps=1),
}
# As above, but minutes each.
LONG_SCENARIOS: dict[str, Scenario] = {
    "two appends of one file, run again elsewhere": Scenario(
        (), (ELSEWHERE, ELSEWHERE), one_of((JANUARY,), ()), symmetric=True, jumps=1
    ),
}
