"""Other ways to load: straight into the target, staging alone, keeping the parts."""

from __future__ import annotations

import io
import shlex
from datetime import timedelta

import pytest

from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.cli.common import Context
from snowflake_etl.warehouse import stage

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
DIRECT = {"load": {"via": "direct"}}


@pytest.mark.parametrize("quality", ["file", "snowflake", "skip"])
def test_direct_loads_without_a_work_table(desk: Desk, quality: str) -> None:
    desk.sections |= DIRECT
    desk.month("2024-01-01", "2024-01-31")
    result = desk.load_json("--month", "2024-01", "--qc", quality)
    assert (result["status"], result["rows_published"], result["rows_loaded"]) == ("loaded", 310, 310)
    assert desk.count() == 310
    assert desk.load("--month", "2024-01").code == 7
    assert desk.staged() == desk.work_tables() == []


def test_direct_replaces_in_one_transaction_also_with_the_same_content(desk: Desk) -> None:
    desk.sections |= DIRECT
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01", "--keep-staged")
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert desk.load("--month", "2024-01", *consent).code == 0
    assert desk.count() == 310
    desk.file(NAME, rows_for(JANUARY, 11))
    assert desk.load("--month", "2024-01", *consent).code == 0
    assert desk.count() == 341
    assert [(row[2], row[4]) for row in desk.ledger()] == [(310, "replaced"), (310, "replaced"), (341, "live")]


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("20240101\tx\ty", 6, "line 343"),
        ("20240205\t1\tlate", 7, "341 rows instead of 342: rows of the files lie outside the days of their names"),
    ],
)
def test_direct_rolls_back_bad_rows_and_rows_outside(desk: Desk, line: str, code: int, says: str) -> None:
    desk.sections |= DIRECT
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    desk.file(NAME, [*rows_for(JANUARY, 11), line])
    answer = desk.load("--month", "2024-01", "--qc", "skip", "--mode", "replace", "--yes", "--expect-rows", "310")
    assert answer.code == code, answer
    assert says in answer.out
    assert desk.count() == 310
    assert [row[4] for row in desk.ledger()] == ["live"]


def test_direct_shows_the_copy_into_the_target_before_it_is_asked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plan and question had shown an INSERT from a work table that there is none of."""
    desk.sections |= DIRECT
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    copied = f'COPY INTO "{desk.database}"."PUBLIC"."T"'
    planned = desk.load("--month", "2024-01", "--mode", "replace", "--dry-run")
    monkeypatch.setattr(Context, "is_interactive", property(lambda _: True))
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    asked = desk.load("--month", "2024-01", "--mode", "replace")
    for said in (planned.out, asked.err):
        order = [said.index(word) for word in ("  BEGIN", "DELETE FROM", copied, "FORCE=TRUE", "  COMMIT")]
        assert order == sorted(order)
        assert "INSERT INTO" not in said
        assert 'ETL_WORK"."T_' not in said


def test_direct_checks_in_the_warehouse_before_it_commits(desk: Desk) -> None:
    desk.sections |= DIRECT
    desk.file(NAME, [line for line in rows_for(JANUARY) if not line.startswith("20240117")])
    answer = desk.load("--month", "2024-01", "--qc", "snowflake")
    assert answer.code == 6
    assert "2024-01-17" in answer.out
    assert desk.count() == 0


def test_stage_only_loads_nothing_and_the_load_sends_nothing_again(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    staged = desk.load_json("--month", "2024-01", "--stage-only")
    assert (staged["status"], staged["exit_code"], staged["rows_staged"], staged["rows_published"]) == (
        "staged",
        0,
        310,
        0,
    )
    assert desk.count() == 0
    assert len(desk.staged()) == 2
    result = desk.load_json("--month", "2024-01")
    assert result["files"][0]["parts_sent"] == 0
    assert desk.count() == 310
    assert desk.staged() == []


def test_keep_staged_leaves_the_parts(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--keep-staged").code == 0
    assert sorted(name.split("-")[0] for name in desk.staged()) == ["manifest", "part"]
    assert desk.work_tables() == []


def test_only_what_failed_loads_left_is_removed_with_the_days(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load had removed what was staged for a load to come, and what was to be kept, when it was a week old."""
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    bad = desk.file("t_20240301-20240331.tsv", [*rows_for(days_between("2024-03-01", "2024-03-31")), "x\t1\tx"])
    desk.month("2024-04-01", "2024-04-30")
    assert desk.load("--month", "2024-01", "--keep-staged").code == 0
    assert desk.load("--month", "2024-02", "--stage-only").code == 0
    assert desk.load("--file", str(bad), "--qc", "skip").code == 6
    assert len(desk.staged()) == 6
    genuine = stage._time_of
    monkeypatch.setattr(stage, "_time_of", lambda value: genuine(value) - timedelta(days=30))
    assert desk.load("--month", "2024-04").code == 0
    listed = desk.run("stage", "list", "--config", str(desk.config), "--json").result["folders"]
    assert [(one["month"], one["state"]) for one in listed] == [
        ("2024-01", "kept after its load"),
        ("2024-02", "waiting"),
    ]


def test_a_plan_says_in_words_what_it_does_to_the_table(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    said = f"{desk.database}.PUBLIC.T"
    staged = desk.load("--month", "2024-01", "--stage-only", "--dry-run").out
    assert f"planned: stage, and load nothing, for {said} (the load makes it), " in staged
    assert "statements" not in staged
    planned = desk.load("--month", "2024-01", "--dry-run")
    assert f"planned: append to {said} (the load makes it), 2024-01-01" in planned.out
    assert desk.load("--month", "2024-01").code == 0
    planned = desk.load("--month", "2024-01", "--mode", "replace", "--dry-run")
    assert f"planned: replace in {said}, 2024-01-01" in planned.out


def printed_command(answer: Answer, before: str) -> list[str]:
    (line,) = [line for line in (answer.out + answer.err).splitlines() if before in line]
    program, *words = shlex.split(line.partition(before)[2])
    assert program.endswith("snowflake_etl.sh")
    return words


def test_what_a_failed_load_keeps_is_removed_by_the_command_that_it_prints(desk: Desk) -> None:
    desk.file(NAME, [*rows_for(JANUARY), "20240101\tx\ty"])
    failed = desk.load("--month", "2024-01", "--qc", "skip")
    assert failed.code == 6
    assert desk.staged()
    words = printed_command(failed, "Remove them with: ")
    assert words == ["recover", "--config", str(desk.config), "--clean"]
    assert desk.run(*words, "--yes").code == 0
    assert desk.staged() == []


def test_a_replace_is_undone_by_the_command_that_its_question_prints(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.file(NAME, rows_for(JANUARY, 11))
    monkeypatch.setattr(Context, "is_interactive", property(lambda _: True))
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    replaced = desk.load("--month", "2024-01", "--mode", "replace")
    assert (replaced.code, desk.count()) == (0, 341)
    words = printed_command(replaced, "to undo it: ")
    assert desk.run(*words, "--yes", "--expect-rows", "341").code == 0
    assert desk.count() == 310
