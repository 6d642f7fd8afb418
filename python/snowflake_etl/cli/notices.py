"""Notices about a run's end (floor 6): adds surroundings and log tail of this process; ``notify`` sends them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.cli.outcomes import events_of, whole_run
from snowflake_etl.config import places
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snowflake_etl.cli.common import Context
    from snowflake_etl.config.reading import LoadedConfiguration
    from snowflake_etl.notify.delivery import Delivered, Delivery
    from snowflake_etl.notify.events import Event, Surroundings


def tell_the_end(context: Context, verb: str, code: ExitCode) -> None:
    """Report a run that has ended, and jobs that could not; send what is waiting.  Only raises interruptions."""
    if context.job_directory is not None:
        from snowflake_etl.operations.notices.dead_jobs import mark_told

        # From here on the notice is stored; the job's supervisor need not send it as well.
        mark_told(context.job_directory)
    for loaded in _configurations(context):
        if loaded.configuration.notify.targets:
            events = [] if _was_cancelled(context) else _events(context, loaded, verb, code)
            whole = whole_run(verb, code, context.arguments)
            where = surroundings(context, loaded, masked_tail(context, loaded))
            delivery(context, loaded).tell(events, where, whole)
            tell_of_lost_jobs(context, loaded)


def tell(
    context: Context, loaded: LoadedConfiguration, events: Sequence[Event], tail: tuple[str, ...], run: str = ""
) -> Delivered:
    """Report events to the targets of a configuration; what cannot be sent is kept."""
    return delivery(context, loaded).tell(events, surroundings(context, loaded, tail, run))


def delivery(context: Context, loaded: LoadedConfiguration) -> Delivery:
    from snowflake_etl.notify.delivery import Delivery

    return Delivery(context.state_directory, loaded.configuration.notify, identity(loaded))


def tell_of_lost_jobs(context: Context, loaded: LoadedConfiguration) -> int:
    """Report lost jobs of this configuration; return how many."""
    from snowflake_etl.operations.notices import dead_jobs

    count = 0
    for job in dead_jobs.lost_jobs(context.state_directory):
        config, environment, _ = dead_jobs.configuration_words(job.words)
        path = Path(job.directory, config).resolve() if config else None
        if path == loaded.path.resolve() and (environment or None) == loaded.environment:
            tail = dead_jobs.log_tail(job, loaded.configuration.notify.log_lines)
            tell(context, loaded, [dead_jobs.event_of(job, places.program())], tail, job.job_id)
            dead_jobs.mark_told(job.folder)
            count += 1
    return count


def identity(loaded: LoadedConfiguration) -> str:
    """Which configuration a notice belongs to."""
    return f"{loaded.path.resolve()}@{loaded.environment}" if loaded.environment else str(loaded.path.resolve())


def surroundings(context: Context, loaded: LoadedConfiguration, tail: tuple[str, ...], run: str = "") -> Surroundings:
    from snowflake_etl.notify.events import Surroundings

    return Surroundings(
        program=places.program(),
        config=str(loaded.path),
        environment=loaded.environment or "",
        target=loaded.configuration.snowflake.target,
        host=socket.gethostname(),
        run=run or context.logs.invocation,
        log_tail=tail,
        names=frozenset(_names(context, loaded)),
    )


def masked_tail(context: Context, loaded: LoadedConfiguration) -> tuple[str, ...]:
    lines = loaded.configuration.notify.log_lines
    return tuple(masked(line) for line in context.logs.tail[-lines:]) if lines else ()


def now() -> datetime:
    return datetime.now(UTC)


def _configurations(context: Context) -> Sequence[LoadedConfiguration]:
    """Those that the run has read; one that could not be read cannot notify anybody."""
    if context.ending.configurations:
        return context.ending.configurations
    loaded = context.__dict__.get("configuration")
    return [] if loaded is None else [loaded]


def _was_cancelled(context: Context) -> bool:
    return context.job_directory is not None and (context.job_directory / "cancelled").exists()


def _events(context: Context, loaded: LoadedConfiguration, verb: str, code: ExitCode) -> list[Event]:
    ending, document = context.ending, context.ending.document
    if verb == "report" and isinstance(document, dict) and "tables" in document:
        # With several configurations, each reports its own tables.
        document = {**document, "tables": [one for one in document["tables"] if one["config"] == loaded.path.name]}
    words = ["--config", str(loaded.path), *(["--environment", loaded.environment] if loaded.environment else [])]
    try:
        return events_of(verb, code, document, ending.error, context.arguments, [places.program(), *words])
    except (KeyError, TypeError, IndexError) as error:
        # A result of an unknown shape is reported as a whole rather than not at all.
        LOGGER.debug("The result could not be told in parts", exc_info=error, extra={"file_only": True})
        said = ending.error or f"It ended with exit code {int(code)}."
        return events_of(verb, code, None, said if code else "", context.arguments, [places.program(), *words])


def _names(context: Context, loaded: LoadedConfiguration) -> Iterator[str]:
    """Names of files, tables and columns, as quoted in messages."""
    for entry in loaded.configuration.files:
        columns = (*entry.expected_columns, *entry.create_table, *entry.duplicate_key_columns, entry.date_column or "")
        for name in (entry.table_name, entry.file_pattern, *columns, *entry.columns):
            yield from (name, name.upper())
    yield from _file_names(context.ending.document)


def _file_names(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("file", "subject", "table") and isinstance(value, str):
                yield from (value, Path(value).name)
            yield from _file_names(value)
    elif isinstance(document, list | tuple):
        for item in document:
            if isinstance(item, dict):
                yield from _file_names(item)
