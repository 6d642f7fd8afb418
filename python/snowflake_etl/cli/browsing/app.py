"""The full-screen file browser (floor 6): keys in, lines out, everything slow in separate threads.
Textual delivers the terminal's keys and sends what has changed.  All lines are ASCII and painted by ``painting``:
Textual's own widgets use characters that not every terminal has.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snowflake_etl.cli.browsing.driver import PlainDriver, suspend  # isort: skip - before textual

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from snowflake_etl.cli.browsing import painting
from snowflake_etl.cli.browsing.keys import Ask, Keys
from snowflake_etl.cli.browsing.painting import CURSOR, PLAIN, STRONG, Line, Screen
from snowflake_etl.cli.browsing.source import Source
from snowflake_etl.errors import EtlError, Stopped
from snowflake_etl.files.listing import NAME
from snowflake_etl.operations.browsing.browser import Arranged, Browser, arrange
from snowflake_etl.operations.browsing.choices import Choice
from snowflake_etl.operations.browsing.preview import Preview

if TYPE_CHECKING:
    from snowflake_etl.operations.browsing.known import Known

_STYLES = {PLAIN: Style(), STRONG: Style(bold=True), CURSOR: Style(reverse=True)}
_FEW = 5_000
_SECONDS_BETWEEN_PAINTS = 0.2
_SECONDS_BEFORE_PREVIEW = 0.12
_MOST_ROWS = 200

Answer = TypeVar("Answer")


class Done(Message):
    """A thread has something for the screen's thread to do."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self.act = act


