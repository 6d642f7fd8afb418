"""Stand-ins for Snowflake's login: they keep what was sent and refuse everybody."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from no_secrets import planted

# What a client gets for its id and secret; only the driver ever sees it.
ACCESS = planted("access-of-client")


@dataclass
class Account:
    """What was sent to it: the address asked for, and the ``data`` of every login."""

    port: int = 0
    code: str = "390144"
    message: str = "JWT token is invalid."
    addresses: list[str] = field(default_factory=list)
    says_back: bool = False
    logins: list[dict[str, Any]] = field(default_factory=list)
    proxy_users: list[str] = field(default_factory=list)


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Account]:
    """An account on loopback, with TLS where ``certificate`` (PEM, with its key) is given."""
    kept = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            kept.addresses.append(self.path)
            if user := self.headers.get("Proxy-Authorization", ""):
                kept.proxy_users.append(user)
            if "/token" in self.path:
                answer: dict[str, Any] = {"access_token": ACCESS, "token_type": "Bearer"}
            else:
                kept.logins.append(json.loads(body)["data"])
                message = f"You sent {body.decode()} {user}" if kept.says_back else kept.message
                answer = {"success": False, "code": kept.code, "message": message, "data": {}}
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us hangs up; that is what is tested."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
