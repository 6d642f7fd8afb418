"""Planted secrets: every verb, signing in in every way, refused by a server that says back all it was sent."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import ACCESS, Account, serving
from desk import Desk
from no_secrets import assert_in_no_command_line, assert_not_in, assert_nowhere_below, planted
from signing_in import key_file, private
from snowflake_etl.cli.main import VERBS

PASSPHRASE, PASSWORD, PROXY, TOKEN, CLIENT, IN_TOML, IN_VARIABLE = (
    planted(name) for name in ("passphrase", "password", "proxy", "token", "client", "toml", "variable")
)
SECRETS = (PASSPHRASE, PASSWORD, PROXY, TOKEN, CLIENT, IN_TOML, IN_VARIABLE, ACCESS)
# What a login carries in place of the client's secret.
WRAPPED = tuple(base64.b64encode(f"me:{text}".encode()).decode() for text in (PROXY,))

WORDS: dict[str, tuple[str, ...]] = {
    "check-file": ("--month", "2024-01", "--table", "T"),
    "clean-file": ("--file", "files/t_20240101-20240102.tsv", "--to", "clean.tsv"),
    "config": ("show",),
    "drop-month": ("--month", "2024-01", "--table", "T", "--dry-run"),
    "duplicates": ("--table", "T"),
    "history": (),
    "ledger": ("list",),
    "load": ("--month", "2024-01"),
    "local": ("status",),
    "report": (),
    "restore-month": ("--list",),
    "stage": ("list",),
    "validate": ("--month", "2024-01"),
}
IN_NEED_OF_A_SCREEN = {"browse"}


@pytest.fixture
def account() -> Iterator[Account]:
    with serving() as served:
        yield served


def configurations(desk: Desk, account: Account) -> dict[str, dict[str, Any]]:
    """A section for each way to sign in, with a secret of its own."""
    where = {"host": "127.0.0.1", "port": account.port, "protocol": "http", "login_timeout": 5, "network_timeout": 5}
    here = {"account": "acme", "user": "me", **where}
    key = key_file(desk.folder, PASSPHRASE)
    stored = private(desk.folder / "passphrase", PASSPHRASE + "\n")
    toml = f'[pond]\naccount = "acme"\nuser = "me"\npassword = "{IN_TOML}"\nhost = "127.0.0.1"\nport = {account.port}\n'
    private(desk.folder / "home" / "connections.toml", toml + 'protocol = "http"\nlogin_timeout = 5\n')
    token = private(desk.folder / "token", TOKEN + "\n")
    by_proxy = {"proxy_host": "127.0.0.1", "proxy_port": account.port, "proxy_user": "me", "proxy_password": PROXY}
    return {
        "password and proxy": {**here, "password": PASSWORD, **by_proxy, "host": "acme.example", "port": 80},
        "key pair": {**here, "private_key_file": str(key), "private_key_file_pwd": f"${{file:{stored}}}"},
        "wrong passphrase": {**here, "private_key_file": str(key), "private_key_file_pwd": PASSWORD},
        "by name": {"connection": "pond"},
        "token": {**here, "token_file_path": str(token)},
        "client": {
            **here,
            "oauth_client_id": "me",
            "oauth_client_secret": CLIENT,
            "oauth_token_request_url": f"http://127.0.0.1:{account.port}/token",
        },
        "variable": {**here, "password": "${PLANTED}"},
    }


def configured(desk: Desk, section: dict[str, Any]) -> Path:
    document = {**json.loads(desk.config.read_text()), "snowflake": section}
    return private(desk.folder / "account.json", json.dumps(document))


@pytest.fixture
def planted(own_desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(own_desk.folder / "home"))
    monkeypatch.setenv("PLANTED", IN_VARIABLE)
    # The server says back whatever it may have been sent.
    account.code, account.says_back = "390100", True
    own_desk.month("2024-01-01", "2024-01-02")
    monkeypatch.chdir(own_desk.folder)
    return own_desk


def test_no_way_to_sign_in_leaves_its_secret_anywhere(
    planted: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = planted.folder / "job"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    for name, section in configurations(planted, account).items():
        config = configured(planted, section)
        for words in (("doctor",), ("load", "--month", "2024-01"), ("config", "show"), ("config", "validate")):
            answer = planted.run(*words, "--config", str(config), "--verbose", "--json")
            said = answer.out + answer.err + (job / "result.json").read_text()
            assert_not_in(said, [*SECRETS, *WRAPPED], f"what {' '.join(words)} says ({name})")
            if words[0] == "load":
                assert answer.code in (3, 4), (name, said)
    assert account.logins, "somebody has signed in"
    assert_nowhere_below(planted.state, [*SECRETS, *WRAPPED])
    assert_in_no_command_line(SECRETS)


def test_no_verb_says_a_secret(planted: Desk, account: Account) -> None:
    sections = configurations(planted, account)
    for number, verb in enumerate(verb for verb in VERBS if verb not in IN_NEED_OF_A_SCREEN):
        name = ("variable", "by name")[number % 2]
        config = configured(planted, sections[name])
        for more in ((), ("--json",)):
            answer = planted.run(verb, *WORDS.get(verb, ()), "--config", str(config), "--verbose", *more)
            assert_not_in(answer.out + answer.err, SECRETS, f"what {verb} says")
    assert_nowhere_below(planted.state, SECRETS)


def test_a_process_and_its_children_have_no_secret_among_their_words(planted: Desk, account: Account) -> None:
    config = configured(planted, configurations(planted, account)["password and proxy"])
    process = planted.process("load", "--config", str(config), "--month", "2024-01", "--verbose")
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        assert_in_no_command_line(SECRETS)
        time.sleep(0.1)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, (out, err)
    assert_not_in(out + err, [PASSWORD, PROXY, *WRAPPED], "what a process says")


def test_the_look_itself_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "output.log").write_text("signing in with one of this test\n")
    with pytest.raises(AssertionError, match=r"secret 1 stands in jobs/output.log: signing in with <HERE>"):
        assert_nowhere_below(tmp_path, (PASSWORD, "one of this test"))
    with pytest.raises(AssertionError, match="process list"):
        assert_in_no_command_line([Path(f"/proc/{os.getpid()}/cmdline").read_bytes().split(b"\0")[0].decode()])
