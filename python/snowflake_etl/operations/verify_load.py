"""``load --verify`` (floor 5): does a loaded month in the table match its files?  Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import ExitCode
from snowflake_etl.files.naming import shown
from snowflake_etl.operations import month_counts, refusals
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.load_prepare import Prepared
from snowflake_etl.operations.situation import Situation
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results import ComparedFile, Difference, VerifyResult
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.signin import Warehouse


def verify(
    planned: PlannedLoad, configuration: Configuration, warehouse: Warehouse, progress: Progress
) -> VerifyResult:
    """Compare files, ledger and table; every difference is reported, none raises an exception.

    Raise ProblemsFound when there is no table, FileError for files that cannot be read.
    """
    tag = f"snowflake_etl verify table={planned.entry.table_name} month={planned.month}"
    quality, temporary = configuration.quality, warehouse.state_directory
    with (
        warehouse.open(tag) as session,
        refusals.explaining(session, configuration, planned.entry.table_name),
    ):
        prepared = month_counts.look(session, planned, configuration)
        now = prepared.situation
        read = month_counts.read_through(prepared.sources, progress)
        in_files = month_counts.count_files(prepared, planned, quality, temporary, progress)
        progress("count table", 0, now.rows_in_claimed, "rows")
        in_table = month_counts.count_table(session, prepared, planned, quality)
    found, notes = _with_ledger(prepared, read)
    found += _month(now, month_counts.rows_outside(in_files, now.claimed))
    more, more_notes = month_counts.differences(in_files, in_table, now.claimed)
    notes += more_notes
    if now.policies:
        notes.append(f"The table has {', '.join(now.policies)}: what this role sees was compared.")
    return _result(now, read, in_table.rows, [*found, *more], notes)


def _with_ledger(prepared: Prepared, read: Sequence[ComparedFile]) -> tuple[list[Difference], list[str]]:
    """Compare what was read with the live rows of the ledger: each file has one, found by content, else by its days."""
    now = prepared.situation
    found: list[Difference] = []
    notes: list[str] = []
    left = now.live_in_claimed()
    by_content = [_taken(left, [row for row in left if row.content_hash == file.content_hash]) for file in read]
    for source, file, same in zip(prepared.sources, read, by_content, strict=True):
        days = source.found.days
        row = same or _taken(left, [row for row in left if row.days is None or row.days.overlaps(days)])
        found += _with_row(file, row, notes)
    for row in left:
        message = f"{shown(row.file_name)} ({counted(row.row_count, 'row')}) is loaded for those days too."
        found.append(Difference("ledger", message, None, row.file_name))
    claimed = now.live_in_claimed()
    notes += [
        f"{shown(row.file_name)} claims other days and was not compared." for row in now.live if row not in claimed
    ]
    return found, notes


def _taken(left: list[LedgerRow], fitting: Sequence[LedgerRow]) -> LedgerRow | None:
    """Remove the first match from ``left`` and return it."""
    if not fitting:
        return None
    left.remove(fitting[0])
    return fitting[0]


def _with_row(file: ComparedFile, row: LedgerRow | None, notes: list[str]) -> list[Difference]:
    name = shown(Path(file.file).name)
    if row is None:
        return [
            Difference("ledger", f"The ledger knows of nothing loaded for the days of {name}.", file.content_hash, None)
        ]
    found = []
    if not row.content_hash:
        notes.append(f"{name} was adopted without its file: the ledger has rows to compare, but no content.")
    elif row.content_hash != file.content_hash:
        message = f"{name} is not the file that was loaded ({shown(row.file_name)}): the content differs."
        found.append(Difference("content", message, file.content_hash, row.content_hash))
    if row.row_count != file.rows:
        message = f"{name} has {counted(file.rows, 'row')}, the ledger says {row.row_count:,}."
        found.append(Difference("ledger", message, file.rows, row.row_count))
    return found


def _month(now: Situation, outside: int) -> list[Difference]:
    """Compare the month's count with the ledger's; late rows that a load was told to keep are in other months."""
    if not now.live or now.ledger_rows - now.rows_in_month in (0, outside):
        return []
    message = f"{now.place} has {counted(now.rows_in_month, 'row')}, the ledger knows of {now.ledger_rows:,}."
    return [Difference("rows", message, now.ledger_rows, now.rows_in_month)]


def _result(
    now: Situation, read: Sequence[ComparedFile], rows: int, found: Sequence[Difference], notes: Sequence[str]
) -> VerifyResult:
    in_files = sum(file.rows for file in read)
    if found:
        message = f"{now.place} differs from its files in {counted(len(found), 'point')}. Nothing was changed."
    else:
        message = f"{now.place} is what its files say: {counted(in_files, 'row')}."
    return VerifyResult(
        status="different" if found else "equal",
        table=now.table,
        month=str(now.month) if now.month else None,
        files=tuple(read),
        rows_in_files=in_files,
        rows_in_ledger=sum(row.row_count for row in now.live_in_claimed()),
        rows_in_table=rows,
        differences=tuple(found),
        notes=tuple(notes),
        message=message,
        exit_code=int(ExitCode.PROBLEMS_FOUND if found else ExitCode.OK),
    )
