"""The browser's screen as lines of ASCII (floor 6, pure): turns the state into what a terminal of that size shows."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass

from snowflake_etl.cli.terminal import one_line
from snowflake_etl.files.listing import GONE, UNKNOWN
from snowflake_etl.operations.browsing.browser import PARENT, Browser
from snowflake_etl.operations.browsing.choices import ACTIONS, EXPLAINED, refusal
from snowflake_etl.operations.browsing.preview import Preview

PLAIN, STRONG, CURSOR = "plain", "strong", "cursor"
LEAST_WIDTH, LEAST_HEIGHT = 60, 16
PREVIEW_LINES = 7
_WIDE = 100
_UNITS = ("B", "kB", "MB", "GB", "TB")
_LEAST_CELL, _MOST_CELL = 3, 24
KEYS = (
    "Type to filter  Enter opens or acts  Space chooses  + all  Tab order  ? help",
    "^R reverse  ^T hidden  ^W what is loaded  ^V more of the file  ESC back, leave",
)
HELP = """
Type            only names with these letters; * stands for anything
Backspace       takes a letter back; without letters: the folder above
Up Down PgUp PgDn Home End     move
Enter, Right    opens a folder; on a file: what is to be done with it
Left            the folder above
Space, Insert   chooses a file, or no longer; + all that are shown
                Files of several folders can be chosen together.
Ctrl-O          what is to be done with those chosen, wherever you are

Tab             order by name, size (largest first), date (newest first)
Ctrl-R          the other way round
Ctrl-T          hidden files, too
Ctrl-W          asks the ledger which files are loaded (in the background)
Ctrl-V          more rows of the file;  < and > its other columns
Ctrl-L          paints the screen anew

loaded    a file of this name and size is in the table
changed   one of this name and another size is
days in   another file's rows are there for its days
new       nothing of it;  dropped, replaced: it was there

ESC             one back: filter, then the browser.  Ctrl-C leaves.
""".strip("\n").splitlines()


@dataclass
class Screen:
    """What is on the screen besides the list.

    ``panel`` is "", "actions" or "help"; ``problem`` is why the folder has no list.
    """

    config: str = ""
    preview: Preview | None = None
    proof: str = ""
    message: str = ""
    problem: str = ""
    busy: str = ""
    panel: str = ""
    action: int = 0
    large: bool = False
    first_column: int = 0


@dataclass(frozen=True)
class Line:
    text: str
    kind: str = PLAIN


def paint(browser: Browser, screen: Screen, width: int, height: int) -> list[Line]:
    """Return all lines, each exactly ``width`` characters of printable ASCII; on a tiny terminal only those that
    fit.
    """
    shown, width = width, max(width, LEAST_WIDTH)
    if screen.panel == "help":
        lines = _box("Help: browse files (any key: back)", HELP, width, height)
    else:
        lower = _actions(browser, screen, width) if screen.panel else _preview(screen, width, height)
        foot = [*lower, Line(status(browser, screen, width)), *(Line(text) for text in KEYS)]
        rows = max(1, height - 2 - len(foot))
        lines = [_head(browser, screen, width), *_rows(browser, screen.problem, width, rows), *foot]
    blank = Line("")
    return [Line(line.text[:shown].ljust(shown), line.kind) for line in [*lines, *[blank] * height][:height]]


def list_height(screen: Screen, height: int) -> int:
    """How many entries fit on a screen of that height: the size of a page."""
    lower = len(ACTIONS) + 2 if screen.panel else _preview_height(screen, height)
    return max(1, height - 3 - len(KEYS) - lower)


def _head(browser: Browser, screen: Screen, width: int) -> Line:
    config = f"config: {one_line(screen.config)}" if screen.config else ""
    folder = one_line(browser.folder)
    room = width - len(config) - 9
    if len(folder) > room:
        folder = "..." + folder[len(folder) - room + 3 :]
    return Line(f"Files: {folder:<{room}}  {config}", STRONG)


def widths_for(browser: Browser, entries: Sequence[int], width: int) -> tuple[int, int, int]:
    """The widths of name, date and what the files belong to, for a list of these entries."""
    stamp, most = (16, 40) if width >= _WIDE else (10, 28)
    owner = max([len("belongs to"), *(len(one_line(browser.belongs(index))) for index in entries)])
    return width - 15 - stamp - min(owner, most), stamp, min(owner, most)


def _rows(browser: Browser, problem: str, width: int, height: int) -> list[Line]:
    """The column headings, and the entries in the lines below."""
    entries = browser.window(height)
    name, stamp, owner = widths = widths_for(browser, entries, width)
    lines = [Line(f"  {'name':<{name}} {'size':>8}  {'date':<{stamp}}  {'belongs to':<{owner}}", STRONG)]
    for place, index in enumerate(entries, browser.top):
        lines.append(row(browser, index, place == browser.place, widths))
    if not entries and browser.view.text:
        lines.append(Line("    nothing here has these letters in its name; ESC shows all"))
    lines += [Line(f"    {text}") for text in _wrapped(problem, width - 4)]
    return [*lines, *[Line("")] * (height + 1 - len(lines))][: height + 1]


def row(browser: Browser, index: int, here: bool, widths: tuple[int, int, int]) -> Line:
    """One entry: chosen or not, name, size, date, what it belongs to."""
    name, stamp, owner = widths
    listing = browser.listing
    mark = "*" if not browser.is_folder(index) and browser.path_of(index) in browser.chosen else " "
    size = date = ""
    if not browser.is_folder(index):
        size = size_in_words(listing.sizes[index])
    if index >= 0 and listing.sizes[index] >= 0:
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(listing.times[index]))[:stamp]
    shown = cut(one_line(browser.name_of(index)) + ("/" if browser.is_folder(index) else ""), name)
    belongs = _cell(one_line(browser.belongs(index)), owner)
    text = f"{'>' if here else ' '}{mark}{shown:<{name}} {size:>8}  {date:<{stamp}}  {belongs}"
    return Line(text, CURSOR if here else STRONG if mark == "*" else PLAIN)


def size_in_words(size: int) -> str:
    """Bytes in the unit that fits; "" while it is unknown, "?" if it cannot be read."""
    if size in (UNKNOWN, GONE):
        return "" if size == UNKNOWN else "?"
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def cut(text: str, width: int) -> str:
    """Shorten in the middle, since names differ at both ends."""
    if len(text) <= width:
        return text
    tail = (width - 2) // 2
    return f"{text[: width - 2 - tail]}..{text[len(text) - tail :]}"


def _preview_height(screen: Screen, height: int) -> int:
    if screen.large:
        return max(PREVIEW_LINES, height - 10)
    return PREVIEW_LINES if height >= LEAST_HEIGHT + 4 else 0


def _preview(screen: Screen, width: int, height: int) -> list[Line]:
    lines = _preview_height(screen, height)
    if not lines:
        return []
    found = screen.preview
    said = _wrapped(screen.message, width - 4)
    if found is None or len(said) > 1:
        # What does not fit in the line below.
        return _box("", said if len(said) > 1 else [], width, lines)
    title = f"{one_line(found.path.name)}: {found.layout}" if found.layout else one_line(found.path.name)
    inside = width - 4
    if found.problem:
        return _box(title, _wrapped(found.problem, inside), width, lines)
    proof = [one_line(screen.proof)[:inside]] if screen.proof else []
    room = lines - 2 - len(proof)
    return _box(title, [*proof, *table(found, screen.first_column, inside, room)], width, lines)


def table(found: Preview, first_column: int, width: int, height: int) -> list[str]:
    """The first rows under their column names, starting at a given column, as far as they fit."""
    columns = range(min(first_column, max(0, len(found.columns) - 1)), len(found.columns))
    rows = [found.columns, *found.rows[: height - 1]]
    lines = [""] * len(rows)
    for column in columns:
        cells = [one_line(row[column]) if column < len(row) else "" for row in rows]
        cell = min(_MOST_CELL, max(_LEAST_CELL, *map(len, cells)))
        if len(lines[0]) + cell > width and column > columns.start:
            break
        lines = [f"{line}{_cell(text, cell):<{cell}} | " for line, text in zip(lines, cells, strict=True)]
    return [line[:width].removesuffix(" | ") for line in lines]


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap into lines that fit, at blanks if there are any."""
    return textwrap.wrap(one_line(text), width, break_on_hyphens=False)


