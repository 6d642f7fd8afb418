"""The file browser as a numbered list with typed commands (floor 6): for any terminal, or none.
It does the same as the full screen; it writes to standard error, since standard output is for the answer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from snowflake_etl.cli.browsing import painting
from snowflake_etl.cli.browsing.source import Source
from snowflake_etl.cli.terminal import one_line, printable
from snowflake_etl.errors import EtlError, FileError
from snowflake_etl.files.listing import NAME, ORDERS
from snowflake_etl.operations.browsing.browser import Browser, arrange
from snowflake_etl.operations.browsing.choices import ACTIONS, Choice, refusal

_LINES = 18
_WIDTH = 79
_PREVIEW_ROWS = 5
_NUMBER = r"[0-9]{1,9}"
_NUMBERS = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?(?:[ ,]+{_NUMBER}(?:-{_NUMBER})?)*")
_HELP = """
NUMBER            opens a folder; chooses a file, or no longer (also: 3 5-7)
Enter             the next page
any other text    only names with it; * stands for anything;  / shows all again
..                the folder above;  cd FOLDER  another one
all               chooses all that are shown, or none of them
sort name|size|date    a second time: the other way round
hidden            hidden files, too
view NUMBER       the first rows of a file
ledger            asks the ledger which files are loaded
check  load  compare  sample    what is to be done with what is chosen
q                 leaves
/TEXT             only names with TEXT, even if that is a word from above
""".strip("\n")


class PlainList:
    """``ask`` returns the next typed line, None at the end."""

    def __init__(self, source: Source, action: str | None, ask: Callable[[str], str | None], out: TextIO) -> None:
        self._source = source
        self._action = action
        self._ask = ask
        self._out = out
        self._choice: Choice | None = None
        self._words: dict[str, Callable[[str], None]] = {
            "": self._next_page,
            "..": lambda _: self._go(self._browser.folder.parent),
            "cd": self._folder,
            "all": lambda _: self._browser.toggle_shown(),
            "sort": self._sort,
            "hidden": lambda _: self._arranged(self._browser.hidden_too),
            "view": self._view,
            "ledger": lambda _: self._ledger(),
            "help": lambda _: self._say(_HELP),
            "?": lambda _: self._say(_HELP),
        }

    def run(self) -> Choice | None:
        """Run until something is chosen, or the user leaves.  Raise FileError when the first folder cannot be read."""
        try:
            base_path = self._source.read()
        except EtlError as error:
            self._say(f"{error}")
            base_path = None
        self._browser = Browser(self._source.base_path or base_path or Path.cwd(), owners=self._source.owners)
        self._read()
        while self._choice is None:
            self._show()
            line = self._ask(f"Number, letters of a name, {self._to_do} or ? for help, q leaves: ")
            if line is None or line.strip() in ("q", "quit", "exit", "b"):
                return None
            try:
                self._obey(line.strip())
            except EtlError as error:
                self._say(str(error))
        return self._choice

    @property
    def _to_do(self) -> str:
        return self._action or ", ".join(ACTIONS)

    def _say(self, text: str) -> None:
        print(printable(text), file=self._out, flush=True)

    def _show(self) -> None:
        browser = self._browser
        entries = browser.window(_LINES)
        self._say(f"\nFiles: {one_line(browser.folder)}")
        for _ in browser.listing.look():
            pass
        widths = painting.widths_for(browser, entries, _WIDTH - 5)
        for place, index in enumerate(entries, browser.top + 1):
            self._say(f"{place:>5}{painting.row(browser, index, False, widths).text[1:].rstrip()}")
        last = browser.top + len(entries)
        more = f"{browser.top + 1} to {last} of {len(browser.shown):,}, " if len(browser.shown) > len(entries) else ""
        self._say(f"{more}{painting.status(browser, painting.Screen(), _WIDTH - len(more))}")

    def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if _NUMBERS.fullmatch(line):
            self._numbers(line)
        elif line in (self._action, *ACTIONS):
            self._choose(line)
        elif word in self._words and (bool(rest) == (word in ("cd", "sort", "view"))):
            self._words[word](rest.strip())
        else:
            self._filter(line.removeprefix("/"))

    def _numbers(self, line: str) -> None:
        indices = [self._numbered(number) for number in _spread(line)]
        if len(indices) == 1 and self._browser.is_folder(indices[0]):
            self._go(self._browser.path_of(indices[0]))
            return
        for index in indices:
            self._browser.toggle(index)

    def _numbered(self, number: int) -> int:
        if not 1 <= number <= len(self._browser.shown):
            raise FileError(f"There is no number {number} here: there are 1 to {len(self._browser.shown)}.")
        return self._browser.shown[number - 1]

    def _choose(self, action: str) -> None:
        files = tuple(self._browser.chosen)
        if not files:
            raise FileError(f"Nothing is chosen. Type the number of a file, then {action}.")
        if why := refusal(action, files, self._browser.owners_of(files)):
            raise FileError(f"Not possible: {action} {why}.")
        self._choice = Choice(action, files)

    def _next_page(self, _: str) -> None:
        browser = self._browser
        browser.place = browser.top + _LINES if browser.top + _LINES < len(browser.shown) else 0
        browser.top = browser.place

    def _folder(self, text: str) -> None:
        try:
            folder = Path(text).expanduser()
        except RuntimeError:
            raise FileError(f"There is no such home: {text!a}.") from None
        if "\0" in text:
            raise FileError(f"No path has a NUL in it: {text!a}.")
        self._go(self._browser.folder / folder)

    def _go(self, folder: Path) -> None:
        before = self._browser.folder
        self._browser.go(folder)
        try:
            self._read()
        except FileError:
            self._browser.go(before)
            self._read()
            raise

    def _read(self) -> None:
        for _ in self._browser.listing.read():
            pass
        self._arrange()

    def _arrange(self) -> None:
        browser = self._browser
        for _ in browser.listing.look() if browser.view.by != NAME else ():
            pass
        browser.place = 0
        browser.put(arrange(browser.listing, browser.view))
        browser.place = browser.top = 0

    def _arranged(self, change: Callable[[], None]) -> None:
        change()
        self._arrange()

    def _filter(self, text: str) -> None:
        self._arranged(lambda: self._browser.filtered(text))

    def _sort(self, by: str) -> None:
        if by not in ORDERS:
            raise FileError(f"Sort by what? There are {', '.join(ORDERS)}.")
        browser = self._browser
        if browser.view.by == by:
            self._arranged(browser.turned)
        else:
            browser.view = replace(browser.view, by=by, backwards=False)
            self._arrange()

    def _view(self, text: str) -> None:
        if not re.fullmatch(_NUMBER, text):
            raise FileError("View which file? Type view and its number.")
        path = self._browser.path_of(self._numbered(int(text)))
        found, proof = self._source.preview(path, self._browser.known, _PREVIEW_ROWS)
        lines = [found.problem] if found.problem else painting.table(found, 0, _WIDTH, _PREVIEW_ROWS + 1)
        self._say("\n".join(["", f"{one_line(path.name)}: {found.layout}", *lines, *([proof] if proof else [])]))

    def _ledger(self) -> None:
        started = time.monotonic()
        try:
            self._browser.known = self._source.ask_ledger()
        except EtlError as error:
            raise FileError(f"Offline: {error}") from error
        self._say(f"The ledger of {self._source.target} answered in {time.monotonic() - started:.1f} s.")


def _spread(line: str) -> list[int]:
    """``3 5-7`` as 3, 5, 6, 7; a range is limited to the size of any possible list."""
    numbers: list[int] = []
    for part in re.split("[ ,]+", line):
        first, _, last = part.partition("-")
        numbers += range(int(first), min(int(last or first), int(first) + 100_000) + 1)
    return numbers
