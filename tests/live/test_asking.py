"""How questions are asked, on the embedded warehouse: verdicts, limits, masking, tidying up, the table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asking import Finding, Holds, Question, UnanswerableError, ask
from room import HOW_TO_RUN, Account, Place, Room, place_in, temporary_state
from snowflake_etl.errors import ConnectError, WarehouseError
from snowflake_etl.sqltext import quote

ASK = Path(__file__).with_name("ask.py")


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with temporary_state() as state:
        yield Account("local", "LIVE", None, str(state))


@pytest.fixture
def place(account: Account) -> Iterator[Place]:
    with place_in(account) as here:
        yield here


def asked(function: Callable[[Room], Finding], seconds: int = 60) -> Question:
    return Question(1, "Is it?", "Yes.", "here", "Nothing.", function, seconds, False, "", "")


def failing(error: Exception) -> Callable[[Room], Finding]:
    def function(room: Room) -> Finding:
        raise error

    return function


def schemas(account: Account) -> list[str]:
    with account.open("test") as session:
        sql = f"SELECT SCHEMA_NAME FROM {quote(session.database)}.INFORMATION_SCHEMA.SCHEMATA"
        return [name for (name,) in session.query(sql) if name.startswith("ETL_LIVE_")]


@pytest.mark.parametrize(
    ("function", "holds"),
    [
        (lambda room: Finding(True, "so"), Holds.YES),
        (lambda room: Finding(False, "so"), Holds.NO),
        (failing(UnanswerableError("no second user")), Holds.UNKNOWN),
        (failing(WarehouseError("syntax error", code=1003)), Holds.NO),
        (failing(WarehouseError("Insufficient privileges", code=3001)), Holds.UNKNOWN),
        (failing(ConnectError("gone")), Holds.UNKNOWN),
        (failing(KeyError("a mistake of ours")), Holds.UNKNOWN),
    ],
)
def test_verdicts(place: Place, function: Callable[[Room], Finding], holds: Holds) -> None:
    assert ask(asked(function), place).holds is holds


def test_a_question_that_takes_too_long_is_unknown_and_its_sessions_are_closed(place: Place) -> None:
    rooms: list[Room] = []

    def function(room: Room) -> Finding:
        rooms.append(room)
        room.main.query("SELECT SYSTEM$WAIT(30)")
        return Finding(True, "so")

    began = time.monotonic()
    answer = ask(asked(function, seconds=1), place)
    assert (answer.holds, answer.seen) == (Holds.UNKNOWN, "No answer within 1 seconds.")
    assert time.monotonic() - began < 20
    assert rooms[0].main._connection.is_closed()


def test_answers_show_no_names_of_the_account(place: Place) -> None:
    row = place.session.query("SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()")[0]
    address = "see https://some-org.snowflakecomputing.com/x or bucket.s3.eu-west-1.amazonaws.com"
    answer = ask(asked(lambda room: Finding(True, f"{row} {place.database.lower()}.T {address}\x1b[31m")), place)
    for name in (*row, "some-org", "bucket", "\x1b"):
        assert name not in answer.seen, answer.seen
    assert "<database>.T" in answer.seen


def test_the_schema_is_dropped_whatever_happens(account: Account) -> None:
    with pytest.raises(KeyboardInterrupt), place_in(account) as place:
        assert schemas(account) == [place.schema]
        raise KeyboardInterrupt
    assert schemas(account) == []


def run_ask(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    return subprocess.run(
        [sys.executable, str(ASK), *words],
        env={**surroundings, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_runner_prints_a_table_and_tells_what_does_not_hold() -> None:
    done = run_ask("--only", "502,504,506", ETL_TEST_CONNECTION="local")
    assert done.returncode == 6, done.stderr
    assert done.stdout.isascii()
    assert done.stdout.splitlines()[-1] == "3 questions: 1 yes, 1 no, 1 unknown."
    assert "504 is not as assumed" in done.stdout
    titles = [title.strip() for title in done.stdout.splitlines()[0].split("|")]
    assert titles == ["no.", "question", "assumption", "answer", "holds"]


def test_the_runner_prints_json() -> None:
    done = run_ask("--only", "502", "--json", ETL_TEST_CONNECTION="local")
    assert done.returncode == 0, done.stderr
    assert [(one["number"], one["holds"]) for one in json.loads(done.stdout)] == [(502, "yes")]


def test_the_runner_without_an_account_says_how_to_run_it() -> None:
    done = run_ask()
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", f"{HOW_TO_RUN}.")
    assert "Is a month loaded" in run_ask("--list").stdout


def test_the_runner_ends_without_a_word_when_nobody_reads_on() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [sys.executable, str(ASK), "--list"], stdout=nobody, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (141, "")


def test_the_runner_drops_its_schema_when_it_is_stopped(account: Account) -> None:
    # The account's own embedded warehouse, so that it can be looked into afterwards.
    code = (
        "import contextlib, sys; sys.argv = ['ask.py', '--only', '312']; import ask, room; "
        f"ask.temporary_state = lambda: contextlib.nullcontext({account.state!r}); sys.exit(ask.main())"
    )
    paths = [str(ASK.parent), str(ASK.parents[2] / "python")]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "ETL_TEST_CONNECTION": "local", "ETL_TEST_DATABASE": "LIVE"}
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + 30
        while not schemas(account):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
    finally:
        process.kill()
    assert schemas(account) == []
