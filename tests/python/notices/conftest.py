"""Notices at a desk: a real mail server and a real webhook, or a list of what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk
from sinks import Sinks, listening


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


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What would be sent: address, subject, text."""
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        "snowflake_etl.notify.sending.send",
        lambda url, message: sent.append((url.as_written, message.subject, message.body)),
    )
    return sent
