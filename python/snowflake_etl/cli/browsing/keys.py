"""What the browser's keys mean (floor 6): they change the state, and leave what takes longer to the caller."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path

from snowflake_etl.cli.browsing.painting import Screen, list_height
from snowflake_etl.operations.browsing.browser import Browser
from snowflake_etl.operations.browsing.choices import ACTIONS, Choice, refusal

_BY_LETTER = {"c": "check", "l": "load", "o": "compare", "s": "sample"}


class Ask(Enum):
    """What the caller has to do after a key."""

    PAINT = auto()
    ARRANGE = auto()
    LEDGER = auto()
    AGAIN = auto()
    SUSPEND = auto()
    LEAVE = auto()


Answer = Ask | Choice | Path
"""A path is a folder to go to, a choice ends the browser."""


class Keys:
    """``action`` is what files are for, if already decided; ``height`` returns the terminal's."""

    def __init__(self, browser: Browser, screen: Screen, action: str | None, height: Callable[[], int]) -> None:
        self._browser = browser
        self._screen = screen
        self._action = action
        self._height = height
        self._acts: dict[str, Callable[[], Answer]] = {
            "up": lambda: self._moved(-1),
            "down": lambda: self._moved(1),
            "pageup": lambda: self._moved(-list_height(screen, height())),
            "pagedown": lambda: self._moved(list_height(screen, height())),
            "home": lambda: self._moved(-len(browser.shown)),
            "end": lambda: self._moved(len(browser.shown)),
            "enter": self._enter,
            "ctrl+o": self._act,
            "right": self._right,
            "left": lambda: browser.folder.parent,
            "space": self._space,
            "insert": self._space,
            "backspace": self._backspace,
            "ctrl+h": self._backspace,
            "escape": self._escape,
            "tab": lambda: self._arranged(browser.sorted_next),
            "ctrl+r": lambda: self._arranged(browser.turned),
            "ctrl+t": lambda: self._arranged(browser.hidden_too),
            "ctrl+u": lambda: self._filtered(""),
            "ctrl+v": self._larger,
            "ctrl+w": lambda: Ask.LEDGER,
            "ctrl+l": lambda: Ask.AGAIN,
        }

    def press(self, key: str, letter: str | None) -> Answer:
        """Handle a key by Textual's name, with the letter that it types, if any."""
        screen = self._screen
        screen.message = ""
        if key in ("ctrl+c", "ctrl+q"):
            return Ask.LEAVE
        if key == "ctrl+z":
            return Ask.SUSPEND
        if screen.panel == "help":
            screen.panel = ""
            return Ask.PAINT
        if screen.panel:
            return self._in_panel(key)
        if key in self._acts:
            return self._acts[key]()
        return self._typed(letter) if letter else Ask.PAINT

    def _typed(self, letter: str) -> Answer:
        screen = self._screen
        if letter == "?":
            screen.panel = "help"
        elif letter == "+":
            self._browser.toggle_shown()
        elif letter in "<>":
            columns = len(screen.preview.columns) if screen.preview else 0
            column = screen.first_column + (1 if letter == ">" else -1)
            screen.first_column = max(0, min(column, columns - 1))
        else:
            return self._filtered(self._browser.view.text + letter)
        return Ask.PAINT

    def _in_panel(self, key: str) -> Answer:
        screen = self._screen
        if key in ("escape", "left", "backspace"):
            screen.panel = ""
        elif key in ("up", "down"):
            screen.action = (screen.action + (1 if key == "down" else -1)) % len(ACTIONS)
        elif key in _BY_LETTER:
            return self._chosen(_BY_LETTER[key])
        elif key == "enter":
            return self._chosen(ACTIONS[screen.action])
        return Ask.PAINT

    def _chosen(self, action: str) -> Answer:
        files = self._browser.meant
        why = refusal(action, files, self._browser.owners_of(files))
        if not why:
            return Choice(action, files)
        self._screen.message = f"Not possible: {action} {why}."
        return Ask.PAINT

    def _enter(self) -> Answer:
        browser = self._browser
        index = browser.current
        if index is not None and browser.is_folder(index):
            return browser.path_of(index)
        return self._act()

    def _act(self) -> Answer:
        if not self._browser.meant:
            return Ask.PAINT
        if self._action:
            return self._chosen(self._action)
        self._screen.panel, self._screen.action = "actions", 0
        return Ask.PAINT

    def _right(self) -> Answer:
        index = self._browser.current
        return self._browser.path_of(index) if index is not None and self._browser.is_folder(index) else Ask.PAINT

    def _space(self) -> Answer:
        index = self._browser.current
        if index is not None:
            self._browser.toggle(index)
        return self._moved(1)

    def _backspace(self) -> Answer:
        text = self._browser.view.text
        return self._filtered(text[:-1]) if text else self._browser.folder.parent

    def _escape(self) -> Answer:
        return self._filtered("") if self._browser.view.text else Ask.LEAVE

    def _larger(self) -> Answer:
        self._screen.large = not self._screen.large
        return Ask.PAINT

    def _moved(self, by: int) -> Answer:
        self._browser.move(by)
        return Ask.PAINT

    def _arranged(self, change: Callable[[], None]) -> Answer:
        change()
        return Ask.ARRANGE

    def _filtered(self, text: str) -> Answer:
        self._browser.filtered(text)
        return Ask.ARRANGE
