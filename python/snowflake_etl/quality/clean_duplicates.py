"""Finds the rows of a clean file whose key is in an earlier row (floor 4): exactly, on disk if necessary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from snowflake_etl.errors import FileError
from snowflake_etl.files.layout import Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.quality.duck import Duck, OutOfSpace, Resources
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_relation import FileRelation

_PAGE = 100_000


class DuplicateRows:
    """The positions (from 0) of the rows of ``path`` that repeat a key; use it in a ``with``.
    Hashes of keys are compared first, the keys themselves only if those agree.  Raise FileError if memory and
    temporary space do not suffice.
    """

    def __init__(
        self, path: Path, layout: Layout, plan: Plan, null_values: tuple[str, ...], resources: Resources
    ) -> None:
        self._path = path
        self._duck = Duck(resources)
        self._relation = FileRelation(path, layout, null_values, self._duck)
        self._plan = plan

    def __enter__(self) -> DuplicateRows:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def places(self) -> Iterator[int]:
        """Yield the positions in the file's order."""
        try:
            self._find()
            last = -1
            while page := self._duck.query(
                f"SELECT place FROM repeated WHERE place > {last} ORDER BY place LIMIT {_PAGE}"
            ):
                yield from (place for (place,) in page)
                last = page[-1][0]
        except OutOfSpace as error:
            raise FileError(
                f"The keys of {shown(self._path.name)} need more than quality.memory_limit and quality.temp_limit "
                f"allow ({error}). Raise them, or clean without --duplicates."
            ) from error

    def _find(self) -> None:
        key = self._plan.key_hash(self._plan.key)
        self._relation.query(
            lambda source: f"CREATE TABLE double AS SELECT {key} AS h FROM {source} GROUP BY h HAVING count(*) > 1"
        )
        if self._duck.query("SELECT count(*) FROM double") == [(0,)]:
            self._duck.query("CREATE TABLE repeated (place BIGINT)")
            return
        parts = self._plan.key_parts(self._plan.key)
        names = [f"k{number}" for number in range(len(parts))]
        selected = ", ".join(f"{part} AS {name}" for part, name in zip(parts, names, strict=True))
        columns = ", ".join(f"c{place}" for place, _ in enumerate(self._plan.columns))
        # Row numbers are positions in the file only with one thread and in the file's order.
        self._duck.query("SET threads = 1")
        self._duck.query("SET preserve_insertion_order = true")
        self._relation.query(
            lambda source: (
                f"CREATE TABLE suspect AS SELECT place, {selected} "
                f"FROM (SELECT row_number() OVER () - 1 AS place, {columns} FROM {source}) "
                f"WHERE {key} IN (SELECT h FROM double)"
            )
        )
        self._duck.query(
            "CREATE TABLE repeated AS SELECT place FROM (SELECT place, row_number() OVER "
            f"(PARTITION BY {', '.join(names)} ORDER BY place) AS n FROM suspect) WHERE n > 1"
        )
