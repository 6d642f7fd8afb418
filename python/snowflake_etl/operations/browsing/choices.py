"""What can be done with the chosen files (floor 5): which verb applies, and why another does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.operations.browsing.owners import Owner

CHECK, LOAD, COMPARE, SAMPLE = ACTIONS = ("check", "load", "compare", "sample")
EXPLAINED = {
    CHECK: "days, layout, types, keys: is it fit to be loaded?",
    LOAD: "into its table, exactly once; the plan comes first",
    COMPARE: "two files: the same, or which rows differ",
    SAMPLE: "columns, types, NULLs, dates of one file",
}
_VERBS = {CHECK: "check-file", LOAD: "load", COMPARE: "compare", SAMPLE: "sample"}
_TAKES = {COMPARE: 2, SAMPLE: 1}
_NUMBERS = {1: "one file", 2: "two files"}


@dataclass(frozen=True)
class Choice:
    """An action and the files chosen for it, in the order they were chosen."""

    action: str
    files: tuple[Path, ...]

    @property
    def command(self) -> tuple[str, ...]:
        """The verb and its arguments, without the configuration."""
        paths = [str(path) for path in self.files]
        if self.action == COMPARE:
            return (_VERBS[COMPARE], "--file", paths[0], "--with", paths[1])
        return (_VERBS[self.action], *(word for path in paths for word in ("--file", path)))


def refusal(action: str, files: Sequence[Path], owners: Mapping[Path, Owner | None]) -> str:
    """Why these files cannot be given to ``action``, as the end of a sentence; "" when they can."""
    count = _TAKES.get(action)
    if count is not None and len(files) != count:
        return f"takes {_NUMBERS[count]}, {len(files)} are chosen" if len(files) > 1 else f"takes {_NUMBERS[count]}"
    if action in (CHECK, LOAD):
        for path in files:
            owner = owners.get(path)
            if owner is None:
                return f"no pattern of the configuration fits {path.name!a}"
            if action == LOAD and owner.problem:
                return f"{path.name!a}: {owner.problem}"
    return ""
