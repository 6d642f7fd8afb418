"""A mail server and a webhook on loopback that keep what they are sent."""

from __future__ import annotations

import contextlib
import email
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from no_secrets import planted

PASSWORD = planted("mail-password")


@dataclass
class Sinks:
    """``mails`` and ``posts`` as they came; a ``status`` other than 200 is what the webhook refuses with."""

    mail_port: int = 0
    web_port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    @property
    def mail(self) -> str:
        return f"mailto://127.0.0.1:{self.mail_port}/?from=etl@x.example&to=ops@x.example&mode=insecure"

    @property
    def web(self) -> str:
        return f"json://ops:{PASSWORD}@127.0.0.1:{self.web_port}/notices"

    def clear(self) -> None:
        self.mails.clear()
        self.posts.clear()

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def body(self, number: int = 0) -> str:
        part = self.mails[number].get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@contextlib.contextmanager
def listening() -> Iterator[Sinks]:
    sinks = Sinks()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            if sinks.status == 200:
                sinks.posts.append(json.loads(text))
            self.send_response(sinks.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Mailbox:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
            message = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            sinks.mails.append(message)
            return "250 taken"

    web = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    sinks.web_port = web.server_address[1]
    mail = _Mail(Mailbox(), hostname="127.0.0.1", port=0)
    mail.start()
    assert mail.server is not None
    sinks.mail_port = mail.server.sockets[0].getsockname()[1]
    try:
        yield sinks
    finally:
        mail.stop()
        web.shutdown()
        web.server_close()


class _Mail(Controller):
    def _trigger_server(self) -> None:
        """It would connect to port 0; the port is known only now."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
