"""Secrets: a type that shows nothing, and where they are kept by name."""

from __future__ import annotations

import io
import json
import pickle
import stat
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from desk import Desk
from no_secrets import planted
from snowflake_etl.config import secret_store
from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.config.secret import Secret, masked
from snowflake_etl.config.secret_store import forget_secret, key_file, load_secret, save_secret, secrets_file
from snowflake_etl.errors import ConfigError

HUSH = planted('hush "hush" hush')


class Kept(KeyringBackend):
    """A keyring in memory."""

    priority = 5  # type: ignore[assignment]
    name = "test keyring"

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.texts.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.texts[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.texts[service, username]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data")}


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_store, "_keyring", lambda: None)


def test_a_secret_shows_nothing_wherever_it_is_put() -> None:
    section = SnowflakeSection(account="a", user="u", password=Secret(HUSH))
    shown = [f"{section}", repr(section), str(section.password), f"{section.password:>20}", section.model_dump_json()]
    shown.append(json.dumps(section.model_dump(mode="json"), default=str))
    assert "hush" not in " ".join(shown)
    assert "***" in shown[0]
    with pytest.raises(TypeError):
        pickle.dumps(section.password)
    assert section.password == Secret(HUSH)
    assert section.password != Secret("other")


def test_what_was_used_is_cut_out_of_every_text_also_inside_json() -> None:
    assert secret_store.revealed(Secret(HUSH)) == HUSH
    assert masked(f"x {HUSH} y") == "x *** y"
    assert "hush" not in masked(json.dumps({"message": HUSH}))


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_the_file_is_encrypted_and_its_key_elsewhere(home: dict[str, str]) -> None:
    where = save_secret("acme", HUSH, environment=home)
    save_secret("other", "second-secret", environment=home)
    path, key = secrets_file(home), key_file(home)
    assert str(path) in where
    assert str(key) in where
    assert path.parent != key.parent
    for one in (path, key):
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
        assert b"hush" not in one.read_bytes()
        assert b"acme" not in one.read_bytes()
    assert load_secret("acme", home) == HUSH
    assert load_secret("other", home) == "second-secret"
    assert forget_secret("acme", home)
    assert not forget_secret("acme", home)
    with pytest.raises(ConfigError, match=r"no secret 'acme' on this host. Set it with: config set-secret acme"):
        load_secret("acme", home)


@pytest.mark.usefixtures("no_keyring")
def test_a_key_that_is_gone_wrong_or_open_to_others_is_told(home: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "stick" / "key"
    save_secret("acme", HUSH, environment={**home, "ETL_SECRETS_KEY_FILE": str(elsewhere)})
    assert elsewhere.is_file()
    with pytest.raises(ConfigError, match=r"cannot be read without their key .*ETL_SECRETS_KEY_FILE"):
        load_secret("acme", home)
    key_file(home).parent.mkdir(parents=True)
    key_file(home).write_bytes(elsewhere.read_bytes()[::-1])
    key_file(home).chmod(0o600)
    with pytest.raises(ConfigError, match="does not open the secrets"):
        load_secret("acme", home)
    elsewhere.chmod(0o644)
    with pytest.raises(ConfigError, match=f"Run: chmod 600 {elsewhere}"):
        load_secret("acme", {**home, "ETL_SECRETS_KEY_FILE": str(elsewhere)})


def test_a_keyring_is_taken_before_the_file(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    before = keyring.get_keyring()
    keyring.set_keyring(kept)
    try:
        assert save_secret("acme", HUSH, environment=home) == "the keyring (test keyring)"
        assert not secrets_file(home).exists()
        assert load_secret("acme", home) == HUSH
        assert str(secrets_file(home)) in save_secret("in-file", "second-secret", "file", home)
        assert load_secret("in-file", home) == "second-secret"
        assert forget_secret("acme", home)
        assert kept.texts == {}
    finally:
        keyring.set_keyring(before)


@pytest.mark.usefixtures("no_keyring")
def test_set_secret_takes_a_line_and_never_shows_it(
    desk: Desk, home: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.StringIO(HUSH + "\n"))
    answer = desk.run("config", "set-secret", "acme")
    assert answer.code == 0
    assert "${secret:acme}" in answer.out
    assert "hush" not in answer.out + answer.err
    path = tmp_path / "c.json"
    section = {"account": "a", "user": "u", "authenticator": "username_password_mfa", "password": "${secret:acme}"}
    path.write_text(json.dumps({"snowflake": section, "files": [{"file_pattern": "a_{month}.tsv", "table_name": "A"}]}))
    assert desk.run("config", "validate", "--config", str(path)).code == 0
    assert desk.run("config", "set-secret", "acme", "--remove").out == "The secret 'acme' is gone.\n"
    assert "There is no secret 'acme'" in desk.run("config", "validate", "--config", str(path)).out
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "An empty secret was not kept" in desk.run("config", "set-secret", "acme").err
    assert "is no name for a secret" in desk.run("config", "set-secret", "a b", "--remove").err
    monkeypatch.setattr(sys, "stdin", io.StringIO(HUSH))
    assert "There is no keyring" in desk.run("config", "set-secret", "x", "--where", "keyring").err
