"""Information about tables as text for people (floor 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from snowflake_etl.plural import counted
from snowflake_etl.reports.cells import visible
from snowflake_etl.reports.check_text import fitted
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.results_tables import TableInfo, TableInfoResult

Align = Callable[[Sequence[str], Sequence[Sequence[object]], Sequence[str]], str]


def table_info_text(result: TableInfoResult, align: Align, width: int | None = None) -> str:
    """Each table with its facts, columns, grants and loads, and last what needs fixing; then the outcome.
    ``align`` formats headings, rows and the text below each row.  What needs fixing is not wrapped at ``width``: it
    contains statements to copy.
    """
    lines: list[str] = []
    for info in result.tables:
        lines += fitted(_table(info, align), width)
        lines += [*(f"  to mend: {problem}" for problem in info.problems), ""]
    return "\n".join([*lines, f"{result.status}: {result.message}"])


def _table(info: TableInfo, align: Align) -> Iterator[str]:
    yield f"{visible(info.table)}: {info.message}"
    yield from _facts(info)
    yield from (
        f"  also {one.kind.lower()} {visible(one.table)}, owner {one.owner or 'unknown'}" for one in info.elsewhere
    )
    if info.columns:
        rows = [(one.name, one.type, "" if one.nullable else "not null", " ".join(one.roles)) for one in info.columns]
        remarks = [one.remark for one in info.columns]
        yield from _section(align, ("column", "type", "null", "use"), rows, remarks)
    if info.grants:
        granted = [
            (one.role, one.kind.lower().replace("_", " "), "yes" if one.in_session else "") for one in info.grants
        ]
        privileges = [", ".join(one.privileges) for one in info.grants]
        yield from _section(align, ("granted to", "kind", f"had by {info.role}"), granted, privileges)
    yield from _loads(info, align)
    yield from (f"  note: {visible(note)}" for note in info.notes)


def _facts(info: TableInfo) -> Iterator[str]:
    if not info.kind:
        return
    size = [] if info.bytes is None else [human_bytes(info.bytes)]
    rows = "rows unknown" if info.rows is None else counted(info.rows, "row")
    owned = [f"owner {info.owner or 'unknown'}", *([f"made {info.created}"] if info.created else [])]
    yield f"  {', '.join([info.kind, rows, *size, *owned])}"
    travel = "Time Travel unknown"
    if info.retention_days is not None:
        travel = f"Time Travel {counted(info.retention_days, 'day')}" if info.retention_days else "no Time Travel"
    yield f"  {f'clustered by {visible(info.clustered_by)}' if info.clustered_by else 'not clustered'}, {travel}"
    if info.comment:
        yield f"  comment: {visible(info.comment)}"
    for what, names in (("policies", info.policies), ("read by", info.dependents)):
        if names:
            yield f"  {what}: {visible(', '.join(names))}"


def _loads(info: TableInfo, align: Align) -> Iterator[str]:
    if not info.loads_in_ledger:
        yield "  loads: the ledger knows none"
        return
    if not info.loads:
        yield f"  loads: {info.loads_in_ledger} in the ledger"
        return
    rows = [(one.published_at[:16], one.month, f"{one.rows:,}", one.state, one.loaded_by) for one in info.loads]
    files = [one.file for one in info.loads]
    yield from _section(align, ("loaded (UTC)", "month", "rows", "state", "by"), rows, files)
    if info.loads_in_ledger > len(info.loads):
        yield f"    the newest {len(info.loads)} of {info.loads_in_ledger}; --loads N shows more"


def _section(
    align: Align, headings: Sequence[str], rows: Sequence[Sequence[object]], below: Sequence[str]
) -> Iterator[str]:
    yield ""
    yield from (f"  {line}" for line in align(headings, rows, below).splitlines())
