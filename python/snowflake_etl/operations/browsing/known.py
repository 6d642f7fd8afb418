"""What the ledger knows about the files in the browser (floor 5): asked once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import EtlError
from snowflake_etl.files.fingerprint import fingerprint, reads_all
from snowflake_etl.operations import refusals
from snowflake_etl.operations.browsing.owners import Owner
from snowflake_etl.plural import counted
from snowflake_etl.sqltext import object_name
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.ledger import LIVE, LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.signin import Warehouse

LOADED = "loaded"
CHANGED = "changed"
DAYS_LOADED = "days in"
NEW = "new"


class Known:
    """The ledger's rows, by the table names in the configuration."""

    def __init__(self, by_table: dict[str, Sequence[LedgerRow]]) -> None:
        self._by_table = by_table
        self._live = {table: [row for row in rows if row.state == LIVE] for table, rows in by_table.items()}

    def state_of(self, owner: Owner, name: str, size: int) -> str:
        """Tell in a word or two what the ledger knows about a file, judged by its name, days and size.

        LOADED: a live row has its name and size.  CHANGED: one has its name and another size.  DAYS_LOADED: another
        file's rows are live for its days.  Else the state of its newest row (replaced, dropped), or NEW.
        """
        live = self._live.get(owner.table, [])
        if same := [row for row in live if row.file_name == name]:
            return LOADED if any(row.file_bytes == size for row in same) else CHANGED
        if owner.days and any(row.days and row.days.overlaps(owner.days) for row in live):
            return DAYS_LOADED
        former = [row.state for row in self._by_table.get(owner.table, []) if row.file_name == name]
        return former[-1] if former else NEW

    def proof(self, path: Path) -> str:
        """What the ledger knows about this content, whatever the file's name; of a large file only samples are read."""
        try:
            print_of_file = fingerprint(path)
        except EtlError:
            return ""
        rows = [row for row in self._rows() if row.fingerprint == print_of_file]
        if not rows:
            return "ledger: these bytes were never loaded"
        row = next((one for one in rows if one.state == LIVE), rows[-1])
        when = f"{row.published_at:%Y-%m-%d %H:%M} UTC" if row.published_at else "?"
        name = f" as {row.file_name}" if row.file_name != path.name else ""
        samples = "" if reads_all(row.file_bytes) else " (by size and samples)"
        return f"ledger: {row.state}{name}{samples}, {counted(row.row_count, 'row')}, {when}, by {row.loaded_by}"

    def _rows(self) -> Iterable[LedgerRow]:
        return (row for rows in self._by_table.values() for row in rows)


def ask_ledger(configuration: Configuration, warehouse: Warehouse) -> Known:
    """Ask once for all tables.  Raise ConnectError and so on; empty where nothing was ever loaded."""
    with warehouse.open("snowflake_etl browse") as session, refusals.explaining(session, configuration):
        objects = WorkObjects.of(session.database, configuration.load)
        rows = ledger.all_rows(session, objects) if catalog.describe_table(session, objects.ledger) else []
        tables = {
            entry.table_name: str(object_name(entry.table_name, session.database, session.schema))
            for entry in configuration.files
        }
    return Known({name: [row for row in rows if row.table_name == full] for name, full in tables.items()})
