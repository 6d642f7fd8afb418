"""Compares the rows of two files in DuckDB, out of core (floor 4).
A row is identified by the MD5 (128 bits) of its values, a key by that of its own: two numbers per row are kept, and
whole rows only for those that differ.  ``a`` is the first file, ``b`` the second.  A row that occurs in one file more
often than in the other counts as different that many times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.quality.duck import Duck
from snowflake_etl.quality.file_relation import FileRelation

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
SCANS = 6
# Aggregates of more columns at once do not fit into the default memory limit.
_COLUMNS_OF_A_SCAN = 500


@dataclass(frozen=True)
class Pairs:
    """Columns that both files have: the position in each, in the order of the first; ``key`` are positions among
    them.
    """

    a: tuple[int, ...]
    b: tuple[int, ...]
    key: tuple[int, ...] = ()


@dataclass(frozen=True)
class RowCounts:
    """Rows of each file that could be read, and how many differ; ``repeated_*`` are keys in several rows."""

    rows_a: int
    rows_b: int
    added: int
    removed: int
    changed: int
    repeated_a: int = 0
    repeated_b: int = 0


@dataclass(frozen=True)
class DifferentRow:
    """A row that differs: its values in the first file (None: added) and in the second (None: removed)."""

    kind: str
    a: tuple[str | None, ...] | None
    b: tuple[str | None, ...] | None


@dataclass(frozen=True)
class Values:
    """A column of one file: NULLs and the longest value in characters."""

    nulls: int
    longest: int


class RowComparison:
    """The rows of both files; call ``count`` first, and ``collect`` before anything that needs whole rows.
    ``on_scan`` is called as each of the ``SCANS`` begins; most are only needed if something differs.
    """

    def __init__(
        self, a: FileRelation, b: FileRelation, pairs: Pairs, duck: Duck, on_scan: Callable[[], None] = lambda: None
    ) -> None:
        self._on_scan = on_scan
        self._sides = {"a": (a, pairs.a), "b": (b, pairs.b)}
        self._pairs = pairs
        self._duck = duck

    def count(self) -> RowCounts:
        """Read both files and count.  Raise OutOfSpace if the two numbers per row do not fit."""
        for side, (relation, places) in self._sides.items():
            columns = [f"c{place}" for place in places]
            row = _fingerprint(columns)
            self._on_scan()
            key = _fingerprint([columns[place] for place in self._pairs.key]) if self._pairs.key else "h"
            relation.query(
                lambda source, side=side, row=row, key=key: (  # type: ignore[misc]
                    f"CREATE OR REPLACE TABLE hashes_{side} AS SELECT {row} AS h, {key} AS k FROM {source}"
                )
            )
        rows = {side: self._number(f"SELECT COUNT(*) FROM hashes_{side}") for side in self._sides}
        self._duck.query(
            "CREATE OR REPLACE TABLE different AS SELECT k, h, SUM(a)::BIGINT AS a, SUM(b)::BIGINT AS b FROM "
            "(SELECT k, h, 1 AS a, 0 AS b FROM hashes_a UNION ALL SELECT k, h, 0, 1 FROM hashes_b) "
            "GROUP BY k, h HAVING SUM(a) <> SUM(b)"
        )
        repeated = {"a": 0, "b": 0}
        if self._pairs.key:
            for side in self._sides:
                self._duck.query(
                    f"CREATE OR REPLACE TABLE repeated_{side} AS "
                    f"SELECT k FROM hashes_{side} GROUP BY k HAVING COUNT(*) > 1"
                )
                repeated[side] = self._number(f"SELECT COUNT(*) FROM repeated_{side}")
        self._find_changed()
        for side in self._sides:
            self._duck.query(f"DROP TABLE hashes_{side}")
        changed = self._number("SELECT COUNT(*) FROM changed")
        added = self._number("SELECT COALESCE(SUM(b - a), 0)::BIGINT FROM different WHERE b > a")
        removed = self._number("SELECT COALESCE(SUM(a - b), 0)::BIGINT FROM different WHERE a > b")
        return RowCounts(
            rows["a"], rows["b"], added - changed, removed - changed, changed, repeated["a"], repeated["b"]
        )

    def _find_changed(self) -> None:
        """Find keys that occur once in each file, in rows that differ.  Without a key nothing can be paired."""
        condition = "FALSE"
        if self._pairs.key:
            condition = "k NOT IN (SELECT k FROM repeated_a) AND k NOT IN (SELECT k FROM repeated_b)"
        self._duck.query(
            f"CREATE OR REPLACE TABLE changed AS SELECT k FROM different WHERE {condition} "
            "GROUP BY k HAVING SUM(a) = 1 AND SUM(b) = 1"
        )

    def collect(self) -> None:
        """Fetch the whole rows that differ.  Raise OutOfSpace if they do not fit."""
        for side, (relation, places) in self._sides.items():
            self._on_scan()
            other = "b" if side == "a" else "a"
            columns = [f"c{place}" for place in places]
            row = _fingerprint(columns)
            named = ", ".join(f"{column} AS v{number}" for number, column in enumerate(columns))
            more = f"SELECT h FROM different WHERE {side} > {other}"
            relation.query(
                lambda source, side=side, row=row, named=named, more=more: (  # type: ignore[misc]
                    f"CREATE OR REPLACE TABLE found_{side} AS SELECT * FROM "
                    f"(SELECT {row} AS h, {named} FROM {source}) WHERE h IN ({more})"
                )
            )
            # If a row occurs twice more here than there, take two.
            self._duck.query(
                f"CREATE OR REPLACE TABLE rows_{side} AS "
                f"SELECT d.k, f.* FROM found_{side} f JOIN different d USING (h) "
                f"QUALIFY row_number() OVER (PARTITION BY f.h) <= d.{side} - d.{other}"
            )
            self._duck.query(f"DROP TABLE found_{side}")

    def changed_values(self) -> list[int]:
        """For each column of the pairs, the number of changed rows in which its value differs."""
        counts: list[int] = []
        width = len(self._pairs.a)
        for first in range(0, width, _COLUMNS_OF_A_SCAN):
            places = range(first, min(first + _COLUMNS_OF_A_SCAN, width))
            asked = ", ".join(f"COUNT(*) FILTER (a.v{place} IS DISTINCT FROM b.v{place})" for place in places)
            counts += self._duck.query(f"SELECT {asked} FROM changed JOIN rows_a a USING (k) JOIN rows_b b USING (k)")[
                0
            ]
        return counts

    def different_rows(self, kind: str, most: int | None = None) -> Iterator[DifferentRow]:
        """Rows of one kind, ordered by their values, up to a maximum."""
        values = {side: ", ".join(f"{side}.v{place}" for place in range(len(self._pairs.a))) for side in ("a", "b")}
        limit = "" if most is None else f" LIMIT {most}"
        if kind == CHANGED and not self._pairs.key:
            return
        if kind == CHANGED:
            sql = f"SELECT {values['a']}, {values['b']} FROM changed JOIN rows_a a USING (k) JOIN rows_b b USING (k)"
            order = self._order("a", self._pairs.key)
        else:
            side = "a" if kind == REMOVED else "b"
            sql = f"SELECT {values[side]} FROM rows_{side} {side} WHERE k NOT IN (SELECT k FROM changed)"
            order = self._order(side, (*self._pairs.key, *range(len(self._pairs.a))))
        width = len(self._pairs.a)
        for row in self._duck.stream(f"{sql} ORDER BY {order}{limit}"):
            if kind == CHANGED:
                yield DifferentRow(kind, row[:width], row[width:])
            else:
                yield DifferentRow(kind, row if kind == REMOVED else None, row if kind == ADDED else None)

    def values(self, side: str) -> list[Values]:
        """NULLs and lengths of each column of the pairs, in one file."""
        self._on_scan()
        relation, places = self._sides[side]
        found: list[Values] = []
        for first in range(0, len(places), _COLUMNS_OF_A_SCAN):
            columns = [f"c{place}" for place in places[first : first + _COLUMNS_OF_A_SCAN]]
            asked = ", ".join(f"COUNT(*) - COUNT({column}), MAX(length({column}))" for column in columns)
            answer = relation.query(lambda source, asked=asked: f"SELECT {asked} FROM {source}")[0]  # type: ignore[misc]
            pairs = zip(answer[::2], answer[1::2], strict=True)
            found += [Values(nulls, longest or 0) for nulls, longest in pairs]
        return found

    def _number(self, sql: str) -> int:
        value: Any = self._duck.query(sql)[0][0]
        return int(value)

    @staticmethod
    def _order(side: str, places: Sequence[int]) -> str:
        return ", ".join(f"{side}.v{place}" for place in places)


def _fingerprint(columns: Sequence[str]) -> str:
    """The MD5 of values, each preceded by its length, so that no two rows give the same text."""
    parts = ", ".join(f"COALESCE(strlen({column}) || ':' || {column}, '-')" for column in columns)
    return f"md5_number(concat({parts}))"