def _cell(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 2]}.."


def _actions(browser: Browser, screen: Screen, width: int) -> list[Line]:
    files = browser.meant
    owners = browser.owners_of(files)
    named = one_line(files[0].name) if len(files) == 1 else f"{len(files):,} files"
    lines = []
    for place, action in enumerate(ACTIONS):
        why = refusal(action, files, owners)
        here = ">" if place == screen.action else " "
        lines.append(f"{here} {action:<8} {'- ' + one_line(why) if why else EXPLAINED[action]}")
    box = _box(f"What do you want to do with {cut(named, 30)}?", lines, width, len(ACTIONS) + 2)
    return [Line(line.text, CURSOR if place == screen.action + 1 else PLAIN) for place, line in enumerate(box)]


def _box(title: str, lines: Sequence[str], width: int, height: int) -> list[Line]:
    """Text in a frame of ASCII."""
    inside = width - 4
    head = f"-- {title[: width - 8]} " if title else ""
    body = [*lines, *[""] * height][: height - 2]
    frame = [f"+{head:-<{width - 2}}+", *(f"| {text[:inside]:<{inside}} |" for text in body), f"+{'-' * (width - 2)}+"]
    return [Line(text) for text in frame]


def status(browser: Browser, screen: Screen, width: int) -> str:
    """One line on what is shown, and the last message."""
    count = len(browser.shown) - (list(browser.shown[:1]) == [PARENT])
    of_all = f" of {len(browser.listing.names):,}" if browser.view.text else ""
    parts = [f"{count:,}{of_all} here", browser.order_in_words]
    if browser.view.hidden:
        parts.append("hidden, too")
    if browser.chosen:
        parts.insert(0, f"{len(browser.chosen):,} chosen")
    if browser.view.text:
        parts.insert(0, f"Filter: {one_line(browser.view.text)}_")
    said = screen.message or screen.busy
    return f"{one_line(said) + '  ' if said else ''}{', '.join(parts)}"[:width]
