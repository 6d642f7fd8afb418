"""``recover``: what is left behind is listed, and put away only when no live run has it."""

from __future__ import annotations

from desk import Desk, days_between, rows_for
from snowflake_etl.history.run_record import RunRecords
from test_load_crashes import KILLED, crash

NAME = "t_20240101-20240131.tsv"


def test_nothing_to_recover_says_so(own_desk: Desk) -> None:
    answer = own_desk.run("recover", "--config", str(own_desk.config))
    assert (answer.code, answer.out) == (0, "No load is interrupted and nothing is left behind.\n")
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_what_a_killed_load_left_is_listed_and_cleaned(desk: Desk) -> None:
    desk.file(NAME, rows_for(days_between("2024-01-01", "2024-01-31")))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    words = ("recover", "--config", str(desk.config))
    listed = desk.run(*words, "--json").result
    kinds = sorted(one["kind"] for one in listed["leftovers"])
    assert kinds == ["lease", "staged parts", "work table"]
    assert not any(one["live"] for one in listed["leftovers"])
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
    assert all(one["live"] for one in desk.run(*words, "--json").result["leftovers"])
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
