"""Which columns of two files belong together, and how else their layouts differ (floor 5, pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import UsageError
from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.file_compare import Pairs
from snowflake_etl.quality.names import stored
from snowflake_etl.sqltext import nearest_names


@dataclass(frozen=True)
class ColumnPairs:
    """The common columns by position, with the first file's names; those in one file only, by name."""

    names: tuple[str, ...]
    a: tuple[int, ...]
    b: tuple[int, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def reordered(self) -> bool:
        return list(self.b) != sorted(self.b)

    def pairs(self, key: tuple[int, ...]) -> Pairs:
        return Pairs(self.a, self.b, key)


def pair_columns(a: Layout, b: Layout) -> ColumnPairs:
    """Pair columns of the same name; by position if one file has no names and both have as many columns."""
    if a.header != b.header and len(a.columns) == len(b.columns):
        named = a.columns if a.header else b.columns
        places = tuple(range(len(named)))
        note = "One file has no header: its columns are those of the other, in the same order."
        return ColumnPairs(named, places, places, (), (), (note,))
    one, two = ([stored(name) for name in layout.columns] for layout in (a, b))
    common = [name for name in one if name in two]
    return ColumnPairs(
        tuple(a.columns[one.index(name)] for name in common),
        tuple(one.index(name) for name in common),
        tuple(two.index(name) for name in common),
        tuple(shown for shown, name in zip(a.columns, one, strict=True) if name not in two),
        tuple(shown for shown, name in zip(b.columns, two, strict=True) if name not in one),
    )


def key_places(
    columns: ColumnPairs, wished: Sequence[str], entry: FileSection | None, notes: list[str]
) -> tuple[int, ...]:
    """The positions of the key's columns among the pairs; () if there is no key.
    Raise UsageError for a requested one that is not in both files; a configured one is then ignored, with a note.
    """
    known = [stored(name) for name in columns.names]
    names = wished or (entry.duplicate_key_columns if entry else ())
    missing = [name for name in names if stored(name) not in known]
    if missing and wished:
        raise UsageError(
            f"The key column {missing[0]} is not in both files. {nearest_names(stored(missing[0]), known)}."
        )
    if missing:
        notes.append(
            f"The key of the configuration is not used, since {missing[0]} is not in both files: rows are compared "
            "whole."
        )
        return ()
    if not names:
        notes.append("There is no key (--key A,B): a changed row counts as one removed and one added.")
    return tuple(known.index(stored(name)) for name in names)


def layout_differences(a: Layout, b: Layout) -> Iterator[str]:
    """How the formats of the files differ; columns are reported separately."""
    traits = (
        ("packing", a.compression.value, b.compression.value),
        ("encoding", a.encoding, b.encoding),
        ("byte order mark", a.byte_order_mark, b.byte_order_mark),
        ("delimiter", a.delimiter, b.delimiter),
        ("quoting", a.quote or "none", b.quote or "none"),
        ("header", a.header, b.header),
        ("line ends", a.line_ending, b.line_ending),
    )
    for what, one, two in traits:
        if one != two:
            yield f"{what}: {_written(one)} / {_written(two)}"
    names = [[stored(name) for name in layout.columns] for layout in (a, b)]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        yield "order of columns"


def _written(value: object) -> str:
    words = {"\t": "tab", "\n": "LF", "\r\n": "CR LF", True: "yes", False: "no"}
    return words.get(value, str(value))
