"""``doctor`` (floor 5): checks everything that a load needs, from Python to COPY; and writes the script for a DBA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from snowflake_etl.config.model import Configuration
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, ConnectError, ExitCode
from snowflake_etl.operations.examination import account, host, rights, round_trip
from snowflake_etl.plural import counted
from snowflake_etl.results_examination import Examination, Health, Point
from snowflake_etl.sqltext import ObjectName, fold, object_name
from snowflake_etl.warehouse import reach
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import LOCAL_DATABASE, LOCAL_SCHEMA, Warehouse

# Statements that touch no row should not wait for locks; if one is in the way all the same, the wait is kept short.
_LOCK_SECONDS = 20


def examine(
    loaded: Callable[[], LoadedConfiguration],
    warehouse_of: Callable[[], Warehouse],
    state: Path,
    terminal: Iterator[Point],
    tell: Callable[[Point], None],
) -> Examination:
    """Check everything, in order of dependency; ``tell`` is called with each point at once.

    ``loaded`` and ``warehouse_of`` may raise ConfigError: what does not need them is checked all the same.
    """
    found: list[Point] = []
    target, code = "", ExitCode.OK

    def note(points: Iterator[Point]) -> None:
        for point in points:
            found.append(point)
            tell(point)

    note(iter((host.python(), host.libraries())))
    note(terminal)
    note(host.disk(state))
    try:
        configuration = loaded()
        note(host.configuration(configuration))
        target = configuration.configuration.snowflake.target
        note(host.private_files(configuration.configuration.snowflake, state))
        note(_account(configuration.configuration, warehouse_of()))
    except (ConfigError, ConnectError) as error:
        code = error.exit_code
        subject = "configuration" if not target else "sign-in"
        if target and any(point.subject == subject for point in found):
            subject = "connection"
        note(iter((Point(subject, Health.FAILED, str(error)),)))
        if target:
            note(_way_to(configuration.configuration))
    return _summed(target, found, code)


def _account(configuration: Configuration, warehouse: Warehouse) -> Iterator[Point]:
    yield host.proxy(account.place_of(configuration.snowflake))
    impatient = replace(warehouse, load=warehouse.load.model_copy(update={"lock_timeout": _LOCK_SECONDS}))
    with impatient.open("snowflake_etl doctor") as session:
        yield from account.sign_in(session, configuration.snowflake)
        yield from account.computing(session, configuration)
        yield account.clock(session)
        yield from account.hosts(session, configuration.snowflake)
        yield from _rights(session, configuration)


def _rights(session: Session, configuration: Configuration) -> Iterator[Point]:
    objects = WorkObjects.of(session.database, configuration.load)
    there = True
    for point in rights.work_schema(session, configuration, objects):
        there = there and point.status is not Health.FAILED
        yield point
    if there:
        yield from round_trip.round_trip(session, configuration, objects)
    else:
        yield Point("PUT and COPY", Health.WARNING, "not tried", "Fix the work schema first, then run doctor again.")
    yield from rights.tables(session, configuration)


def _way_to(configuration: Configuration) -> Iterator[Point]:
    """After a failed sign-in: is the network or the clock to blame?"""
    place = account.place_of(configuration.snowflake)
    if place is None or configuration.snowflake.connection:
        return
    reason = reach.unreachable(place)
    if reason:
        yield Point(
            "way to the account", Health.FAILED, f"{place}: {reason}", "Check its name, the firewall and the proxy."
        )
        return
    yield Point("way to the account", Health.OK, f"{place} answers: it is the sign-in that is refused")
    before = datetime.now(UTC).replace(microsecond=0)
    if (theirs := reach.clock_of(place)) is not None:
        yield account.skew(theirs, before, datetime.now(UTC))


def _summed(target: str, found: list[Point], code: ExitCode) -> Examination:
    counts = {health: sum(point.status is health for point in found) for health in Health}
    failed, warnings = counts[Health.FAILED], counts[Health.WARNING]
    if failed:
        code = code or ExitCode.PROBLEMS_FOUND
    told = f"{counts[Health.OK]} ok, {counted(warnings, 'warning')}, {failed} failed"
    in_the_way = any(point.status is Health.FAILED and point.subject != host.NOTICES for point in found)
    last = "fix what failed before you load" if in_the_way else "everything is there"
    if failed and not in_the_way:
        last = "loads work, but not everybody is notified of them"
    return Examination(
        "problems" if failed else "ok", target, tuple(found), f"{target or 'This host'}: {last}. {told}.", int(code)
    )


def setup_sql(configuration: Configuration, role: str | None) -> str:
    """The script that a DBA runs once: our objects and the grants that ``role`` needs.  It can be run repeatedly.

    Raise ConfigError when the configuration does not name the database, schema or role.
    """
    section = configuration.snowflake
    database = section.database or (LOCAL_DATABASE if section.is_local else None)
    schema = section.schema_ or (LOCAL_SCHEMA if section.is_local else None)
    loader = role or section.role
    if not (database and schema):
        raise ConfigError("The script needs names: set snowflake.database and snowflake.schema in the configuration.")
    if not loader:
        raise ConfigError("The script needs the role that loads: give --role ROLE or set snowflake.role.")
    objects = WorkObjects.of(fold(database), configuration.load)
    targets = [_target_name(entry.table_name, database, schema) for entry in configuration.files]
    warehouses = dict.fromkeys(fold(name) for name in (section.warehouse, configuration.load.warehouse) if name)
    statements = [
        *objects.create_statements(),
        *objects.grant_statements(fold(loader), targets, warehouses),
    ]
    return "\n".join(["-- Run by the owner of the database; running it again changes nothing.", *_ended(statements)])


def _target_name(text: str, database: str, schema: str) -> ObjectName:
    return object_name(text, fold(database), fold(schema))


def _ended(statements: list[str]) -> list[str]:
    return [f"{statement};" for statement in statements]
