"""``recover``: what is left behind is listed, and put away only when no live run has it."""

from __future__ import annotations

import json
import sqlite3

import pytest

from crashing import KILLED, crash
from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.cli.commands import recover_load
from snowflake_etl.history.run_record import RunRecords

NAME = "t_20240101-20240131.tsv"


def test_nothing_to_recover_says_so(own_desk: Desk) -> None:
    answer = own_desk.run("recover", "--config", str(own_desk.config))
    assert (answer.code, answer.out) == (0, "No load is interrupted and nothing is left behind.\n")
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_a_run_without_name_is_none(own_desk: Desk) -> None:
    for way in ("--retry", "--widen"):
        assert own_desk.run("recover", "--config", str(own_desk.config), way, "").code == 2


def test_what_a_killed_load_left_is_listed_and_cleaned(desk: Desk) -> None:
    desk.file(NAME, rows_for(days_between("2024-01-01", "2024-01-31")))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    words = ("recover", "--config", str(desk.config))
    listed = desk.run(*words, "--json").result
    kinds = sorted(one["kind"] for one in listed["leftovers"])
    assert kinds == ["lease", "staged parts", "work table"]
    assert {one["state"] for one in listed["leftovers"]} == {"dead"}
    refused = desk.run(*words, "--clean")
    assert refused.code == 7
    assert desk.work_tables()
    assert desk.run(*words, "--clean", "--yes").code == 0
    assert desk.work_tables() == []
    assert desk.staged() == []
    assert desk.run(*words, "--json").result["leftovers"] == []
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310


def test_the_things_of_a_run_on_another_host_are_live_until_its_lease_ends(desk: Desk) -> None:
    desk.file(NAME, rows_for(days_between("2024-01-01", "2024-01-31")))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET HOST = 'elsewhere'")
    words = ("recover", "--config", str(desk.config))
    assert {one["state"] for one in desk.run(*words, "--json").result["leftovers"]} == {"live"}
    desk.run(*words, "--clean", "--yes")
    assert len(desk.work_tables()) == 1
    refused = desk.load("--month", "2024-01")
    assert refused.code == 7
    assert "on elsewhere is loading the same file" in refused.out
    desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET EXPIRES_AT = '2020-01-01 00:00:00'")
    taken_over = desk.load("--month", "2024-01")
    assert taken_over.code == 0
    assert "was interrupted; this run takes its leases over" in taken_over.out
    assert desk.count() == 310
    assert desk.work_tables() == []


def test_a_run_that_ended_without_giving_its_lease_back_is_no_obstacle(desk: Desk) -> None:
    """As when the warehouse was out of reach at the end: the run is recorded as ended, its lease stands."""
    desk.file(NAME, rows_for(days_between("2024-01-01", "2024-01-31")))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    records = RunRecords(desk.state)
    ((run_id,),) = desk.sql("SELECT RUN_ID FROM ETL_WORK.ETL_LOAD_LEASE")
    records.finish(run_id, "failed", "the connection was lost")
    records.forget_lock(run_id)
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count() == 310


def cut_off(desk: Desk) -> None:
    """A load that ended abruptly after its COPY was written down: lease, work table and parts stand."""
    desk.file(NAME, rows_for(days_between("2024-01-01", "2024-01-31")))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED


def recover(desk: Desk, *words: str) -> Answer:
    return desk.run("recover", "--config", str(desk.config), *words)


def states(desk: Desk) -> dict[str, str]:
    return {one["kind"]: one["state"] for one in recover(desk, "--json").result["leftovers"]}


