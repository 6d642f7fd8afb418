"""What all tests share: one embedded warehouse a worker, a connection to it, an operator's desk."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from snowflake.connector.cursor import SnowflakeCursor

from accounts import Account, serving
from desk import Desk
from local_client import sign_in
from no_secrets import assert_in_no_command_line, assert_nowhere_below, login_secret
from snowflake_etl.config import secret
from snowflake_etl.warehouse.local import lifecycle
from snowflake_etl.warehouse.local.folder import LocalEndpoint

# How long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A worker that was killed leaves no server behind for long.
os.environ.setdefault("ETL_LOCAL_IDLE_SECONDS", "300")

_numbers = itertools.count(1)

# A test that hangs fails with a trace of where it stands, and the others go on; none takes a tenth of this.
LONGEST_SECONDS = int(os.environ.get("ETL_TEST_LONGEST_SECONDS", "900"))


@pytest.fixture(autouse=True)
def own_secrets() -> Iterator[None]:
    """What a test signed in with is cut out of no other test's texts: one had the password "wrong"."""
    before = set(secret._used)
    yield
    secret._used.intersection_update(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """End a test that hangs."""

    def end(_number: int, _frame: object) -> None:
        pytest.fail(f"{item.nodeid} hangs: it was ended after {LONGEST_SECONDS} seconds.")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LONGEST_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def warehouse_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder with a running embedded warehouse: one for each worker, shared by its tests."""
    state = tmp_path_factory.mktemp("state")
    lifecycle.ensure_running(state)
    yield state
    _no_secret_is_left(state)
    lifecycle.stop(state)


def _no_secret_is_left(state: Path) -> None:
    """Whatever the tests did: the login's secret stands in no log, record or result, and in no command line."""
    assert_in_no_command_line(login_secret(state))
    assert_nowhere_below(state, login_secret(state))


@pytest.fixture
def endpoint(warehouse_state: Path) -> LocalEndpoint:
    """Where the worker's warehouse listens and how to sign in; started again if a test has ended it."""
    return lifecycle.ensure_running(warehouse_state)


@contextlib.contextmanager
def _new_database(warehouse_state: Path) -> Iterator[str]:
    """The name of a database that nobody else of this worker uses; made at the first sign-in, dropped in the end.

    With hundreds of databases attached every statement takes several times as long.
    """
    name = f"T{next(_numbers):05d}"
    yield name
    # A test may have killed the warehouse or left a transaction open: then the database stays.
    with contextlib.suppress(Exception):
        connection = sign_in(lifecycle.ensure_running(warehouse_state))
        try:
            connection.cursor().execute(f'DROP DATABASE IF EXISTS "{name}"')
        finally:
            connection.close()


@pytest.fixture
def database(warehouse_state: Path) -> Iterator[str]:
    """The name of a database that no other test of this worker uses."""
    with _new_database(warehouse_state) as name:
        yield name


@pytest.fixture
def connect(endpoint: LocalEndpoint, database: str) -> Iterator[Callable[..., Any]]:
    """Sign in with the genuine connector; what it opens is closed after the test."""
    opened: list[Any] = []

    def open_connection(**given: Any) -> Any:
        connection = sign_in(endpoint, **{"database": database, "schema": "WORK", **given})
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.fixture
def account() -> Iterator[Account]:
    """A stand-in for an account: it notes who signs in, and refuses."""
    with serving() as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path, warehouse_state: Path, database: str) -> Desk:
    """An operator's desk of this test alone: files, configuration, a database of its own."""
    return Desk(tmp_path / "desk", warehouse_state, database)


@pytest.fixture
def nobody_home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk from which no sign-in is possible."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody signed in")

    monkeypatch.setattr("snowflake_etl.warehouse.signin.Warehouse.open", refuse)
    return desk


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory, warehouse_state: Path) -> Iterator[Desk]:
    """A desk for tests of one file that only look at what its fixtures have put into the database."""
    with _new_database(warehouse_state) as name:
        yield Desk(tmp_path_factory.mktemp("shared") / "desk", warehouse_state, name)


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with state folder and embedded warehouse of its own, for tests that kill it or count all runs."""
    state = tmp_path / "state"
    state.mkdir()
    yield Desk(tmp_path / "desk", state, "OWN")
    _no_secret_is_left(state)
    lifecycle.stop(state)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All statements that the driver is given while the test runs, asynchronous ones too."""
    statements: list[str] = []
    genuine = SnowflakeCursor.execute

    def recording(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        statements.append(command)
        return genuine(self, command, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", recording)
    return statements


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the model has explored, also where its tests ran in other processes."""
    lines = [
        value
        for report in terminalreporter.getreports("passed")
        for key, value in report.user_properties
        if key == "model"
    ]
    if lines:
        terminalreporter.section("interleavings explored")
        for line in lines:
            terminalreporter.write_line(line)
