"""The end of a load as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.check_text import findings_on_screen, fitted
from snowflake_etl.results import LoadResult

# Where to find the samples for which the screen has no room.
ALL_OF_IT = "in the result (--output FILE, or the job's result.json)"


def load_text(result: LoadResult, width: int | None = None) -> str:
    """Render counts at every step, findings, and time and rate of every phase, then what to know or do.

    Only findings are wrapped at ``width``: warnings and the message contain commands to copy.
    """
    lines = [*_steps(result), *fitted(_checks(result), width), *_phases(result)] if result.status != "planned" else []
    lines += [f"warning: {warning}" for warning in result.warnings]
    return "\n".join([*lines, f"{result.status}: {result.message}"])


def _steps(result: LoadResult) -> Iterator[str]:
    for file in result.files:
        yield (
            f"  {visible(file.file)}: {counted(file.rows_read, 'row')} read from {human_bytes(file.bytes)}, "
            f"{counted(file.parts, 'part')}, {file.parts_sent} sent, content {file.content_hash}"
        )
    if result.files:
        replaced = f", replaced {result.rows_replaced:,}" if result.rows_replaced else ""
        yield (
            f"  rows: staged {result.rows_staged:,}, loaded {result.rows_loaded:,}, "
            f"published {result.rows_published:,}{replaced}"
        )


def _checks(result: LoadResult) -> Iterator[str]:
    for check in result.checks:
        yield (
            f"  check ({check.engine}): {counted(check.rows, 'row')}, "
            f"{check.days_found} of {counted(check.days_expected, 'day')}, "
            f"{counted(len(check.errors), 'error')}, {counted(len(check.warnings), 'warning')}"
        )
        yield from findings_on_screen(check.findings, ALL_OF_IT)


def _phases(result: LoadResult) -> Iterator[str]:
    for phase in result.phases:
        rate = f"  {human_bytes(phase.bytes_per_second)}/s" if phase.bytes_per_second else ""
        yield f"  {phase.name:<9} {phase.seconds:8.2f} s{rate}"


def human_bytes(count: float) -> str:
    """Bytes in the unit that fits, with powers of 1000: ``329.1 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def human_seconds(seconds: float) -> str:
    """Seconds as a duration, "" for none: ``1h 02m``, ``3m 20s``, ``12s``."""
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