class Canvas(Widget):
    """The whole screen; only lines that have changed are sent."""

    DEFAULT_CSS = "Canvas { width: 100%; height: 100%; background: ansi_default; color: ansi_default; }"

    class Resized(Message):
        """The size of the screen has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def show(self, lines: list[Line]) -> None:
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        changed = [Region(0, y, self.size.width, 1) for y, line in enumerate(lines) if line != before[y]]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else Line("")
        return Strip([Segment(line.text, _STYLES[line.kind])]).adjust_cell_length(self.size.width)


class BrowserApp(App[Choice]):
    """Returns what was chosen, or None.  ``action`` is what the files are for, if already decided."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: ansi_default; }"

    def __init__(self, source: Source, action: str | None = None) -> None:
        super().__init__(driver_class=PlainDriver, ansi_color=True)
        self.source = source
        self.browser = Browser(source.base_path or Path.cwd())
        self.screen_state = Screen(config=source.name)
        self.keys = Keys(self.browser, self.screen_state, action, lambda: self.size.height)
        self.stopped: Stopped | None = None
        self._reading = self._arranging = 0
        self._previewed: Path | None = None
        self._preview_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Canvas()

    def on_mount(self) -> None:
        self._stop_on_signals()
        self.app_resume_signal.subscribe(self, self._paint_anew)
        self.screen_state.busy = "reading the configuration"
        # CPU-intensive work comes after the first paint.
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self.source.base_path is not None:
            self._go(self.source.base_path)
        self._in_background(self.source.read, self._configured, self._not_configured)

    def on_canvas_resized(self) -> None:
        self._paint()

    def on_done(self, message: Done) -> None:
        message.act()

    async def on_event(self, event: events.Event) -> None:
        """Keys are handled here, in order: bindings would be processed before letters typed earlier."""
        if isinstance(event, events.Key):
            self._press(event)
        elif isinstance(event, events.Paste):
            self.browser.filtered(self.browser.view.text + "".join(event.text.splitlines()[:1]))
            self._arrange()
        else:
            await super().on_event(event)

    def _in_background(
        self, work: Callable[[], Answer], then: Callable[[Answer], None], failed: Callable[[str], None]
    ) -> None:
        """Run in a daemon thread: an unresponsive file system must not keep anybody from leaving."""

        def run() -> None:
            try:
                answer = work()
            except EtlError as error:
                self.post_message(Done(partial(failed, str(error))))
            except Exception as error:
                self.post_message(Done(partial(self._broken, error)))
            else:
                self.post_message(Done(partial(then, answer)))

        threading.Thread(target=run, daemon=True).start()

    def _broken(self, error: Exception) -> None:
        raise error

    def _say(self, text: str) -> None:
        self.screen_state.message = text
        self._paint()

    def _configured(self, base_path: Path | None) -> None:
        self.browser.owners = self.source.owners
        self.screen_state.busy = ""
        self.screen_state.message = self.source.warning
        if self.source.base_path is None:
            self._go(base_path or Path.cwd())
        self._previewed = None
        self._paint()

    def _not_configured(self, problem: str) -> None:
        self.screen_state.busy = ""
        if self.source.base_path is None:
            self._go(Path.cwd())
        self._say(problem)

    def _go(self, folder: Path) -> None:
        self._reading += 1
        self._arranging += 1
        self.browser.go(folder)
        self.screen_state.busy = "reading the folder"
        self.screen_state.message = self.screen_state.problem = ""
        work, failed = partial(self._read, self._reading), partial(self._not_read, self._reading)
        self._in_background(work, self._read_through, failed)
        self._paint()

    def _read(self, reading: int) -> int:
        """Read the folder in a thread: names first, shown at growing intervals; then sizes and dates."""
        browser = self.browser
        listing = browser.listing

        def over() -> bool:
            return self._reading != reading

        def show() -> None:
            arranged = arrange(listing, browser.view, None, over)
            self.post_message(Done(partial(self._arranged_while_reading, reading, arranged)))

        due, pause = time.monotonic() + _SECONDS_BETWEEN_PAINTS, _SECONDS_BETWEEN_PAINTS
        try:
            for _ in listing.read(over):
                if time.monotonic() > due:
                    show()
                    pause *= 2
                    due = time.monotonic() + pause
        finally:
            show()
        due = 0.0
        for _ in listing.look(over):
            if time.monotonic() > due:
                self.post_message(Done(self._paint))
                due = time.monotonic() + _SECONDS_BETWEEN_PAINTS
        if browser.view.by != NAME:
            show()
        return reading

    def _read_through(self, reading: int) -> None:
        if reading == self._reading:
            self.screen_state.busy = ""
            self._paint()

    def _not_read(self, reading: int, problem: str) -> None:
        if reading == self._reading:
            self.screen_state.busy, self.screen_state.problem = "", problem
            self._paint()

    def _arranged_while_reading(self, reading: int, arranged: Arranged) -> None:
        if reading != self._reading:
            return
        if arranged.view == self.browser.view:
            self.browser.put(arranged)
            self._paint()
        else:
            self._arrange()

    def _arrange(self) -> None:
        """Arrange the list for the view: at once if that is quick, else in a thread; the last one wins."""
        self._arranging += 1
        browser, arranging = self.browser, self._arranging
        listing, view, before = browser.listing, browser.view, browser.arranged
        if len(listing.names) <= _FEW:
            browser.put(arrange(listing, view, before))
            self._paint()
            return
        self._paint()
        work = partial(arrange, listing, view, before, lambda: self._arranging != arranging)
        self._in_background(work, partial(self._arranged, arranging), self._say)

    def _arranged(self, arranging: int, arranged: Arranged) -> None:
        if arranging == self._arranging:
            self.browser.put(arranged)
            self._paint()

    def _paint(self) -> None:
        canvas = self.query_one(Canvas)
        width, height = canvas.size
        canvas.show(painting.paint(self.browser, self.screen_state, width, height))
        path = self.browser.current_file
        if path != self._previewed:
            self._previewed = path
            self.screen_state.preview, self.screen_state.proof, self.screen_state.first_column = None, "", 0
            if self._preview_timer is not None:
                self._preview_timer.stop()
            if path is not None:
                self._preview_timer = self.set_timer(_SECONDS_BEFORE_PREVIEW, partial(self._preview, path))

    def _preview(self, path: Path) -> None:
        if path == self._previewed:
            work = partial(self.source.preview, path, self.browser.known, _MOST_ROWS)
            self._in_background(work, partial(self._previewed_now, path), self._say)

    def _previewed_now(self, path: Path, found: tuple[Preview, str]) -> None:
        if path == self._previewed:
            self.screen_state.preview, self.screen_state.proof = found
            self._paint()

    def _press(self, event: events.Key) -> None:
        answer = self.keys.press(event.key, event.character if event.is_printable else None)
        match answer:
            case Ask.LEAVE:
                self.exit(None)
                return
            case Ask.ARRANGE:
                self._arrange()
            case Ask.LEDGER:
                self._ask_ledger()
            case Ask.AGAIN:
                self._paint_anew()
            case Ask.SUSPEND:
                suspend()
            case Choice():
                self.exit(answer)
                return
            case Path():
                self._go(answer)
        self._paint()

    def _paint_anew(self, _: object = None) -> None:
        """Paint everything, whatever the terminal shows now."""
        self.screen.refresh(layout=True)
        self.query_one(Canvas).refresh()

    def _ask_ledger(self) -> None:
        """Ask the ledger in the background, and only when somebody wants it."""
        self.screen_state.busy = f"asking the ledger of {self.source.target}"
        self._in_background(self.source.ask_ledger, self._answered, self._offline)

    def _answered(self, known: Known) -> None:
        self.browser.known = known
        self.screen_state.busy = ""
        self._previewed = None
        self._paint()

    def _offline(self, problem: str) -> None:
        self.screen_state.busy = ""
        self._say(f"Offline: {problem}")

    def _stop_on_signals(self) -> None:
        """Have a signal end the browser properly: the event loop would swallow an exception from a handler."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if callable(handler := signal.getsignal(number)):
                loop.add_signal_handler(number, partial(self._stop, number, handler))

    def _stop(self, number: int, handler: Callable[[int, None], object]) -> None:
        try:
            handler(number, None)
        except Stopped as stopped:
            self.stopped = stopped
        self.exit(None)

    def _print_error_renderables(self) -> None:
        """Suppress Textual's own rendering of an exception, which is not ASCII; the caller reports it."""


def browse(source: Source, action: str | None) -> Choice | None:
    """Show the browser until something is chosen.  Raise the error if one ended it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)}
    app = BrowserApp(source, action)
    try:
        chosen = app.run(mouse=False)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if app.stopped is not None:
        raise app.stopped
    # The exception that ended it, which Textual keeps for its own tests.
    if (error := app._exception) is not None:
        raise error
    return chosen
