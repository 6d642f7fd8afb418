"""A bar on a terminal is one line of ASCII that goes away; nothing is written into it, and logs have none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from desk import ROOT, Desk
from snowflake_etl.cli.terminal import TerminalProgress

COLUMNS = 60


class Screen:
    """A terminal that only knows carriage return, line feed and text, and keeps all that it ever showed."""

    def __init__(self) -> None:
        self.lines = [""]
        self.shown: list[str] = []
        self._column = 0

    def write(self, text: str) -> int:
        for piece in re.split(r"([\r\n])", text):
            if piece == "\r":
                self._column = 0
            elif piece == "\n":
                self.lines.append("")
                self._column = 0
            elif piece:
                line = self.lines[-1].ljust(self._column)
                self.lines[-1] = line[: self._column] + piece + line[self._column + len(piece) :]
                self._column += len(piece)
                self.shown.append(self.lines[-1].rstrip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def test_a_bar_is_one_ascii_line_and_gone_in_the_end() -> None:
    screen = Screen()
    bar = TerminalProgress(screen)  # type: ignore[arg-type]
    for done in range(0, 101, 10):
        bar("stage", done * 10**6, 10**8, "bytes")
    bar._bar.refresh()
    assert screen.shown[-1].startswith("stage: 100%|###")
    assert all(text.isascii() for text in screen.shown)
    bar.close()
    assert [line.strip() for line in screen.lines] == [""]


def test_what_has_not_advanced_shows_its_time_and_no_percentage() -> None:
    screen = Screen()
    bar = TerminalProgress(screen)  # type: ignore[arg-type]
    bar("copy", 0, 7, "parts")
    bar("copy", 0, 7, "parts")
    assert screen.shown[-1] == "copy: 00:00"
    assert not any("%" in text or "?" in text for text in screen.shown)
    bar("copy", 7, 7, "parts")
    bar._bar.refresh()
    assert "7/7" in screen.shown[-1]
    bar.close()


def test_lines_of_others_come_above_the_bar() -> None:
    screen = Screen()
    bar = TerminalProgress(screen)  # type: ignore[arg-type]
    bar("stage", 50, 100, "rows")
    with bar.aside():
        screen.write("Staged one part\n")
    assert [line.strip() for line in screen.lines[:-1]] == ["Staged one part"]
    assert screen.lines[-1].startswith("stage:  50%")
    bar.close()
    assert [line.strip() for line in screen.lines] == ["Staged one part", ""]


def test_a_load_on_a_terminal_leaves_whole_lines_only(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31", per_day=2000)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    command = [sys.executable, str(ROOT / "python" / "loader.py"), "--config", str(desk.config), "--month", "2024-01"]
    surroundings = {**os.environ, "ETL_STATE_DIR": str(desk.state), "TERM": "xterm"}
    with subprocess.Popen(
        command, env=surroundings, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, close_fds=True
    ) as process:
        os.close(theirs)
        screen = Screen()
        while text := _read(ours):
            screen.write(text.replace("\r\n", "\n"))
    os.close(ours)
    assert process.returncode == 0
    assert any(text.startswith(("stage:", "copy:", "check:")) for text in screen.shown)
    kept = [line.rstrip() for line in screen.lines if line.strip()]
    assert any(line.startswith("Run ") for line in kept)
    assert not [line for line in kept if re.search(r"\d\d:\d\d|it/s|\|", line) and not line.startswith("20")]
    assert not [text for text in screen.shown if "|" in text and len(text) > COLUMNS]


def _read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 65536).decode()
    except OSError:
        # That is how a pseudo-terminal tells that the other side is closed.
        return ""


def test_off_a_terminal_and_in_the_log_there_is_no_bar(desk: Desk, tmp_path: Path) -> None:
    desk.month("2024-01-01", "2024-01-31")
    output = tmp_path / "output.log"
    with output.open("w") as stream:
        words = ("load", "--config", str(desk.config), "--month", "2024-01")
        assert desk.process(*words, output=stream).wait(120) == 0
    for path in (output, desk.state / "snowflake_etl.log"):
        assert "\r" not in path.read_text()
        assert "stage:" not in path.read_text()
