"""Which entry of the configuration a file's name belongs to, and what it claims (floor 5, no I/O)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snowflake_etl.errors import ConfigError
from snowflake_etl.files.patterns import Claim, FilePattern
from snowflake_etl.month import DayRange

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection


@dataclass(frozen=True)
class Owner:
    """The entry that a name belongs to; ``problem`` says why it cannot be loaded under that name."""

    entry: FileSection
    days: DayRange | None
    problem: str

    @property
    def table(self) -> str:
        return self.entry.table_name

    @property
    def period(self) -> str:
        """The month, or the days if they are not a whole month; "" where the name claims none that make sense."""
        if self.days is None or self.days.month is None:
            return ""
        month = self.days.month
        whole = self.days == month.days()
        return str(month) if whole else f"{month}-{self.days.first:%d}..{self.days.last:%d}"


class Owners:
    """The entries of a configuration, asked by name.  Entries with an unusable pattern are skipped."""

    def __init__(self, entries: Sequence[FileSection] = ()) -> None:
        self._entries = [(FilePattern(entry.file_pattern, entry.table_name), entry) for entry in entries]
        self._known: dict[str, Owner | None] = {}

    def of(self, name: str) -> Owner | None:
        """The entry for a file's name (without its folder), or None."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Owner | None:
        found = [(entry, claim) for pattern, entry in self._entries if (claim := _claim(pattern, name)) is not None]
        if not found:
            return None
        entry, claim = found[0]
        if len(found) > 1:
            tables = ", ".join(dict.fromkeys(each.table_name for each, _ in found))
            return Owner(entry, claim.days, f"several patterns match it ({tables})")
        return Owner(entry, claim.days, claim.problem)


def _claim(pattern: FilePattern, name: str) -> Claim | None:
    try:
        return pattern.claim(name)
    except ConfigError:
        return None
