"""The comparison of a month with its files as text for people (floor 3)."""

from __future__ import annotations

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results import VerifyResult


def verify_text(result: VerifyResult) -> str:
    """Counts, every difference, what could not be compared, and the outcome."""
    lines = [
        f"  {visible(file.file)}: {counted(file.rows, 'row')} read from {human_bytes(file.bytes)}, "
        f"content {file.content_hash}"
        for file in result.files
    ]
    lines.append(
        f"  rows: files {result.rows_in_files:,}, ledger {result.rows_in_ledger:,}, table {result.rows_in_table:,}"
    )
    lines += [f"  differs: {difference.message}" for difference in result.differences]
    lines += [f"  note: {note}" for note in result.notes]
    return "\n".join([*lines, f"{result.status}: {result.message}"])
