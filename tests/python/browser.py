"""A headless Chromium for tests: opens a local page as a person would see it, and tells what it complained about.

Speaks the DevTools protocol over two pipes, so that no port is open and no library is needed.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell")
MISSING = f"No browser: none of {', '.join(NAMES)} is on PATH and ETL_TEST_CHROMIUM names none."
_LIMIT_SECONDS = 60.0


def find_browser() -> str | None:
    """The program of ``ETL_TEST_CHROMIUM``, else the first of NAMES on PATH."""
    return os.environ.get("ETL_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page in one browser; what it asks the network for and complains about is kept."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = to_browser, from_browser
        self._rest = b""
        self._number = 0
        self._session = ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def open(self, page: Path, *, width: int, dark: bool = False, height: int = 900) -> None:
        """Show the page in a window of that width in CSS pixels; below 600 it is a phone."""
        self.complaints.clear()
        self.requests.clear()
        phone = width < 600
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Page.navigate", url=page.as_uri())
        limit = time.monotonic() + _LIMIT_SECONDS
        while self.value("document.readyState") != "complete" or self.value("location.href") != page.as_uri():
            assert time.monotonic() < limit, f"{page} is not loaded after {_LIMIT_SECONDS} s"
            time.sleep(0.02)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page, as JSON can tell it."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """Save the whole page, beyond the window's end too, as PNG."""
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12_000), "scale": 1}
        answer = self._ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def _next(self) -> Any:
        limit = time.monotonic() + _LIMIT_SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0, limit - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self._in, 1 << 20)
            assert data, "the browser has ended"
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def _note(self, event: Any) -> None:
        name, parameters = event.get("method", ""), event.get("params", {})
        if name == "Runtime.exceptionThrown" or name == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(parameters))
        elif name == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])


@contextmanager
def running_browser(program: str) -> Iterator[Browser]:
    """Start the browser with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        inner_in, to_browser = (_high(end) for end in os.pipe())
        from_browser, inner_out = (_high(end) for end in os.pipe())
        flags = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run"]
        # As root Chromium does not start with its sandbox; the pages are our own.
        flags += ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        # It reads commands from descriptor 3 and answers on 4.
        command = ["bash", "-c", f'exec "$@" 3<&{inner_in} 4>&{inner_out}', "browser", program, *flags]
        with subprocess.Popen(
            command, pass_fds=(inner_in, inner_out), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            os.close(inner_in)
            os.close(inner_out)
            try:
                yield Browser(to_browser, from_browser)
            finally:
                os.close(to_browser)
                os.close(from_browser)
                process.terminate()


def _high(descriptor: int) -> int:
    """The same descriptor under a number from 10 on, out of the way of those that the browser uses."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
