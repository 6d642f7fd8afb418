"""Notices as they arrive at a real mail server and a real webhook."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import Desk, days_between, rows_for
from no_secrets import assert_not_in, assert_nowhere_below
from sinks import PASSWORD, Sinks, listening
from snowflake_etl.config.model import NotifySection, TargetSection
from snowflake_etl.config.secret import Secret
from snowflake_etl.errors import WarehouseError
from snowflake_etl.notify.delivery import Delivery
from snowflake_etl.notify.events import Event, Surroundings
from snowflake_etl.notify.message import composed
from snowflake_etl.notify.redaction import without_values
from snowflake_etl.operations import load_publish


@pytest.fixture(scope="module")
def both_sinks() -> Iterator[Sinks]:
    with listening() as sinks:
        yield sinks


@pytest.fixture
def sinks(both_sinks: Sinks) -> Sinks:
    both_sinks.clear()
    both_sinks.status = 200
    return both_sinks


@pytest.fixture
def told(desk: Desk, sinks: Sinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose runs tell both sinks; what it keeps is of this test alone."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "local-warehouse").symlink_to(desk.state / "local-warehouse")
    desk.state = state
    monkeypatch.setenv("ETL_TEST_HOOK_URL", sinks.web)
    targets = [{"name": "mail", "url": sinks.mail}, {"name": "hook", "url": "${ETL_TEST_HOOK_URL}"}]
    desk.sections = {"notify": {"targets": targets}}
    return desk


def good(desk: Desk, month: str) -> None:
    desk.month(f"{month}-01", f"{month}-03")


def with_a_bad_value(desk: Desk, month: str, value: str) -> None:
    rows = rows_for(days_between(f"{month}-01", f"{month}-03"))
    rows[4] = rows[4].replace(rows[4].split("\t")[1], value)
    desk.file(f"t_{month.replace('-', '')}01-{month.replace('-', '')}03.tsv", rows)


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
    ("value", "why"), [(None, "is not set"), ("", "holds no address"), ("pager", "holds no address")]
)
def test_an_address_whose_variable_is_missing_fails_no_load_and_is_an_error_where_somebody_looks(
    told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch, value: str | None, why: str
) -> None:
    pager = {"name": "on call", "url": "${ETL_PAGER_URL}", "on": ["problems"]}
    told.sections["notify"]["targets"].append(pager)
    if value is None:
        monkeypatch.delenv("ETL_PAGER_URL", raising=False)
    else:
        monkeypatch.setenv("ETL_PAGER_URL", value)
    with_a_bad_value(told, "2024-01", "x")
    answer = told.load("--month", "2024-01", "--json")
    assert answer.code == 6, answer
    warning = f"Notices to 'on call' are kept and not sent: the variable ETL_PAGER_URL {why}"
    assert warning in answer.err
    assert warning in " ".join(answer.result["warnings"])
    assert "write the address. It is kept and tried again at the next run." in answer.err
    assert len(sinks.mails) == len(sinks.posts) == 1, "the others are told"
    words = ("--config", str(told.config))
    sentence = f"'notify.targets[2].url': the variable ETL_PAGER_URL {why}: export it or write the address."
    validated = told.run("config", "validate", *words)
    assert validated.code == 3 and f"error: {told.config}, ${{ETL_PAGER_URL}}: {sentence}" in validated.out, validated
    examined = told.run("doctor", *words)
    assert examined.code != 0 and f"FAILED   notices: {told.config}, ${{ETL_PAGER_URL}}: {sentence}" in examined.out
    assert "loads go on, but not everybody is told of them." in examined.out
    listed = told.run("notify", "list", *words)
    assert listed.code == 3 and sentence in listed.out and "1 notice not sent yet" in listed.out
    tried = told.run("notify", "test", *words)
    assert tried.code == 6 and f"on call: NOT sent: the variable ETL_PAGER_URL {why}" in tried.out
    sinks.clear()
    monkeypatch.setenv("ETL_PAGER_URL", sinks.web)
    assert told.run("notify", "retry", *words).code == 0
    assert [post["title"] for post in sinks.posts] == ["[snowflake-etl] PROBLEMS: load T 2024-01"]


def test_the_last_target_is_asked_and_test_says_what_came_of_it(told: Desk, sinks: Sinks) -> None:
    answer = told.run("notify", "test", "--config", str(told.config))
    assert answer.code == 0, answer
    assert "mail: sent\nhook: sent\n2 of 2 targets took the message." in answer.out
    assert sinks.subjects[0].startswith("[snowflake-etl] Test of notices from ")
    sinks.status = 500
    answer = told.run("notify", "test", "--config", str(told.config), "--json", "--target", "hook")
    assert answer.code == 6
    assert answer.result["targets"][0]["reason"] != ""
    assert_not_in(answer.out + answer.err, [PASSWORD], "notify test")
    answer = told.run("notify", "test", "--config", str(told.config), "--target", "hock")
    assert answer.code == 2
    assert "There is no target 'hock'. There are: mail, hook." in answer.err


def test_silence_goes_by_the_ledger(told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch) -> None:
    good(told, "2024-01")
    assert told.load("--month", "2024-01").code == 0
    words = ("notify", "silence", "--config", str(told.config))
    assert "No table is silent" in told.run(*words).out
    assert sinks.mails == []
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr("snowflake_etl.cli.notices.now", lambda: later)
    answer = told.run(*words)
    assert answer.code == 0, answer
    assert sinks.subjects == ["[snowflake-etl] SILENT: load T"]
    assert "The last load into it is 40 days old; notify.silence_days is 35." in sinks.body()
    assert "load --month last --table T --dry-run --config" in sinks.body()
    # It is told once a day, however often it is looked for.
    assert "1 throttled" not in answer.out
    assert "2 throttled" in told.run(*words).out
    assert len(sinks.mails) == 1


def test_the_scheduler_is_told_of_silence_and_its_line_tells_it(told: Desk, sinks: Sinks) -> None:
    answer = told.run("schedule", "cron", "--config", str(told.config))
    assert answer.code == 0, answer
    line = answer.out.splitlines()[-1].removeprefix("#   ")
    assert line.endswith(f"schedule cron --command 'notify silence' --every day --config {told.config}"), answer.out
    words = shlex.split(line)[1:]
    made = told.run(*words, "--json").result["files"]["notify-config-day.cron"].splitlines()[1]
    when, command = made.split(maxsplit=5)[:5], made.split(maxsplit=5)[5]
    assert when == ["17", "6", "*", "*", "*"]
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done
    assert sinks.subjects == ["[snowflake-etl] SILENT: load T"]
    assert json.loads((told.state / "schedules" / "notify-config-day.json").read_text())["exit_code"] == 0
    told.sections = {"notify": {"targets": [{"url": sinks.mail, "on": ["failure"]}]}}
    assert "nothing is loaded" not in told.run("schedule", "cron", "--config", str(told.config)).out


def a_job(state: Path, config: Path, code: str | None, **files: str) -> str:
    name = "20240201-000000-load-77"
    folder = state / "jobs" / name
    folder.mkdir(parents=True)
    words = ["python", "loader.py", "--config", str(config), "--month", "2024-01"]
    contents = {
        "command": "".join(f"{word}\0" for word in words),
        "directory": f"{config.parent}\n",
        "title": "Load 2024-01\n",
        "host": f"{os.uname().nodename}\n",
        "started_at": "1706745600\n",
        "lock": "",
        "output.log": "$ loader.py\n2024-02-01 00:00:00+00:00 INFO x It began\n  name 7\n-- exit code 137 after 3s\n",
        **files,
    }
    for file, text in contents.items():
        (folder / file).write_text(text)
    if code is not None:
        (folder / "exit_code").write_text(f"{code}\n")
    return name


def test_a_job_that_was_killed_is_told_by_its_supervisor_once(told: Desk, sinks: Sinks) -> None:
    job = a_job(told.state, told.config, "137")
    answer = told.run("notify", "job", job, "failed", "137")
    assert answer.code == 0, answer
    assert sinks.subjects == ["[snowflake-etl] FAILED: load 2024-01"]
    body = sinks.body()
    assert f"First error: Job {job} (Load 2024-01) was killed by signal 9 and said nothing more." in body
    assert f"jobs show {job}; " in body
    assert "It began" in body
    assert "name 7" not in body
    assert "was told when it ended" in told.run("notify", "job", job).out
    assert len(sinks.mails) == 1


def test_a_job_that_told_of_its_end_or_was_cancelled_is_not_told_again(
    told: Desk, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job(told.state, told.config, None)
    monkeypatch.setenv("ETL_JOB_DIR", str(told.state / "jobs" / job))
    with_a_bad_value(told, "2024-01", "x")
    assert told.load("--month", "2024-01").code == 6
    monkeypatch.delenv("ETL_JOB_DIR")
    assert len(sinks.mails) == 1
    (told.state / "jobs" / job / "exit_code").write_text("6\n")
    assert "was told" in told.run("notify", "job", job).out
    (told.state / "jobs" / job / "notice").unlink()
    (told.state / "jobs" / job / "cancelled").touch()
    assert "was cancelled" in told.run("notify", "job", job).out
    assert len(sinks.mails) == 1


def test_a_lost_job_is_told_by_the_next_run(told: Desk, sinks: Sinks) -> None:
    job = a_job(told.state, told.config, None)
    for _ in range(2):
        assert told.run("notify", "retry", "--config", str(told.config)).code == 0
    assert sinks.subjects == ["[snowflake-etl] FAILED: load 2024-01"]
    assert f"Job {job} (Load 2024-01) was lost" in sinks.body()


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


# -- without any sink


WHERE = Surroundings("./snowflake_etl.sh", "c.json", "prod", "acme", "jump1", "run-1", ("a 'value' here",))
FAILED = Event("failure", "load", "T", "2024-01", {"rows": "3"}, "Line 7: 'x y' is no number.", ("x y (3)",), "do it")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What would be sent: address, subject, text."""
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        "snowflake_etl.notify.sending.send",
        lambda url, message: sent.append((url.as_written, message.subject, message.body)),
    )
    return sent


