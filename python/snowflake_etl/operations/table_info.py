"""``table-info`` (floor 5): all there is to know about a table before touching it.  Only reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import ConnectError, EtlError, ExitCode, WarehouseError
from snowflake_etl.operations.read_refusals import grants_to_read, reading
from snowflake_etl.operations.refusals import role_of
from snowflake_etl.plural import counted
from snowflake_etl.results_tables import Elsewhere, InfoColumn, InfoGrant, InfoLoad, TableInfo, TableInfoResult
from snowflake_etl.sqltext import ColumnType, ObjectName, column_type, fold, object_name, quote
from snowflake_etl.warehouse import catalog, ledger, table_facts
from snowflake_etl.warehouse.catalog import NOT_NULL, Column, Table
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse

NEEDED = ("SELECT", "INSERT", "DELETE")
"""The privileges that loads, replaces and drops need on a table."""

_THAT_MATTER = (*NEEDED, "UPDATE", "TRUNCATE")
_OF_WHAT_IS_NOT_THERE = "There is none, or the role may not see it"

Told = TypeVar("Told")


def table_info(
    subjects: Sequence[tuple[str, FileSection | None]],
    configuration: Configuration,
    warehouse: Warehouse,
    loads: int,
) -> TableInfoResult:
    """Examine every table; a failure with one does not stop the others.
    ``subjects`` are names as written, each with its configuration entry (None: it has none), ``loads`` how many of the
    newest ledger rows to show.  Raise ConnectError when the warehouse is out of reach.
    """
    tables = []
    with warehouse.open("snowflake_etl table-info") as session:
        for text, entry in subjects:
            tables.append(_guarded(session, text, entry, configuration, loads))
    return _result(tables)


def _guarded(
    session: Session, text: str, entry: FileSection | None, configuration: Configuration, loads: int
) -> TableInfo:
    try:
        with reading(session, configuration, text):
            return _look(session, text, entry, configuration, loads)
    except ConnectError:
        raise
    except EtlError as error:
        return TableInfo("error", text, str(error), int(error.exit_code))


def _look(
    session: Session, text: str, entry: FileSection | None, configuration: Configuration, loads: int
) -> TableInfo:
    name = object_name(text, session.database, session.schema)
    notes: list[str] = []
    table = catalog.describe_table(session, name)
    info = TableInfo(
        status="ok",
        table=str(name),
        message="",
        exit_code=int(ExitCode.OK),
        elsewhere=_told(notes, "Tables of that name elsewhere", (), lambda: _elsewhere(session, name)),
        role=role_of(session),
    )
    nothing: tuple[tuple[InfoLoad, ...], int] = ((), 0)
    newest, known = _told(notes, "What is loaded", nothing, lambda: _loads(session, configuration, name, loads))
    info = replace(info, loads=newest, loads_in_ledger=known)
    if table is None:
        return _missing(session, info, name, entry, notes)
    info = _with_facts(session, info, table, entry, notes)
    return replace(_judged(info), notes=tuple(notes))


def _with_facts(
    session: Session, info: TableInfo, table: Table, entry: FileSection | None, notes: list[str]
) -> TableInfo:
    name = table.name
    facts = _told(notes, "Owner, size and Time Travel", None, lambda: table_facts.facts_of(session, name))
    facts = facts or table_facts.TableFacts("a table")
    columns, problems = compared(table, entry)
    if not facts.is_table:
        problems.append(f"It is {facts.kind}: loads and drops take ordinary tables only.")
    kind = "VIEW" if facts.kind.endswith("view") else "TABLE"
    unknown: tuple[tuple[InfoGrant, ...], list[str]] = ((), [])
    grants, lacks = _told(notes, "Grants", unknown, lambda: _grants(session, name, kind))
    if lacks and facts.is_table:
        problems.append(
            f"Role {info.role} has no {', '.join(lacks)} on it. Its owner runs: "
            f"GRANT {', '.join(lacks)} ON TABLE {name.sql} TO ROLE {quote(info.role)};"
        )
    return replace(
        info,
        kind=facts.kind,
        rows=_told(notes, "The number of rows", None, lambda: catalog.count_rows(session, name)),
        bytes=facts.bytes,
        owner=facts.owner,
        created=facts.created,
        clustered_by=facts.clustered_by,
        retention_days=facts.retention_days,
        comment=facts.comment,
        columns=columns,
        grants=grants,
        policies=tuple(catalog.policies_on(session, name)),
        dependents=_told(notes, "What reads it", (), lambda: tuple(catalog.dependents_of(session, name))),
        problems=tuple(problems),
    )


def _told(notes: list[str], what: str, otherwise: Told, ask: Callable[[], Told]) -> Told:
    """The warehouse's answer; ``otherwise``, and a note, if this role may not ask."""
    try:
        return ask()
    except WarehouseError as error:
        notes.append(f"{what} cannot be told: {' '.join(str(error).split())}")
        return otherwise


def _judged(info: TableInfo) -> TableInfo:
    if not info.problems:
        return replace(info, message="nothing to mend")
    return replace(
        info,
        status="differs",
        message=f"{counted(len(info.problems), 'thing')} to mend",
        exit_code=int(ExitCode.PROBLEMS_FOUND),
    )


