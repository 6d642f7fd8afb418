"""Notices of loads and checks as they arrive at a real mail server and a real webhook."""

from __future__ import annotations

import stat
from typing import Any

import pytest
from noticing import good, with_a_bad_value

from desk import Desk, days_between, rows_for
from no_secrets import assert_not_in, assert_nowhere_below
from sinks import PASSWORD, Sinks
from snowflake_etl.errors import WarehouseError
from snowflake_etl.operations import load_publish


def test_a_batch_with_one_failure_one_problem_and_one_recovery_is_one_message_a_target(
    told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = load_publish.publish_protected

    def publish(session: Any, state: Any, prepared: Any, plan: Any) -> Any:
        if str(state.planned.month) == "2024-01":
            raise WarehouseError("String 'secret-value' is too long. Widen the column.", code=100078)
        return genuine(session, state, prepared, plan)

    monkeypatch.setattr(load_publish, "publish_protected", publish)
    with_a_bad_value(told, "2024-03", "secret-value")
    assert told.load("--month", "2024-03").code == 6
    assert len(sinks.mails) == len(sinks.posts) == 1
    sinks.clear()
    good(told, "2024-03")
    with_a_bad_value(told, "2024-02", "secret-value")
    good(told, "2024-01")
    answer = told.load("--month", "2024-01..2024-03", "--continue-on-error", "--qc", "file")
    assert answer.code != 0, answer.out
    subject = "[snowflake-etl] 1 FAILED, 1 PROBLEMS, 1 RECOVERED: load T 2024-01, T 2024-02, T 2024-03"
    assert sinks.subjects == [subject], answer.out
    assert [post["title"] for post in sinks.posts] == [subject]
    assert [str(mail["To"]) for mail in sinks.mails] == ["ops@x.example"]
    body = sinks.body()
    assert body.strip() == sinks.posts[0]["message"].strip()
    assert [line for line in body.splitlines() if line.split(":")[0] in ("FAILED", "PROBLEMS", "RECOVERED")] == [
        "FAILED: load T 2024-01",
        "PROBLEMS: load T 2024-02",
        "RECOVERED: load T 2024-03",
    ]
    assert "rows published: 30" in body
    assert "First error: 1 value of ID that cannot be NUMBER(9,0): '<value>' (1)" in body
    assert "First error: String '<value>' is too long. Widen the column." in body
    assert body.count("  Next: ./snowflake_etl.sh diagnose ") + body.count("snowflake_etl.sh diagnose ") >= 2
    assert "The end of the log:" in body
    assert "secret-value" not in body
    assert f"Configuration: {told.folder / 'config.json'}" in body
    # Nothing is told twice, and what went well before and goes well again is no news.
    sinks.clear()
    good(told, "2024-04")
    assert told.load("--month", "2024-04").code == 0
    assert sinks.mails == []


def test_what_cannot_be_sent_is_a_log_line_kept_for_its_owner_and_sent_by_the_next_run(
    told: Desk, sinks: Sinks
) -> None:
    sinks.status = 503
    with_a_bad_value(told, "2024-01", "x")
    answer = told.load("--month", "2024-01", "--json")
    assert answer.code == 6
    assert answer.result["status"] == "failed"
    assert "A notice to hook could not be sent:" in answer.err
    assert "kept and tried again at the next run" in answer.err
    assert len(sinks.mails) == 1
    pending = list((told.state / "notices" / "pending").iterdir())
    assert len(pending) == 1
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in pending)
    assert stat.S_IMODE((told.state / "notices").stat().st_mode) == 0o700
    assert_nowhere_below(told.state, [PASSWORD, sinks.mail])
    assert_not_in(answer.out + answer.err, [PASSWORD], "what load says")
    listed = told.run("notify", "list", "--config", str(told.config))
    assert "for hook: [snowflake-etl] PROBLEMS: load T 2024-01" in listed.out
    sinks.status = 200
    good(told, "2024-02")
    assert told.load("--month", "2024-02").code == 0
    assert [post["title"] for post in sinks.posts] == ["[snowflake-etl] PROBLEMS: load T 2024-01"]
    assert list((told.state / "notices" / "pending").iterdir()) == []
    assert len(sinks.mails) == 1


