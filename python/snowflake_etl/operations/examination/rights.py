"""What our role may do (floor 5): every privilege is tried, in a transaction that touches no row and is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import ConnectError, EtlError
from snowflake_etl.operations import refusals
from snowflake_etl.operations.load_target import Target, resolve_target
from snowflake_etl.plural import counted
from snowflake_etl.results_examination import Health, Point
from snowflake_etl.sqltext import ObjectName, column_list, quote
from snowflake_etl.warehouse.catalog import count_rows, describe_table
from snowflake_etl.warehouse.objects import PRIVILEGES, WorkObjects, ensure_objects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.transaction import roll_back

ON_TARGETS = ("SELECT", "INSERT", "DELETE")


def work_schema(session: Session, configuration: Configuration, objects: WorkObjects) -> Iterator[Point]:
    """Check that our objects exist, and what our role may do with each of our tables."""
    subject = f"work schema {objects.database}.{objects.schema}"
    try:
        with refusals.explaining(session, configuration):
            ensure_objects(session, objects)
    except ConnectError:
        raise
    except EtlError as error:
        yield Point(subject, Health.FAILED, str(error))
        return
    yield Point(subject, Health.OK, "stage, ledger, lock, lease and audit log are there")
    for table, rights in PRIVILEGES.items():
        name = objects.name(table)
        yield _tried(session, configuration, f"rights on {table}", name, rights.split(", "), ())


def tables(session: Session, configuration: Configuration) -> Iterator[Point]:
    """Check the configured tables, each once, and our rights on them."""
    seen = set()
    for entry in configuration.files:
        if entry.table_name not in seen:
            seen.add(entry.table_name)
            yield _table(session, configuration, entry)


def _table(session: Session, configuration: Configuration, entry: FileSection) -> Point:
    subject = f"table {entry.table_name}"
    try:
        with refusals.explaining(session, configuration, entry.table_name):
            target = resolve_target(session, entry, may_create=False)
            subject = f"table {target.name}"
            if not target.exists:
                return Point(subject, Health.OK, "the first load will make it")
            rows = count_rows(session, target.name)
    except ConnectError:
        raise
    except EtlError as error:
        return Point(subject, Health.FAILED, str(error))
    tried = _tried(session, configuration, subject, target.name, ON_TARGETS, _loaded(target, entry), entry.table_name)
    if tried.status is not Health.OK:
        return tried
    return Point(
        subject, Health.OK, f"{counted(len(target.table.columns), 'column')}, {counted(rows, 'row')}; {tried.message}"
    )


def _loaded(target: Target, entry: FileSection) -> tuple[str, ...]:
    """The columns that files fill: others may be computed and not accept an INSERT."""
    return tuple(column.name for column in target.table.columns if not entry.columns or column.name in entry.columns)


def _tried(
    session: Session,
    configuration: Configuration,
    subject: str,
    name: ObjectName,
    rights: Sequence[str],
    columns: Sequence[str],
    *tables: str,
) -> Point:
    refused = []
    for right in rights:
        try:
            with refusals.explaining(session, configuration, *tables):
                _try(session, name, right, columns or _columns_of(session, name))
        except ConnectError:
            raise
        except EtlError as error:
            refused.append(f"{right}: {error}")
    if refused:
        return Point(subject, Health.FAILED, " ".join(refused))
    return Point(subject, Health.OK, f"may {', '.join(rights)}")


def _columns_of(session: Session, name: ObjectName) -> tuple[str, ...]:
    table = describe_table(session, name)
    return tuple(column.name for column in table.columns) if table else ()


def _try(session: Session, name: ObjectName, right: str, columns: Sequence[str]) -> None:
    """Run a statement that needs a right but touches no row; it is rolled back in any case."""
    names, first = column_list(columns), quote(columns[0])
    statement = {
        "SELECT": f"SELECT {names} FROM {name.sql} WHERE FALSE",
        "INSERT": f"INSERT INTO {name.sql} ({names}) SELECT {names} FROM {name.sql} WHERE FALSE",
        "UPDATE": f"UPDATE {name.sql} SET {first} = {first} WHERE FALSE",
        "DELETE": f"DELETE FROM {name.sql} WHERE FALSE",
    }[right]
    session.execute("BEGIN")
    try:
        session.execute(statement)
    finally:
        roll_back(session)
