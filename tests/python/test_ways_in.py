"""The ways to sign in: what the driver is given and sends, what is missing, and who may read the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from accounts import ACCESS, Account
from signing_in import KEY, PASSPHRASE, arguments, key_file, private, section, sent_to, told
from snowflake_etl.config.model import LoadSection
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import ConnectError
from snowflake_etl.warehouse.signin import Warehouse


def test_an_encrypted_key_opens_by_passphrase_of_configuration_or_prompt(tmp_path: Path) -> None:
    path = str(key_file(tmp_path, PASSPHRASE))
    given = arguments(private_key_file=path, private_key_file_pwd=PASSPHRASE)
    assert (given["authenticator"], given["private_key_file_pwd"]) == ("SNOWFLAKE_JWT", PASSPHRASE)
    stored = private(tmp_path / "passphrase", PASSPHRASE + "\n")
    from_file = arguments(private_key_file=path, private_key_file_pwd=f"${{file:{stored}}}")
    assert from_file["private_key_file_pwd"] == PASSPHRASE
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return PASSPHRASE

    assert arguments(private_key_file=path, ask=ask)["private_key_file_pwd"] == PASSPHRASE
    assert asked == [f"Passphrase of {path}: "]
    assert masked(f"x{PASSPHRASE}x") == "x***x"


def test_a_question_is_asked_once_for_all_sessions(account: Account, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return PASSPHRASE

    keys = {"host": "127.0.0.1", "port": account.port, "protocol": "http", "login_timeout": 5}
    warehouse = Warehouse(
        section(private_key_file=str(key_file(tmp_path, PASSPHRASE)), **keys), LoadSection(), tmp_path, ask
    )
    for _ in range(2):
        with pytest.raises(ConnectError):
            warehouse.open("test")
    assert len(account.logins) == 2
    assert len(asked) == 1


def test_what_is_wrong_with_a_key_is_told(tmp_path: Path) -> None:
    locked = key_file(tmp_path, PASSPHRASE)
    assert "is encrypted, and its passphrase is not known here" in told(private_key_file=str(locked))
    assert "The passphrase does not open" in told(private_key_file=str(locked), private_key_file_pwd="wrong-one")
    assert "wrong-one" not in told(private_key_file=str(locked), private_key_file_pwd="wrong-one")
    locked.chmod(0o640)
    assert told(private_key_file=str(locked)) == (
        f"The key file {locked} may be read or changed by others (mode 0640). Run: chmod 600 {locked}"
    )
    assert "There is no key file" in told(private_key_file=str(tmp_path / "nowhere.p8"))
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert "it is the public half" in told(private_key_file=str(private(tmp_path / "key.pub", public)))
    assert "no private key in PEM form" in told(private_key_file=str(private(tmp_path / "x", "x")))
    plain = key_file(tmp_path / "plain")
    assert "private_key_file_pwd" not in arguments(private_key_file=str(plain), private_key_file_pwd="not-needed")


def test_an_access_token_comes_from_its_file_without_the_line_end(account: Account, tmp_path: Path) -> None:
    path = private(tmp_path / "token", "pat-token-of-the-user\n")
    sent, said = sent_to(account, tmp_path, token_file_path=str(path))
    assert (sent["AUTHENTICATOR"], sent["TOKEN"]) == ("PROGRAMMATIC_ACCESS_TOKEN", "pat-token-of-the-user")
    assert "pat-token" not in said
    path.chmod(0o644)
    assert f"Run: chmod 600 {path}" in told(token_file_path=str(path))
    assert "is empty" in told(token_file_path=str(private(tmp_path / "empty", "")))
    assert "There is no token file" in told(token_file_path=str(tmp_path / "nowhere"))


def test_client_credentials_fetch_a_token_first(account: Account, tmp_path: Path) -> None:
    keys = {
        "oauth_client_id": "client-7",
        "oauth_client_secret": "client-secret-7",
        "oauth_token_request_url": f"http://127.0.0.1:{account.port}/token",
    }
    sent, said = sent_to(account, tmp_path, **keys)
    assert sent["TOKEN"] == ACCESS
    assert "/token" in account.addresses[0]
    assert "client-secret-7" not in said
    assert "'oauth_client_secret' is missing" in told(oauth_client_id="client-7")


def test_workload_identity_takes_its_token_from_the_file(account: Account, tmp_path: Path) -> None:
    token = private(tmp_path / "oidc", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJpIiwic3ViIjoicyJ9.")
    keys = {"workload_identity_provider": "OIDC", "token_file_path": str(token)}
    # The driver sends an attestation to Snowflake's own hosts alone.
    where = {"host": "acme.snowflakecomputing.com", "port": 80, "proxy_host": "127.0.0.1", "proxy_port": account.port}
    sent, _ = sent_to(account, tmp_path, **where, **keys)
    assert (sent["AUTHENTICATOR"], sent["PROVIDER"]) == ("WORKLOAD_IDENTITY", "OIDC")
    assert sent["TOKEN"].startswith("eyJ")


def test_a_password_with_a_second_factor_asks_for_its_token_to_be_kept(account: Account, tmp_path: Path) -> None:
    sent, _ = sent_to(account, tmp_path, authenticator="username_password_mfa", password="hush-hush")
    assert sent["SESSION_PARAMETERS"]["CLIENT_REQUEST_MFA_TOKEN"] is True
    assert sent["PASSWORD"] == "hush-hush"
    assert arguments(authenticator="username_password_mfa", ask=lambda _: "typed-it")["password"] == "typed-it"
    assert "'password' is missing" in told(authenticator="username_password_mfa")


def test_a_browser_needs_a_display() -> None:
    assert "needs a display, and this host has none" in told(authenticator="externalbrowser")
    given = arguments(authenticator="externalbrowser", env={"DISPLAY": ":0"})
    assert given["client_store_temporary_credential"] is True


def test_what_is_not_said_is_asked_for() -> None:
    assert "It is not said how to sign in to acme" in told()
    assert "'user' is missing. Add snowflake.user" in told(user=None, password="hush-hush")
    assert arguments(user=None, workload_identity_provider="AWS")["account"] == "acme"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"authenticator": "externalbrowse"}, "did you mean EXTERNALBROWSER?"),
        ({"password": "x", "private_key_file": "k"}, "several ways to sign in"),
        ({"proxy_host": "proxy"}, "'proxy_host' and 'proxy_port' go together"),
        ({"proxy_user": "me"}, "go with 'proxy_host'"),
        ({"account": "https://acme.snowflakecomputing.com"}, "the identifier alone (acme)"),
    ],
)
def test_keys_that_do_not_fit_each_other_are_an_error(keys: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        section(**keys)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("390100", "user and password"), ("390144", "RSA_PUBLIC_KEY"), ("390189", "snowflake.role"), ("390420", "policy")],
)
def test_a_refusal_says_what_to_do_about_it(account: Account, tmp_path: Path, code: str, expected: str) -> None:
    account.code, account.message = code, "No."
    _, said = sent_to(account, tmp_path, private_key_file=str(key_file(tmp_path)))
    assert said.startswith("Cannot sign in to acme: ")
    assert expected in said
