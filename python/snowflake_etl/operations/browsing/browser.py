"""The state of a file browser (floor 5): the current folder, what is shown, what has been chosen.

It starts no thread and asks nobody: the caller arranges the list, in this thread or another, and hands it to ``put``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.files.listing import NAME, ORDERS, Listing, View
from snowflake_etl.operations.browsing.owners import Owner, Owners

if TYPE_CHECKING:
    from snowflake_etl.operations.browsing.known import Known

PARENT = -1
"""Stands in place of an entry for the parent folder."""


@dataclass(frozen=True)
class Arranged:
    """A view of a listing with ``count`` entries: all of them in ``order``, and those that match its text."""

    view: View
    count: int
    order: Sequence[int]
    shown: Sequence[int]


def arrange(
    listing: Listing, view: View, before: Arranged | None = None, stopped: Callable[[], bool] = lambda: False
) -> Arranged:
    """Sort and filter, reusing ``before`` where possible: names are not sorted again for each key pressed.

    Sizes and dates that became known in between are not sorted in: leave ``before`` out for that.
    """
    count = len(listing.names)
    if before is None or before.count != count or replace(before.view, text=view.text) != view:
        before = Arranged(replace(view, text=""), count, order := listing.ordered(view, stopped), order)
    narrower = view.text.startswith(before.view.text)
    shown = listing.matching(before.shown if narrower else before.order, view.text, stopped)
    return Arranged(view, count, before.order, shown)


@dataclass
class Browser:
    """The browser's state; ``view`` is what is wanted, ``arranged`` what has been arranged of it so far.

    ``chosen`` are files in the order of choosing, from any folder.
    """

    folder: Path
    view: View = field(default_factory=View)
    owners: Owners = field(default_factory=Owners)
    known: Known | None = None
    chosen: dict[Path, None] = field(default_factory=dict)
    place: int = 0
    top: int = 0

    def __post_init__(self) -> None:
        self.go(self.folder)

    def go(self, folder: Path) -> None:
        """Go to another folder, which then has to be read and arranged."""
        came_from = self.folder.name if folder == self.folder.parent else ""
        self.folder = folder
        self.listing = Listing(folder)
        self.view = replace(self.view, text="")
        self.arranged = Arranged(self.view, 0, [], [])
        self.shown: Sequence[int] = []
        self._stand_on = came_from
        self.put(self.arranged)
        self.place = self.top = 0

    def put(self, arranged: Arranged) -> None:
        """Show this list; the cursor stays on its entry if that is still there, else at its position."""
        narrowed = bool(arranged.view.text) and arranged.view.text != self.arranged.view.text
        # A cursor at the top stays at the top while the list grows.
        stays_on = self.current if self.place and not narrowed else None
        self.arranged = arranged
        has_parent = not arranged.view.text and self.folder != self.folder.parent
        self.shown = [PARENT, *arranged.shown] if has_parent else arranged.shown
        if self._stand_on and self._stand_on in self.listing.names:
            stays_on, self._stand_on = self.listing.names.index(self._stand_on), ""
        if narrowed:
            self.place = 0
        elif stays_on is not None and stays_on in self.shown:
            self.place = self.shown.index(stays_on)
        self.place = max(0, min(self.place, len(self.shown) - 1))

    @property
    def current(self) -> int | None:
        """The entry that the cursor stands on."""
        return self.shown[self.place] if self.place < len(self.shown) else None

    @property
    def current_file(self) -> Path | None:
        index = self.current
        return None if index is None or self.is_folder(index) else self.path_of(index)

    def is_folder(self, index: int) -> bool:
        return index == PARENT or bool(self.listing.folders[index])

    def name_of(self, index: int) -> str:
        return ".." if index == PARENT else self.listing.names[index]

    def path_of(self, index: int) -> Path:
        return self.folder.parent if index == PARENT else self.folder / self.listing.names[index]

    def move(self, by: int) -> None:
        """Move the cursor, but not beyond the ends of the list."""
        self._stand_on = ""
        self.place = max(0, min(self.place + by, len(self.shown) - 1))

    def window(self, height: int) -> Sequence[int]:
        """Return the entries that fit on the screen, including the cursor's; their sizes are determined next."""
        self.top = max(0, min(self.top, self.place, len(self.shown) - height))
        self.top = max(self.top, self.place - height + 1)
        entries = self.shown[self.top : self.top + height]
        self.listing.want([index for index in entries if index != PARENT])
        return entries

    def filtered(self, text: str) -> None:
        self.view = replace(self.view, text=text)

    def sorted_next(self) -> None:
        """Sort by the next order: name, size, date, and name again."""
        self.view = replace(self.view, by=ORDERS[(ORDERS.index(self.view.by) + 1) % len(ORDERS)], backwards=False)

    def turned(self) -> None:
        self.view = replace(self.view, backwards=not self.view.backwards)

    def hidden_too(self) -> None:
        self.view = replace(self.view, hidden=not self.view.hidden)

    @property
    def order_in_words(self) -> str:
        """``by name``, ``by size, largest first``."""
        first = {NAME: ("", ", z first"), "size": (", largest first", ", smallest first")}
        return f"by {self.view.by}{first.get(self.view.by, (', newest first', ', oldest first'))[self.view.backwards]}"

    def toggle(self, index: int) -> None:
        """Choose a file, or undo the choice."""
        if self.is_folder(index):
            return
        path = self.path_of(index)
        if path in self.chosen:
            del self.chosen[path]
        else:
            self.chosen[path] = None

    def toggle_shown(self) -> None:
        """Choose all files shown; if they all are chosen already, none of them."""
        paths = [self.path_of(index) for index in self.shown if not self.is_folder(index)]
        if all(path in self.chosen for path in paths):
            for path in paths:
                del self.chosen[path]
        else:
            self.chosen.update(dict.fromkeys(paths))

    @property
    def meant(self) -> tuple[Path, ...]:
        """The files that an action applies to: those chosen, else the one under the cursor."""
        file = self.current_file
        return tuple(self.chosen) or ((file,) if file else ())

    def owner_of(self, index: int) -> Owner | None:
        return None if self.is_folder(index) else self.owners.of(self.listing.names[index])

    def owners_of(self, files: Sequence[Path]) -> dict[Path, Owner | None]:
        return {path: self.owners.of(path.name) for path in files}

    def belongs(self, index: int) -> str:
        """Table, month and state in the ledger, as far as known: ``FLIGHTS 2013-01 loaded``."""
        owner = self.owner_of(index)
        if owner is None:
            return ""
        if owner.problem:
            return f"{owner.table} ! {owner.problem}"
        state = self.known.state_of(owner, self.listing.names[index], self.listing.sizes[index]) if self.known else ""
        return " ".join(part for part in (owner.table, owner.period, state) if part)
