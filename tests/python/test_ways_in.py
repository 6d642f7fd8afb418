"""The ways to sign in: what the driver is given and sends, what is missing, and who may read the files."""

from __future__ import annotations

import datetime
import ipaddress
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from accounts import ACCESS, Account, serving
from no_secrets import planted_in
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import ConfigError, ConnectError
from snowflake_etl.operations.examination.account import place_of
from snowflake_etl.warehouse import trust
from snowflake_etl.warehouse.driver_arguments import for_driver
from snowflake_etl.warehouse.reach import proxy_for, shown_proxy
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.ways_in import account_arguments

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PASSPHRASE = "open-sesame"


@pytest.fixture
def account() -> Iterator[Account]:
    with serving() as served:
        yield served


def private(path: Path, content: bytes | str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return planted_in(path)


def key_file(folder: Path, passphrase: str = "") -> Path:
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    return private(folder / "key.p8", pem)


def section(**keys: Any) -> SnowflakeSection:
    return SnowflakeSection.model_validate({"account": "acme", "user": "etl_user", **keys})


def arguments(*, ask: Any = None, env: dict[str, str] | None = None, **keys: Any) -> dict[str, Any]:
    return account_arguments(section(**keys), ask, env or {})


def told(*, env: dict[str, str] | None = None, **keys: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        arguments(env=env, **keys)
    return str(caught.value)


def sent_to(account: Account, folder: Path, **keys: Any) -> tuple[dict[str, Any], str]:
    """Sign in at the stand-in, which refuses: what it got, and what we say."""
    where = {"host": "127.0.0.1", "port": account.port, "protocol": "http", "login_timeout": 5, **keys}
    with pytest.raises(ConnectError) as caught:
        Warehouse(section(**where), LoadSection(), folder).open("test")
    return account.logins[-1], str(caught.value)


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


# Snowflake's own files


def home(folder: Path, text: str, name: str = "connections.toml", mode: int = 0o600) -> dict[str, str]:
    private(folder / "home" / name, text, mode)
    return {"SNOWFLAKE_HOME": str(folder / "home")}


def named(env: dict[str, str], **keys: Any) -> dict[str, Any]:
    return account_arguments(SnowflakeSection.model_validate({"connection": "pond", **keys}), None, env)


def test_a_name_is_found_in_connections_toml_or_config_toml(tmp_path: Path) -> None:
    env = home(tmp_path, '[connections.pond]\naccount = "a"\nuser = "u"\npassword = "from-config"\n', "config.toml")
    assert named(env)["password"] == "from-config"
    home(tmp_path, '[pond]\naccount = "a"\nuser = "u"\npassword = "from-connections"\nrole = "R"\n')
    given = named(env, role="OURS")
    assert (given["password"], given["role"], given["account"]) == ("from-connections", "OURS", "a")


def test_snowflakes_other_names_and_relative_paths_are_understood(tmp_path: Path) -> None:
    key_file(tmp_path / "home", PASSPHRASE)
    text = f'[pond]\naccount = "a"\nuser = "u"\nprivate_key_path = "key.p8"\nprivate_key_passphrase = "{PASSPHRASE}"\n'
    given = named(home(tmp_path, text))
    assert given["authenticator"] == "SNOWFLAKE_JWT"
    assert given["private_key_file"] == str(tmp_path / "home" / "key.p8")
    assert given["private_key_file_pwd"] == PASSPHRASE


def test_a_name_that_is_not_there_and_files_that_others_may_touch_are_told(tmp_path: Path) -> None:
    text = '[pnod]\naccount = "a"\nuser = "u"\npassword = "hush-hush"\n'
    env = home(tmp_path, text)
    with pytest.raises(ConfigError, match=r"no connection 'pond' in .*connections.toml; there are: pnod. Did you mean"):
        named(env)
    with pytest.raises(ConfigError, match="there is neither"):
        named({"SNOWFLAKE_HOME": str(tmp_path)})
    lost = tmp_path / "hmoe"
    with pytest.raises(ConfigError, match=rf"SNOWFLAKE_HOME is {lost}, and there is no such folder"):
        named({"SNOWFLAKE_HOME": str(lost), "XDG_CONFIG_HOME": str(tmp_path)})
    path = tmp_path / "home" / "connections.toml"
    path.write_text(text.replace("pnod", "pond"))
    for mode, why in ((0o660, "may be changed by others"), (0o644, "holds secrets and may be read by others")):
        path.chmod(mode)
        with pytest.raises(ConfigError, match=f"{why} .*Run: chmod 600 {path}"):
            named(env)
    path.write_text('[pond]\naccount = "a"\nauthenticator = "oauth"\ntoken_file_path = "nowhere"\n')
    with pytest.raises(ConfigError, match="There is no token file"):
        named(env)
    # An 'account' beside the connection would be the next error.
    path.write_text('[pond]\naccuont = "a"\nuser = "u"\npassword = "hush-hush"\n')
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"'account' is missing\. Add it to the connection 'pond' in "):
        named(env)
    path.write_text("[pond\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        named(env)


# The way there


def test_a_proxy_of_the_configuration_is_used_and_its_password_hidden(account: Account, tmp_path: Path) -> None:
    _, said = sent_to(
        account,
        tmp_path,
        host="acme.example",
        port=80,
        proxy_host="127.0.0.1",
        proxy_port=account.port,
        proxy_user="me",
        proxy_password="proxy-hush",
        password="hush-hush",
    )
    assert account.addresses[0].startswith("http://acme.example:80/session/v1/login-request")
    assert account.proxy_users
    assert "proxy-hush" not in said


def test_proxies_of_the_environment_hold_where_the_configuration_says_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:env-proxy-hush@127.0.0.1:{account.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    sent_to(account, tmp_path, host="acme.example", port=80, password="hush-hush")
    assert account.addresses[0].startswith("http://acme.example:80/")
    assert masked("env-proxy-hush") == "***"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sent_to(account, tmp_path, password="hush-hush")
    assert account.addresses[-1].startswith("/session/v1/login-request")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A server's certificate with its key, and the authority that signed it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acme test authority")])
    now = datetime.datetime.now(datetime.UTC)

    def build(subject: x509.Name, key: rsa.RSAPublicKey, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = build(
        name, authority.public_key(), (x509.BasicConstraints(True, None), True), (identifier, False), (usage, True)
    )
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    served = build(own, KEY.public_key(), (here, False), (issuer, False))
    key = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return private(folder / "served.pem", key + served), private(folder / "ca.pem", ca)


def test_an_authority_of_ones_own_is_trusted_beside_the_usual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setattr(trust, "_added", [])
    monkeypatch.setattr(trust, "_before", [])
    served, ca = certificate(tmp_path)
    with serving(served) as account:
        where = {"host": "127.0.0.1", "port": account.port, "login_timeout": 5, "password": "hush-hush"}
        with pytest.raises(ConnectError, match=r"snowflake\.ca_file"):
            Warehouse(section(**where), LoadSection(), tmp_path).open("test")
        assert account.logins == []
        with pytest.raises(ConnectError, match="Cannot sign in to acme"):
            Warehouse(section(ca_file=str(ca), **where), LoadSection(), tmp_path).open("test")
        assert account.logins[0]["LOGIN_NAME"] == "etl_user"
    assert "There is no CA file" in told(ca_file=str(tmp_path / "nowhere"), password="hush-hush")
    with pytest.raises(ConfigError, match="holds no certificate"):
        trust.trust(key_file(tmp_path))


# Both majors of the driver


def test_each_major_gets_the_names_that_it_knows() -> None:
    ours = {
        "account": "acme",
        "private_key_file": "k",
        "private_key_file_pwd": "p",
        "client_request_mfa_token": True,
        "proxy_port": 3128,
        "no_proxy": ("a", "b"),
        "ca_file": "ca.pem",
        "network_timeout": 300,
        "backoff_policy": print,
    }
    in_4 = for_driver(ours, 4)
    assert in_4 == {
        "account": "acme",
        "private_key_file": "k",
        "private_key_file_pwd": "p",
        "client_request_mfa_token": True,
        "proxy_port": "3128",
        "no_proxy": "a,b",
        "network_timeout": 300,
        "backoff_policy": print,
    }
    in_5 = for_driver(ours, 5)
    assert {name: value for name, value in in_5.items() if not name.startswith("retry_backoff")} == {
        "account": "acme",
        "private_key_file": "k",
        "private_key_password": "p",
        "client_store_temporary_credential": True,
        "proxy_port": 3128,
        "no_proxy": "a,b",
        "custom_root_store_path": "ca.pem",
        "request_timeout": 300,
        "enable_server_session_keep_alive_auto_detection": True,
    }


def test_the_driver_that_is_installed_knows_every_name_that_we_send(tmp_path: Path) -> None:
    from snowflake.connector.connection import DEFAULT_CONFIGURATION

    special = {"port": 1, "proxy_port": 1, "protocol": "http", "no_proxy": ["h"], "authenticator": "OAUTH"}
    keys: dict[str, Any] = {
        field.alias or name: special.get(name, "x")
        for name, field in SnowflakeSection.model_fields.items()
        if name not in ("connection", "login_timeout", "network_timeout")
    }
    keys["workload_identity_provider"] = "AWS"
    ca = private(tmp_path / "ca", "-----BEGIN CERTIFICATE-----")
    token = private(tmp_path / "token", "token-text")
    given = arguments(**{**keys, "ca_file": str(ca), "token_file_path": str(token)})
    unknown = set(for_driver(given, 4)) - set(DEFAULT_CONFIGURATION)
    assert unknown == set()


def test_doctor_goes_the_way_of_the_configuration() -> None:
    keys = {"proxy_host": "proxy.example", "proxy_port": 3128, "proxy_user": "me", "proxy_password": "p@ss:word"}
    place = place_of(section(password="hush-hush", no_proxy=[".direct.example"], **keys))
    assert place is not None
    through = proxy_for(place)
    assert through is not None
    assert shown_proxy(through) == "me:***@proxy.example:3128"
    assert "p@ss" not in repr(place)
    assert "p%40ss" not in repr(place)
    assert proxy_for(replace(place, host="a.direct.example")) is None


def test_two_accounts_are_signed_in_to_side_by_side(tmp_path: Path) -> None:
    with serving() as one, serving() as other:
        said: dict[str, str] = {}

        def sign_in(account: Account, name: str, region_host: str) -> None:
            where = {"host": region_host, "port": 80, "proxy_host": "127.0.0.1", "proxy_port": account.port}
            keys = {
                "account": name,
                "user": name,
                "password": f"hush-of-{name}",
                "protocol": "http",
                "login_timeout": 5,
            }
            with pytest.raises(ConnectError) as caught:
                Warehouse(SnowflakeSection.model_validate({**keys, **where}), LoadSection(), tmp_path).open("test")
            said[name] = str(caught.value)

        threads = [
            threading.Thread(target=sign_in, args=(one, "acme", "acme.eu-west-1.privatelink.snowflakecomputing.com")),
            threading.Thread(target=sign_in, args=(other, "emca", "emca.us-east-1.snowflakecomputing.com")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {login["PASSWORD"] for login in one.logins} == {"hush-of-acme"}
        assert {login["PASSWORD"] for login in other.logins} == {"hush-of-emca"}
        assert all(address.startswith("http://acme.eu-west-1.privatelink.") for address in one.addresses)
        assert all(address.startswith("http://emca.us-east-1.") for address in other.addresses)
        assert "Cannot sign in to acme" in said["acme"]
