"""Which files of a load are in the table already, and which replace one that is (floor 5).

Rows of one file twice, or those of a file and of its correction, are refused here for every table; if the table has no
days, only the files' names tell what they claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from snowflake_etl.config.model import FileSection
from snowflake_etl.errors import Refused
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.month import DayRange
from snowflake_etl.operations import situation
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.situation import Situation, Wishes
from snowflake_etl.warehouse.ledger import LedgerRow

if TYPE_CHECKING:
    from snowflake_etl.operations.load_prepare import Source


def find(
    sources: Sequence[Source], rows: Sequence[LedgerRow], entry: FileSection, contents: FileContents
) -> dict[str, LedgerRow]:
    """Fingerprint -> live row of the files whose content is in the table; a fingerprint alone proves nothing.
    Raise Refused for a copy whose name claims other days: those days are not loaded.
    """
    loaded = {}
    for source in sources:
        alike = {row.content_hash: row for row in rows if row.fingerprint == source.fingerprint}
        if not alike:
            continue
        if source.manifest is not None:
            content: str | None = source.manifest.content_hash
        else:
            content = contents.which(source.path, source.layout, list(alike))
        if content in alike:
            loaded[source.fingerprint] = alike[content]
            refuse_copy(alike[content], shown(source.path.name), source.found.days, entry)
    return loaded


def refuse_copy(row: LedgerRow, file: str, days: DayRange, entry: FileSection) -> None:
    """Raise Refused when the content of ``row`` reappears under a name that claims none of its days."""
    claimed = _days_of(row, entry)
    if claimed is not None and not claimed.overlaps(days):
        raise Refused(
            f"{file} has the content of {shown(row.file_name)}, which is in {row.table_name} already for {claimed}: "
            f"it is a copy under a wrong name. Get the file for {days} and load that."
        )


def refuse_other_versions(sources: Sequence[Source], present: Situation, entry: FileSection, wishes: Wishes) -> None:
    """Raise Refused for files that replace loaded ones, where the count of days does not show it."""
    for source in sources:
        for row in present.live:
            if row.fingerprint == source.fingerprint or (not present.claimed and _may_hold(row, source, entry)):
                raise Refused(situation.other_version(row, shown(source.path.name), present, wishes))


def still_there(there: Situation, rows: Sequence[LedgerRow], wishes: Wishes) -> list[str]:
    """Report when the table has fewer rows of loaded files than the ledger; raise Refused when it has none at all."""
    expected = sum(row.row_count for row in rows)
    if there.policies:
        # This role may not see all the rows that exist.
        return []
    if not there.rows_in_claimed:
        raise Refused(situation.rows_gone(there, rows, wishes))
    if there.rows_in_claimed >= expected:
        return []
    return [
        f"But {there.place} has only {there.rows_in_claimed:,} rows for those days, the ledger knows of {expected:,}: "
        "rows were deleted elsewhere, or lie outside of the days (--outside keep). load --verify tells which."
    ]


def _may_hold(row: LedgerRow, source: Source, entry: FileSection) -> bool:
    """Whether the rows of a live file could be those of ``source``, in a table without days."""
    if not row.content_hash and row.published_at is not None:
        # Adopted without its file: its rows may be of any day up to the adoption.
        return row.published_at.date() >= source.found.days.first
    claimed = _days_of(row, entry)
    return claimed is not None and claimed.overlaps(source.found.days)


def _days_of(row: LedgerRow, entry: FileSection) -> DayRange | None:
    """The days that a loaded file claims; in a table without days, those in its name, if it matches this pattern."""
    if row.days is not None:
        return row.days
    claim = FilePattern(entry.file_pattern, entry.table_name).claim(row.file_name)
    return claim.days if claim is not None else None