def test_what_could_not_be_sent_arrives_together_at_real_sinks(told: Desk, sinks: Sinks) -> None:
    sinks.status = 503
    for month in ("2024-01", "2024-02"):
        with_a_bad_value(told, month, "x")
        answer = told.load("--month", month)
        assert answer.code == 6
    assert "2 notices to hook could not be sent:" in answer.err
    assert "They are kept and tried again at the next run." in answer.err
    assert len(sinks.mails) == 2
    sinks.status = 200
    assert "2 notices sent." in told.run("notify", "retry", "--config", str(told.config)).out
    assert [post["title"] for post in sinks.posts] == ["[snowflake-etl] 2 notices, the worst: PROBLEMS: load T 2024-01"]
    lines = sinks.posts[0]["message"].splitlines()
    assert [line.partition(" UTC  ")[2] for line in lines[2:4]] == [
        "PROBLEMS: load T 2024-01",
        "PROBLEMS: load T 2024-02",
    ]
    assert len(sinks.mails) == 2
    assert list((told.state / "notices" / "pending").iterdir()) == []


def test_a_port_where_nobody_listens_fails_no_load(told: Desk, sinks: Sinks) -> None:
    told.sections["notify"] = {"targets": [{"url": "json://127.0.0.1:1/x", "on": ["success", "failure"]}]}
    good(told, "2024-01")
    answer = told.load("--month", "2024-01")
    assert answer.code == 0
    assert "A notice to target 1 could not be sent" in answer.err
    told.sections["notify"] = {"targets": [{"url": "nosuchscheme://x", "on": ["refused"]}]}
    answer = told.load("--month", "2024-01")
    assert answer.code == 7
    assert "could not be sent" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--month", "2024-01", "--frobnicate"), 2),
        (("--month", "2024-01", "--dry-run"), 0),
        (("--month", "2024-01", "--mode", "replace", "--yes"), 2),
    ],
)
def test_a_slip_and_a_plan_are_no_news(told: Desk, sinks: Sinks, words: tuple[str, ...], code: int) -> None:
    good(told, "2024-01")
    told.load(*words)
    assert sinks.mails == sinks.posts == []


def test_checks_tell_of_their_tables(told: Desk, sinks: Sinks) -> None:
    good(told, "2024-01")
    assert told.load("--month", "2024-01").code == 0
    told.sql("INSERT INTO T SELECT * FROM T WHERE ID = 1001")
    for verb, *more in (("validate", "--month", "2024-01"), ("duplicates",), ("report",)):
        sinks.clear()
        answer = told.run(verb, "--config", str(told.config), *more)
        assert answer.code == 6, (verb, answer.out)
        assert len(sinks.mails) == len(sinks.posts) == 1, verb
        assert sinks.subjects[0].startswith(f"[snowflake-etl] PROBLEMS: {verb} "), sinks.subjects
        assert "  rows: 31" in sinks.body(), verb
        assert "  Next: " in sinks.body(), verb
    told.file("t_20240201-20240203.tsv", rows_for(days_between("2024-02-01", "2024-02-02")))
    sinks.clear()
    assert told.run("check-file", "--config", str(told.config), "--month", "2024-02").code == 6
    assert sinks.subjects == ["[snowflake-etl] PROBLEMS: check-file t_20240201-20240203.tsv"]


def test_a_run_that_failed_before_it_knew_of_any_table_recovers(
    told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise WarehouseError("Cannot reach ACME.")

    hourly = ("--month", "2024-01", "--if-missing", "--settle", "0")
    good(told, "2024-01")
    told.sections["notify"]["targets"].pop()
    with monkeypatch.context() as patched:
        patched.setattr("snowflake_etl.cli.load_if_missing.missing_loads", away)
        assert told.load(*hourly).code == 5
    assert told.load(*hourly).code == 0
    assert told.load(*hourly).code == 0, "there is nothing to do, and nothing new to tell"
    assert sinks.subjects == ["[snowflake-etl] FAILED: load 2024-01", "[snowflake-etl] RECOVERED: load 2024-01"]
