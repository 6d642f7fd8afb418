"""Where notices go: addresses that are missing, wrong or secret, and how ``notify test`` tries them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from noticing import with_a_bad_value

from desk import Desk
from no_secrets import assert_not_in
from sinks import PASSWORD, Sinks


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
    assert "loads work, but not everybody is notified of them." in examined.out
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
    assert "mail: sent\nhook: sent\n2 of 2 targets accepted the message." in answer.out
    assert sinks.subjects[0].startswith("[snowflake-etl] Test of notices from ")
    sinks.status = 500
    answer = told.run("notify", "test", "--config", str(told.config), "--json", "--target", "hook")
    assert answer.code == 6
    assert answer.result["targets"][0]["reason"] != ""
    assert_not_in(answer.out + answer.err, [PASSWORD], "notify test")
    answer = told.run("notify", "test", "--config", str(told.config), "--target", "hock")
    assert answer.code == 2
    assert "There is no target 'hock'. There are: mail, hook." in answer.err


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
