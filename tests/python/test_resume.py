"""``load --resume`` and what is said with it: loads are carried on as they were asked for, with consent given now."""

from __future__ import annotations

import pytest

from crashing import KILLED, crash, crash_of
from desk import Desk
from snowflake_etl.cli import common


def interrupted_replace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replace that somebody at a terminal would have been asked about is cut off before its question."""
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    with monkeypatch.context() as patched:
        patched.setattr(common.Context, "is_interactive", True)
        words = ("--mode", "replace")
        assert crash(desk, lambda _, sql: sql.startswith("CREATE TRANSIENT"), after=False, words=words) == KILLED


def test_a_replace_is_carried_on_with_consent_that_is_given_now(
    own_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_replace(own_desk, monkeypatch)
    refused = own_desk.load("--resume")
    assert refused.code == 7
    assert "load --config" in refused.err
    assert "Add --yes and --expect-rows N" in refused.err
    assert own_desk.load("--resume", "--yes", "--expect-rows", "9").code == 7
    answer = own_desk.load("--resume", "--yes", "--expect-rows", "310")
    assert answer.code == 0, answer
    assert "in place of 310" in answer.out
    assert own_desk.count() == 310
    # Whatever was said with it: it was that load, and it is done.
    assert own_desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_a_setting_and_workers_hold_for_what_is_carried_on(own_desk: Desk) -> None:
    desk = own_desk
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    words = ("--month", "2024-01,2024-02")
    assert crash_of(lambda: desk.load(*words), lambda _, sql: sql.startswith("CREATE TRANSIENT"), after=False) == KILLED
    starved = desk.load("--resume", "--set", "load.memory_limit=1")
    assert starved.code == 3
    assert "load.memory_limit is 1 MB" in starved.out
    answer = desk.load("--resume", "--workers", "1", "--set", "load.keep_failed=1")
    assert answer.code == 0, answer
    assert desk.count() == 600
    assert desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_one_load_whose_file_is_gone_keeps_no_other_from_being_carried_on(own_desk: Desk) -> None:
    desk = own_desk
    desk.month("2024-02-01", "2024-02-29")
    gone = desk.month("2024-01-01", "2024-01-31")
    for words in (("--file", str(gone)), ("--month", "2024-02")):
        begun = crash_of(
            lambda words=words: desk.load(*words), lambda _, sql: sql.startswith("CREATE TRANS"), after=False
        )  # type: ignore[misc]
        assert begun == KILLED
    content = gone.read_bytes()
    gone.unlink()
    refused = desk.load("--resume")
    assert refused.code == 6
    assert f"load --config {desk.config} --file {gone}" in refused.err
    assert "With --continue-on-error the other loads are carried on." in refused.err
    answer = desk.load("--resume", "--continue-on-error")
    assert answer.code == 6
    assert "2024-01  T      failed" in answer.out
    assert desk.count() == 290
    gone.write_bytes(content)
    assert desk.load("--resume").code == 0
    assert desk.count() == 600
    assert desk.load("--resume").out == "No load was interrupted here: nothing to resume.\n"


def test_a_replace_without_consent_keeps_no_other_load_from_being_carried_on(
    own_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = own_desk
    interrupted_replace(desk, monkeypatch)
    desk.month("2024-02-01", "2024-02-29")
    begun = crash_of(
        lambda: desk.load("--month", "2024-02"), lambda _, sql: sql.startswith("CREATE TRANS"), after=False
    )
    assert begun == KILLED
    refused = desk.load("--resume")
    assert refused.code == 7
    assert "With --continue-on-error the other loads are carried on." in refused.err
    answer = desk.load("--resume", "--continue-on-error")
    assert answer.code == 7
    assert "2024-01  T      refused" in answer.out
    assert "2024-02  T      loaded" in answer.out
    assert "Add --yes and --expect-rows N" in answer.out
    assert desk.count() == 600
    last = desk.load("--resume", "--yes", "--expect-rows", "310")
    assert last.code == 0, last
    assert "in place of 310" in last.out


@pytest.mark.parametrize(
    "words",
    [
        ("--table", "T"),
        ("--base-path", "files"),
        ("--mode", "replace"),
        ("--qc", "skip"),
        ("--outside", "keep"),
        ("--strict",),
        ("--stage-only",),
        ("--keep-staged",),
        ("--allow-existing",),
        ("--allow-shrink",),
        ("--policies-checked",),
    ],
)
def test_a_flag_that_would_be_passed_over_is_a_mistake(desk: Desk, words: tuple[str, ...]) -> None:
    answer = desk.load("--resume", *words)
    assert answer.code == 2
    assert f"leave {words[0]} out" in answer.err