def section(*targets: dict[str, Any], **more: Any) -> NotifySection:
    made = [TargetSection(**{"url": Secret(f"x://{number}"), **target}) for number, target in enumerate(targets)]
    return NotifySection(targets=tuple(made), **more)


def test_the_subject_names_environment_table_month_and_result_and_the_body_what_is_needed() -> None:
    message = composed([FAILED], WHERE, data_rows=False)
    assert message.subject == "[snowflake-etl] PROD FAILED: load T 2024-01"
    assert message.kind == "failure"
    assert message.body.splitlines() == [
        "Host:          jump1",
        "Configuration: c.json",
        "Environment:   PROD",
        "Target:        acme",
        "Run:           run-1",
        "",
        "FAILED: load T 2024-01",
        "  rows: 3",
        "  First error: Line 7: '<value>' is no number.",
        "  Next: do it",
        "",
        "The end of the log:",
        "  a '<value>' here",
    ]
    rows = composed([FAILED], WHERE, data_rows=True).body
    assert "'x y' is no number" in rows
    assert "    x y (3)" in rows
    many = [Event("failure", "load", f"TABLE_{number}", "2024-01") for number in range(40)]
    assert composed(many, WHERE, data_rows=False).subject.endswith("TABLE_2 2024-01 and 37 more")


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Numeric value 'abc' is not recognized", "Numeric value '<value>' is not recognized"),
        ("'it''s' and 'a\\'b'", "'<value>' and '<value>'"),
        ("the table's column isn't \"ID\"", "the table's column isn't \"ID\""),
        ('Failed to cast variant value "abc" to FIXED', "Failed to cast variant value '<value>' to FIXED"),
        ('cannot be NUMBER: "it\'s" (1)', "cannot be NUMBER: '<value>' (1)"),
        ("cut off 'in the middle", "cut off '<value>'"),
        ("HIGH: 2 keys; the worst is DAY=7, ID=9 with 3 rows.", "HIGH: 2 keys; the worst is <value> with 3 rows."),
        ("Row: 1|John|Doe", "Row: <value>"),
        ("column 'ID' of 't.tsv'", "column 'ID' of 't.tsv'"),
    ],
)
def test_values_are_cut_out_of_sentences(text: str, expected: str) -> None:
    assert without_values(text, {"ID", "t.tsv"}) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"url": "not an address"}, "this is no address such as mailtos://"),
        ({"url": "x://y", "on": ["failures"]}, "notify.targets[0].on[0]"),
        ({"url": "x://y", "quiet_hours": "22-6"}, "write it as 22:00-06:00"),
        ({"url": "x://y", "tables": ["NOPE"]}, "notify.targets[0].tables[0]: 'NOPE' is no table of 'files'"),
        ({"url": "${ETL_NOT_SET}"}, "the variable ETL_NOT_SET is not set: export it"),
        ({"name": "x"}, "url"),
    ],
)
def test_mistakes_in_targets_are_named(desk: Desk, target: dict[str, Any], expected: str) -> None:
    desk.sections = {"notify": {"targets": [target]}}
    answer = desk.run("config", "validate", "--config", str(desk.config))
    assert answer.code == 3
    assert expected in answer.out + answer.err


def test_addresses_are_shown_to_nobody(told: Desk, sinks: Sinks) -> None:
    shown = told.run("config", "show", "--config", str(told.config))
    line = next(line for line in shown.out.splitlines() if "notify.targets[1].url" in line)
    assert "***" in line
    assert_not_in(shown.out + shown.err, [sinks.web, sinks.mail, PASSWORD], "config show")
    assert json.loads(told.run("notify", "list", "--config", str(told.config), "--json").out)["waiting"] == 0
