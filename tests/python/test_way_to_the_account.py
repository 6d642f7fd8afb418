"""The network between us and an account: proxies, certificates, and two accounts at the same time."""

from __future__ import annotations

import datetime
import ipaddress
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from accounts import Account, serving
from signing_in import KEY, key_file, private, section, sent_to, told
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import ConfigError, ConnectError
from snowflake_etl.operations.examination.account import place_of
from snowflake_etl.warehouse import trust
from snowflake_etl.warehouse.reach import proxy_for, shown_proxy
from snowflake_etl.warehouse.signin import Warehouse


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
