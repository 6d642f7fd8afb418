"""The DuckDB instance behind the embedded warehouse: opened, attached, locked down, closed (floor 3).

After :meth:`Engine.open` DuckDB may read and write its data folder and the stage folder and nothing
else, loads no extension, looks at no Python variable, and its configuration cannot be changed again.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from snowflake_etl.warehouse.local.folder import WarehouseFolder
from snowflake_etl.warehouse.local.sql.columns_view import COLUMNS_VIEW
from snowflake_etl.warehouse.local.sql.duck_text import literal
from snowflake_etl.warehouse.local.sql.fakesnow_changes import adapt_fakesnow
from snowflake_etl.warehouse.local.sql_errors import SqlError, missing, syntax_error

_PLAIN_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_TAKEN_NAMES = frozenset({"SYSTEM", "TEMP", "MEMORY", "MAIN", "_FS_GLOBAL", "INFORMATION_SCHEMA", "PG_CATALOG"})
_SETTINGS = (
    # As on Snowflake, rows have no inherent order; large loads then need far less memory.
    "SET preserve_insertion_order = false",
    "SET GLOBAL TimeZone = 'UTC'",
)
_MOST_KNOWN_TABLES = 1000
_LOCKDOWN = (
    "SET enable_external_access = false",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET lock_configuration = true",
)


class _Forgetful(dict[str, Any]):
    """fakesnow keeps every result forever; instead ``queries.py`` keeps results, with a limit."""

    def __setitem__(self, key: str, value: Any) -> None:
        return


class KnownColumns:
    """Cached columns, each with the number of definitions before the lookup.
    A definition counts twice, when it begins and when it has ended, so that nothing seen meanwhile is kept.
    """

    def __init__(self) -> None:
        self._of_all = 0
        self._of_table: Counter[tuple[str, str, str]] = Counter()
        self._kept: dict[tuple[str, str, str], tuple[tuple[int, int], Any]] = {}

    def forget(self, table: tuple[str, str, str] | None = None) -> None:
        """Note a definition: of one table, or of anything."""
        if table is None:
            self._of_all += 1
        else:
            self._of_table[table] += 1

    def state(self, table: tuple[str, str, str]) -> tuple[int, int]:
        """The state to pass to ``keep``, read before the columns are looked up."""
        return self._of_all, self._of_table[table]

    def find(self, table: tuple[str, str, str]) -> Any:
        """The columns if still valid; None if they have to be looked up."""
        state, columns = self._kept.get(table, ((-1, -1), None))
        return columns if state == self.state(table) else None

    def keep(self, table: tuple[str, str, str], state: tuple[int, int], columns: Any) -> None:
        if len(self._kept) >= _MOST_KNOWN_TABLES:
            self._kept.clear()
        self._kept[table] = (state, columns)


class Engine:
    """One DuckDB instance over the databases of one warehouse folder."""

    def __init__(self, folder: WarehouseFolder) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        # DuckDB lets only one statement define something at a time; another would fail.
        self.definition_lock = threading.RLock()
        # Known columns of tables: valid only until something is defined.
        self.columns = KnownColumns()
        self._fakesnow: Any = None
        self._duck: Any = None

    def open(self) -> None:
        """Attach every database of the folder and lock DuckDB down."""
        from fakesnow.instance import FakeSnow

        warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
        adapt_fakesnow()
        self._fakesnow = FakeSnow(create_database_on_connect=False, create_schema_on_connect=False)
        self._duck = self._fakesnow.duck_conn
        self._duck.execute(COLUMNS_VIEW)
        for file in sorted(self._folder.data.glob("*.db")):
            self._attach(file.stem)
        self._lock_down()

    def _lock_down(self) -> None:
        folders = [f"{folder}/" for folder in (self._folder.data, self._folder.stage)]
        self._duck.execute(f"SET temp_directory = {literal(str(self._folder.spill))}")
        self._duck.execute(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
        for statement in (*_SETTINGS, *_LOCKDOWN):
            self._duck.execute(statement)

    def _attach(self, name: str) -> None:
        from fakesnow import info_schema, macros

        file = self._folder.data / f"{name}.db"
        self._duck.execute(f'ATTACH {literal(str(file))} AS "{name}"')
        self._duck.execute(info_schema.per_db_creation_sql(name))
        self._duck.execute(macros.creation_sql(name))

    def databases(self) -> list[str]:
        """The names of the existing databases."""
        rows = self._duck.cursor().execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        )
        return sorted(str(name) for (name,) in rows.fetchall() if name.upper() not in _TAKEN_NAMES)

    def has_database(self, name: str) -> bool:
        return (self._folder.data / f"{name}.db").exists()

    def create_database(self, name: str) -> bool:
        """Create a database with its schema PUBLIC; return whether it was created."""
        _check_name(name, "database")
        with self._lock:
            if self.has_database(name):
                return False
            self._attach(name)
            self._duck.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"."PUBLIC"')
            return True

    def drop_database(self, name: str) -> None:
        """Remove a database, with its files.  Raise SqlError when there is none."""
        with self._lock:
            if not self.has_database(name):
                raise missing("Database", name)
            self._duck.execute(f'DETACH "{name}"')
            for file in (self._folder.data / f"{name}.db", self._folder.data / f"{name}.db.wal"):
                file.unlink(missing_ok=True)

    def create_schema(self, database: str, schema: str) -> None:
        """Create a schema if it is missing."""
        _check_name(schema, "schema")
        with self._lock:
            self._duck.execute(f'CREATE SCHEMA IF NOT EXISTS "{database}"."{schema}"')

    def connect(self, database: str | None, schema: str | None) -> Any:
        """Open a separate (fakesnow) connection with this database and schema current."""
        from fakesnow.conn import FakeSnowflakeConnection

        with self._lock:
            return FakeSnowflakeConnection(
                self._duck.cursor(),
                _Forgetful(),
                database,
                schema,
                create_database=False,
                create_schema=False,
                db_path=Path(),
            )

    def close(self) -> None:
        """Write everything into the database files and release them."""
        with self._lock:
            for name in self.databases():
                try:
                    self._duck.execute(f'CHECKPOINT "{name}"')
                except Exception as error:
                    warnings.warn(f"no checkpoint of {name}: {error}", stacklevel=1)
            self._duck.close()


def _check_name(name: str, kind: str) -> None:
    if not _PLAIN_NAME.fullmatch(name) or name in _TAKEN_NAMES:
        raise SqlError(
            f"SQL compilation error:\nThe embedded warehouse cannot have a {kind} named '{name}'. "
            "Use letters, digits and underscores.",
            syntax_error("").code,
            "42000",
        )