def test_interrupted_loads_of_another_target_are_counted_and_never_touched(own_desk: Desk) -> None:
    cut_off(own_desk)
    other = json.loads(own_desk.config.read_text())
    other["snowflake"]["database"] = "OTHER"
    config = own_desk.folder / "other.json"
    config.write_text(json.dumps(other))
    words = ("recover", "--config", str(config))
    listed = own_desk.run(*words)
    assert listed.code == 0
    assert "Not listed: 1 interrupted load of local/OWN.ETL_WORK." in listed.out
    assert "interrupted:" not in listed.out
    own_desk.run(*words, "--clean", "--yes")
    here = recover(own_desk, "--json").result
    assert len(here["interrupted"]) == 1
    assert here["interrupted"][0]["target"] == "local/OWN.ETL_WORK"
    assert here["interrupted_elsewhere"] == {}
    assert len(own_desk.work_tables()) == 1


def test_a_record_of_an_earlier_version_is_taken_over(own_desk: Desk) -> None:
    cut_off(own_desk)
    with sqlite3.connect(own_desk.state / "runs.sqlite") as database:
        database.execute("ALTER TABLE runs DROP COLUMN target")
    listed = recover(own_desk)
    assert listed.code == 0
    assert "Not listed: 1 interrupted load of an unknown target, recorded by an earlier version." in listed.out
    resumed = own_desk.load("--resume", "--json").result
    assert (resumed["status"], resumed["rows_published"]) == ("loaded", 310)
    assert [run.target for run in RunRecords(own_desk.state).all()] == ["", "local/OWN.ETL_WORK"]


def test_what_came_to_life_while_the_question_stood_is_left_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(desk)

    def taken_over_meanwhile(*_: object) -> bool:
        desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET HOST = 'elsewhere'")
        return True

    monkeypatch.setattr(recover_load, "confirmed", taken_over_meanwhile)
    answer = recover(desk, "--clean")
    assert answer.code == 0
    assert (
        "0 leftovers of runs that have ended removed. Left alone, since a load has taken them up meanwhile: "
        in answer.out
    )
    assert set(states(desk).values()) == {"live"}
    assert len(desk.work_tables()) == 1
    assert len(desk.staged()) == 2


def test_what_another_run_has_loaded_while_the_question_stood_is_not_missed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(desk)

    def resumed_meanwhile(*_: object) -> bool:
        return desk.load("--month", "2024-01").code == 0

    monkeypatch.setattr(recover_load, "confirmed", resumed_meanwhile)
    answer = recover(desk, "--clean")
    assert answer.code == 0
    assert "0 leftovers of runs that have ended removed.\n" in answer.out
    statuses = [run.status for run in RunRecords(desk.state).all() if run.target == f"local/{desk.database}.ETL_WORK"]
    assert statuses == ["superseded", "loaded"]
    assert desk.count() == 310


def test_parts_staged_for_a_load_to_come_are_called_so_and_stay(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    listed = recover(desk)
    assert "staged, waiting for a load" in listed.out
    assert "dead" not in listed.out
    assert "1 file staged, waiting for a load." in listed.out
    recover(desk, "--clean", "--yes")
    assert len(desk.staged()) == 2
    assert desk.load("--month", "2024-01").code == 0
    assert desk.staged() == []
    assert recover(desk, "--staged").code == 2


def test_parts_staged_for_a_load_to_come_go_when_asked_for(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    assert recover(desk, "--clean", "--staged").code == 7
    assert recover(desk, "--clean", "--staged", "--yes").code == 0
    assert desk.staged() == []


def test_parts_of_a_failed_load_wait_for_its_retry_and_go_with_the_leftovers(desk: Desk) -> None:
    lines = rows_for(days_between("2024-01-01", "2024-01-31"))
    desk.file(NAME, [*lines, "20240131\tx\tname"])
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 6
    assert states(desk) == {"staged parts": "of a failed load, which uses them when it is tried again"}
    assert "dead" not in recover(desk).out
    recover(desk, "--clean", "--yes")
    assert desk.staged() == []
    desk.file(NAME, lines)
    assert desk.load("--month", "2024-01", "--keep-staged").code == 0
    assert states(desk) == {"staged parts": "kept after its load"}
    kept = "among them 1 file that --keep-staged has kept"
    assert kept in recover(desk).out
    assert kept in recover(desk, "--clean", "--yes").out
    assert desk.staged() == []