def _missing(
    session: Session, info: TableInfo, name: ObjectName, entry: FileSection | None, notes: Sequence[str]
) -> TableInfo:
    columns = [(fold(column), declared) for column, declared in (entry.create_table if entry else {}).items()]
    if columns and session.manages_own_objects:
        cure = "The first load makes it from create_table of the configuration."
    elif columns:
        cure = f"To create it, its owner runs:\n{catalog.create_table_statement(name, columns)};"
    else:
        cure = f"If it is there, its owner runs: {'; '.join(grants_to_read(name, info.role))};"
    if info.elsewhere:
        cure = "A table of that name stands elsewhere, see below: is that the one meant? " + cure
    problem = f"{_OF_WHAT_IS_NOT_THERE} ({info.role}). {cure}"
    return replace(
        info,
        status="missing",
        message="not there",
        exit_code=int(ExitCode.PROBLEMS_FOUND),
        problems=(problem,),
        notes=tuple(notes),
    )


def _elsewhere(session: Session, name: ObjectName) -> tuple[Elsewhere, ...]:
    return tuple(Elsewhere(str(one.name), one.kind, one.owner) for one in table_facts.namesakes(session, name))


def _grants(session: Session, name: ObjectName, kind: str) -> tuple[tuple[InfoGrant, ...], list[str]]:
    grants = table_facts.grants_on(session, name, kind, _THAT_MATTER)
    roles = table_facts.roles_in_session(session, grants)
    told = tuple(InfoGrant(one.role, one.kind, one.privileges, one.role in roles) for one in grants)
    return told, table_facts.lacking(grants, roles, NEEDED)


def _loads(
    session: Session, configuration: Configuration, name: ObjectName, wanted: int
) -> tuple[tuple[InfoLoad, ...], int]:
    objects = WorkObjects.of(session.database, configuration.load)
    if catalog.describe_table(session, objects.ledger) is None:
        return (), 0
    rows = ledger.all_rows(session, objects, name)
    newest = tuple(
        InfoLoad(
            month=row.month or "",
            file=row.file_name,
            rows=row.row_count,
            mode=row.mode,
            state=row.state,
            loaded_by=row.loaded_by,
            host=row.host,
            published_at=f"{row.published_at:%Y-%m-%d %H:%M:%S}" if row.published_at else "",
        )
        for row in reversed(rows[-wanted:] if wanted else [])
    )
    return newest, len(rows)


def compared(table: Table, entry: FileSection | None) -> tuple[tuple[InfoColumn, ...], list[str]]:
    """Compare the table's columns, then those it lacks, with the configuration; return them and what needs fixing."""
    if entry is None:
        return tuple(_told_column(column, (), "", "") for column in table.columns), []
    declared = {fold(name): text for name, text in entry.create_table.items()}
    wanted = set(entry.columns)
    uses = _uses(entry)
    columns = []
    for column in table.columns:
        roles = uses.get(column.name, ())
        remark = _remark(column, roles, declared.get(column.name, ""), loaded=not wanted or column.name in wanted)
        columns.append(_told_column(column, roles, declared.get(column.name, ""), remark))
    known = {column.name for column in table.columns}
    missing = [name for name in dict.fromkeys((*entry.columns, *uses)) if name not in known]
    columns += [
        InfoColumn(name, "", True, uses.get(name, ()), declared.get(name, ""), "the table has no such column")
        for name in missing
    ]
    problems = [f"Column {column.name}: {column.remark}." for column in columns if _is_problem(column)]
    return tuple(columns), problems


def _told_column(column: Column, roles: tuple[str, ...], configured: str, remark: str) -> InfoColumn:
    return InfoColumn(column.name, column.declared, column.nullable, roles, configured, remark)


def _uses(entry: FileSection) -> dict[str, tuple[str, ...]]:
    uses: dict[str, tuple[str, ...]] = {}
    if entry.date_column:
        uses[fold(entry.date_column)] = ("date",)
    for name in map(fold, entry.duplicate_key_columns):
        uses[name] = (*uses.get(name, ()), "key")
    return uses


_NOT_IN_FILES = "not in the files; loads leave it empty"


def _remark(column: Column, roles: Sequence[str], declared: str, *, loaded: bool) -> str:
    if "date" in roles and not _holds_days(column.type):
        return f"date_column, but {column.declared} holds no days"
    if not loaded:
        return _NOT_IN_FILES if column.nullable else "not in the files and NOT NULL; loads fail unless it has a default"
    if declared and not _is_same(column_type(declared.removesuffix(NOT_NULL)), column.type):
        return f"create_table says {declared}"
    return ""


def _is_same(wanted: ColumnType, found: ColumnType) -> bool:
    """Whether a type is as configured; sizes that are not configured may be anything."""
    return wanted.base == found.base and (not wanted.length or wanted == found)


def _is_problem(column: InfoColumn) -> bool:
    return column.remark not in ("", _NOT_IN_FILES)


def _holds_days(kind: ColumnType) -> bool:
    return kind.is_date or kind.is_timestamp or kind.is_number or kind.is_text


def _result(tables: Sequence[TableInfo]) -> TableInfoResult:
    """Tables that could not be examined decide first, then what needs fixing."""
    failed = [table.exit_code for table in tables if table.status == "error"]
    problems = [table.exit_code for table in tables if table.exit_code]
    words = {"ok": "as they should be", "differs": "with something to mend", "missing": "not there", "error": "unseen"}
    counts = {status: sum(table.status == status for table in tables) for status in words}
    told = ", ".join(f"{count} {words[status]}" for status, count in counts.items() if count)
    status = "error" if failed else "problems" if problems else "ok"
    return TableInfoResult(
        status, tuple(tables), f"{counted(len(tables), 'table')}: {told}.", next(iter([*failed, *problems]), 0)
    )
