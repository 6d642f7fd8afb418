"""Who is sent which notice and when: choice, throttling, quiet hours, giving up.  Nothing is really sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from noticing import FAILED, WHERE, Clock, section

from snowflake_etl.notify.delivery import Delivery
from snowflake_etl.notify.events import Event


def test_targets_get_what_they_asked_for(tmp_path: Path, outbox: list[tuple[str, str, str]]) -> None:
    targets = section({"on": ("problems",)}, {"tables": ("db.s.t",)}, {"tables": ("U",)}, {"tables": ("U",), "on": ()})
    Delivery(tmp_path, targets, "c").tell([FAILED], WHERE)
    assert [one[0] for one in outbox] == ["x://1"]
    # What concerns no table concerns everybody.
    Delivery(tmp_path, targets, "c").tell([Event("failure", "load", error="Cannot sign in.")], WHERE)
    assert [one[0] for one in outbox[1:]] == ["x://1", "x://2"]


def test_the_same_is_throttled_and_counted(tmp_path: Path, outbox: list[tuple[str, str, str]]) -> None:
    clock, targets = Clock(), section({}, throttle_minutes=60)
    for minutes in (0, 10, 20, 70):
        clock.now = datetime(2024, 1, 31, 12, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        Delivery(tmp_path, targets, "c", clock).tell([FAILED], WHERE)
    assert len(outbox) == 2
    assert "2 notices of the same held back" in outbox[1][2]
    Delivery(tmp_path, targets, "c", clock).tell([Event("failure", "load", "T", "2024-02")], WHERE)
    assert len(outbox) == 3


def test_quiet_hours_keep_a_notice_until_they_are_over(tmp_path: Path, outbox: list[tuple[str, str, str]]) -> None:
    clock = Clock()
    here = clock.now.astimezone()
    hours = f"{here - timedelta(hours=1):%H:%M}-{here + timedelta(hours=1):%H:%M}"
    targets = section({"quiet_hours": hours}, {})
    assert Delivery(tmp_path, targets, "c", clock).tell([FAILED], WHERE).waiting == 1
    assert [one[0] for one in outbox] == ["x://1"]
    clock.now += timedelta(hours=1)
    assert Delivery(tmp_path, targets, "c", clock).send_waiting().sent == 1
    assert [one[0] for one in outbox] == ["x://1", "x://0"]


def test_what_was_held_arrives_together_in_one_message_a_target(
    tmp_path: Path, outbox: list[tuple[str, str, str]]
) -> None:
    clock = Clock()
    here = clock.now.astimezone()
    targets = section({"quiet_hours": f"{here:%H:%M}-{here + timedelta(hours=1):%H:%M}"}, {"on": ("failure",)})
    delivery = Delivery(tmp_path, targets, "c", clock)
    for event in (Event("problems", "validate", "U", "2024-01", error="Line 'x'."), FAILED):
        assert delivery.tell([event], WHERE).sent == (event is FAILED)
        clock.now += timedelta(minutes=10)
    clock.now += timedelta(hours=1)
    assert delivery.tell([Event("problems", "report", "V")], WHERE).sent == 3
    assert [one[:2] for one in outbox] == [
        ("x://1", "[snowflake-etl] PROD FAILED: load T 2024-01"),
        ("x://0", "[snowflake-etl] 3 notices, the worst: PROD FAILED: load T 2024-01"),
    ]
    body = outbox[1][2]
    assert body.splitlines()[:6] == [
        "3 notices that are due together, the worst first:",
        "",
        "2024-01-31 12:10 UTC  FAILED: load T 2024-01",
        "2024-01-31 12:00 UTC  PROBLEMS: validate U 2024-01",
        "2024-01-31 13:20 UTC  PROBLEMS: report V",
        "",
    ]
    assert "-- 2024-01-31 12:10 UTC  PROD FAILED: load T 2024-01\n\nHost:          jump1\n" in body
    assert body.count("  Next: do it") == 1
    assert "  First error: Line '<value>'." in body
    assert delivery.send_waiting().sent == 0


def test_a_notice_that_nobody_takes_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("snowflake_etl.notify.sending.send", refuse)
    clock, targets = Clock(), section({}, keep_days=14)
    clock.now = datetime.now(UTC)
    delivery = Delivery(tmp_path, targets, "c", clock)
    assert delivery.tell([FAILED], WHERE).reasons == ("target 1: OSError: no route",)
    assert delivery.tell([Event("failure", "load", "U")], WHERE).waiting == 2
    # Another configuration's run leaves it alone.
    assert Delivery(tmp_path, targets, "other", clock).send_waiting().waiting == 0
    clock.now += timedelta(days=15)
    assert delivery.send_waiting().waiting == 0
    assert list((tmp_path / "notices" / "pending").iterdir()) == []


def test_a_recovery_is_told_once(tmp_path: Path, outbox: list[tuple[str, str, str]]) -> None:
    good = Event("success", "load", "T", "2024-01")
    for event in (good, FAILED, good, good, Event("success", "load", "T", "2024-02")):
        Delivery(tmp_path, section({}), "c").tell([event], WHERE)
    assert [one[1] for one in outbox] == [
        "[snowflake-etl] PROD FAILED: load T 2024-01",
        "[snowflake-etl] PROD RECOVERED: load T 2024-01",
    ]
