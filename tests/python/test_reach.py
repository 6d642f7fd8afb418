"""Whether another host can be reached: directly, through a proxy, with a certificate that holds."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from snowflake_etl.operations.examination import host
from snowflake_etl.results_examination import Health
from snowflake_etl.warehouse import reach
from snowflake_etl.warehouse.reach import Place

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers HEAD with the date; as a proxy it refuses tunnels and takes credentials down."""

    seen: list[tuple[str, str]]

    def do_HEAD(self) -> None:
        self.seen.append((self.path, self.headers.get("Proxy-Authorization") or ""))
        self.send_response(502 if "away.test" in self.path else 200)
        self.end_headers()

    def do_CONNECT(self) -> None:
        self.seen.append((self.path, self.headers.get("Proxy-Authorization") or ""))
        self.send_error(403, "Forbidden by the firewall")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[int, list[tuple[str, str]]]]]:
    servers = []

    def start(context: ssl.SSLContext | None = None) -> tuple[int, list[tuple[str, str]]]:
        seen: list[tuple[str, str]] = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Handler,), {"seen": seen}))
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return server.server_address[1], seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_directly(serve: Callable[..., Any]) -> None:
    port, _ = serve()
    assert reach.unreachable(Place("127.0.0.1", port, plain=True)) == ""
    assert "refused" in reach.unreachable(Place("127.0.0.1", free_port(), plain=True))
    assert reach.unreachable(Place("no-such-host.invalid", 443)) != ""
    told = reach.clock_of(Place("127.0.0.1", port, plain=True))
    assert told is not None
    assert abs((told - datetime.now(UTC)).total_seconds()) < 60


def test_a_certificate_that_nobody_trusts_is_told(serve: Callable[..., Any], tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    port, _ = serve(context)
    assert "certificate is not trusted" in reach.unreachable(Place("localhost", port))


def test_through_a_proxy(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    port, seen = serve()
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{port}")
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{port}")
    account = Place("acme.snowflakecomputing.com", 443)
    assert "403" in reach.unreachable(account)
    assert seen == [("acme.snowflakecomputing.com:443", "Basic dXNlcjpzZWNyZXQ=")]
    assert reach.unreachable(Place("ocsp.test", 80, plain=True)) == ""
    assert "502" in reach.unreachable(Place("away.test", 80, plain=True))
    point = host.proxy(account)
    assert (point.status, point.message) == (
        Health.OK,
        f"acme.snowflakecomputing.com is reached through user:***@127.0.0.1:{port}",
    )
    monkeypatch.setenv("NO_PROXY", "snowflakecomputing.com")
    assert "directly, in spite of HTTPS_PROXY" in host.proxy(account).message


def test_a_proxy_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    point = host.proxy(Place("acme.snowflakecomputing.com", 443))
    assert (point.status, "refused" in point.message) == (Health.FAILED, True)
    assert "NO_PROXY" in point.cure
    assert host.proxy(None).status is Health.OK
