"""A proxy between the genuine connector and the embedded warehouse that lets things go wrong, only in tests.

It speaks plain HTTP on the loopback interface.  Every connection of a client has one of its own behind the
proxy, so that the warehouse sees clients come and go.
"""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from faults.faults import Asked, Fault, Faults, kind_of

HOST = "127.0.0.1"
SLOW_SECONDS = 0.3
_SESSION_EXPIRED, _MASTER_EXPIRED = "390112", "390114"
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class FaultProxy:
    """Answers on ``port`` until the context is left.

    ``upstream`` tells where the warehouse listens; it is asked at the first request and whenever nobody answers
    there, and may start it.  Queries seem to run for ``running_seconds`` longer than they do.
    """

    def __init__(
        self, upstream: Callable[[], tuple[str, int]], faults: Faults | None = None, running_seconds: float = 0.0
    ) -> None:
        self.faults = faults or Faults()
        self.running_seconds = running_seconds
        self._upstream = upstream
        self._place: tuple[str, int] | None = None
        self._lock = threading.Lock()
        self._expired: set[str] = set()
        self._signed_out: set[str] = set()
        self._first_seen: dict[str, float] = {}
        self._server = _Server((HOST, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="faults", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # -- for the handlers

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the warehouse, wherever it is by now."""
        with self._lock:
            place = self._place = self._place or self._upstream()
        connection = http.client.HTTPConnection(*place, timeout=300)
        try:
            connection.connect()
        except ConnectionRefusedError:
            with self._lock:
                place = self._place = self._upstream()
            connection = http.client.HTTPConnection(*place, timeout=300)
            connection.connect()
        return connection

    def expire(self, token: str, *, for_good: bool) -> None:
        """From now on the session's token is not accepted; renewing it does not help ``for_good``."""
        with self._lock:
            self._expired.add(token)
            if for_good:
                self._signed_out.add(token)

    def refused(self, asked: Asked, token: str) -> str:
        """The code that a session's token is refused with, '' when it is good."""
        with self._lock:
            if asked.kind == "renew":
                return _MASTER_EXPIRED if token in self._signed_out else ""
            return _SESSION_EXPIRED if token in self._expired else ""

    def rewritten(self, asked: Asked, body: bytes) -> bytes:
        """The warehouse's answer with our address instead of its own, and with queries that run longer."""
        if self._place is not None:
            body = body.replace(f"{HOST}:{self._place[1]}".encode(), f"{HOST}:{self.port}".encode())
        if asked.kind == "monitor" and self.running_seconds:
            document = json.loads(body)
            for query in (document.get("data") or {}).get("queries") or []:
                began = self._first_seen.setdefault(query["id"], time.monotonic())
                if time.monotonic() - began < self.running_seconds:
                    query["status"] = "RUNNING"
            body = json.dumps(document).encode()
        return body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def shutdown_request(self, request: Any) -> None:
        """Close without the FIN that comes by default: a reset is to look like one."""
        self.close_request(request)

    def handle_error(self, *_: object) -> None:
        """A client that is gone is no news here."""


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One client's connection."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        behind: http.client.HTTPConnection | None = None

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            document = self._document(body)
            asked = Asked(self.command, self.path, kind_of(self.path), str(document.get("sqlText") or ""))
            fault = proxy.faults.choose(asked)
            token = self._token(document)
            if fault is Fault.SLOW:
                time.sleep(SLOW_SECONDS)
            if fault in (Fault.EXPIRED, Fault.SIGNED_OUT):
                proxy.expire(token, for_good=fault is Fault.SIGNED_OUT)
            if fault is Fault.UNAVAILABLE:
                self._answer(503, {}, b"Service Unavailable")
            elif fault is Fault.TOO_MANY:
                self._answer(429, {}, b"Too Many Requests")
            elif fault is Fault.RESET_BEFORE:
                self._reset()
            elif code := proxy.refused(asked, token):
                self._refuse(code)
            else:
                self._pass_on(asked, body, lose_answer=fault is Fault.RESET_AFTER)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - the names are http.server's

        def finish(self) -> None:
            super().finish()
            if self.behind is not None:
                self.behind.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _document(self, body: bytes) -> dict[str, Any]:
            """What the connector sent, {} for anything but JSON."""
            if not body or kind_of(self.path) == "object":
                return {}
            return dict(json.loads(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body))

        def _token(self, document: dict[str, Any]) -> str:
            """The session's token; a request to renew it comes with the master token and names the old one."""
            header = self.headers.get("Authorization", "").removeprefix('Snowflake Token="').removesuffix('"')
            return str(document.get("oldSessionToken") or header)

        def _pass_on(self, asked: Asked, body: bytes, *, lose_answer: bool) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            try:
                if self.behind is None:
                    self.behind = proxy.connect()
                self.behind.request(self.command, self.path, body or None, headers)
                response = self.behind.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                # The warehouse is gone: so is our side.
                return self._reset()
            if lose_answer:
                return self._reset()
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
            if "json" in kept.get("content-type", ""):
                answer = proxy.rewritten(asked, answer)
            return self._answer(response.status, kept, answer)

        def _refuse(self, code: str) -> None:
            words = "Session no longer exists." if code == _SESSION_EXPIRED else "Authentication token has expired."
            document = {"data": {}, "code": code, "message": f"{words} New login required.", "success": False}
            self._answer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
            self.wfile.write(head.encode("latin-1") + (b"" if self.command == "HEAD" else body))

        def _reset(self) -> None:
            """End the connection with RST, as a firewall or a dying host does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    return Handler


def behind(endpoint: Callable[[], Any]) -> Callable[[], tuple[str, int]]:
    """``upstream`` for an embedded warehouse that ``endpoint`` finds or starts."""

    def place() -> tuple[str, int]:
        found = endpoint()
        return found.host, found.port

    return place
