"""What a load tells the operator (floor 5): the plan, the question before a replace, the final line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from snowflake_etl.config import places
from snowflake_etl.files.layout import Compression
from snowflake_etl.files.naming import shown
from snowflake_etl.files.plan import plan_cuts
from snowflake_etl.operations import load_direct
from snowflake_etl.operations.diagnosis.facts import flag
from snowflake_etl.operations.load_copy import work_table_name
from snowflake_etl.operations.load_prepare import Prepared, Source
from snowflake_etl.operations.load_stage import source_folder
from snowflake_etl.operations.load_state import LoadState
from snowflake_etl.operations.publish import Published, PublishPlan
from snowflake_etl.operations.situation import Mode, Situation
from snowflake_etl.plural import counted
from snowflake_etl.reports.load_text import human_bytes
from snowflake_etl.warehouse.copy import copy_statement

ONLY_OURS = "The parts go to your own stage (load.stage is user): no colleague can see them or carry on with this load."

_CHOICES = ("--config", "--environment", "--set")
_WAYS = {Mode.APPEND: "append to", Mode.REPLACE: "replace in"}


def fewer_workers(asked: int | None, planned: int, limit: int) -> list[str]:
    """The warning if the limit leaves fewer workers than requested; none if none were requested."""
    if asked is None or planned >= asked:
        return []
    return [
        f"{counted(planned, 'worker')} instead of {asked}: load.memory_limit ({human_bytes(limit)}) is not enough "
        f"for more with this file. Raise it for more workers."
    ]


def plan_in_words(prepared: Prepared, state: LoadState) -> str:
    """What the load would do: target, existing rows, files and parts, and the statements."""
    now, wishes = prepared.situation, state.request.wishes
    days = ", ".join(map(str, now.claimed)) or "the whole table"
    made = "" if prepared.target.exists else " (the load makes it)"
    way, statements = "stage, and load nothing, for", []
    if not state.request.stage_only:
        lines = [line for statement in _statements(prepared, state) for line in statement.split("\n")]
        way, statements = _WAYS[wishes.mode], ["  statements:", *(f"    {line}" for line in lines)]
    return "\n".join(
        [
            f"{way} {now.table}{made}, {days}. Nothing was touched.",
            f"  rows there now: {now.rows_in_claimed:,} in those days, {now.rows_in_month:,} in the month",
            f"  rows in the ledger: {now.ledger_rows:,}",
            *(line for source in prepared.sources for line in _source_lines(source)),
            *statements,
        ]
    )


def _source_lines(source: Source) -> list[str]:
    if source.manifest is not None:
        manifest = source.manifest
        if source.packed is not None:
            what = f"{manifest.rows:,} rows in {counted(len(manifest.parts), 'part file')}, {source.packed.packing}"
            return [f"  {shown(manifest.file)}: {what}, in", f"    {shown(source.packed.folder)}"]
        staged = f"{manifest.rows:,} rows staged in {counted(len(manifest.parts), 'part')}"
        return [f"  {shown(manifest.file)}: {staged}, in", f"    {manifest.folder}/"]
    layout = source.layout
    plan = plan_cuts(source.path, layout)
    traits = [
        layout.compression if layout.compression is not Compression.NONE else "not packed",
        layout.encoding,
        "header" if layout.header else "no header",
        f"quote {layout.quote}" if layout.quote else "no quoting",
    ]
    return [
        f"  file {source.path}",
        f"    {source.found.size:,} bytes, {', '.join(traits)}",
        f"    parts of up to {plan.cut_bytes:,} bytes unpacked, in",
        f"    {source_folder(source, plan)}/",
        *(f"    {note}" for note in layout.notes),
    ]


def _folder(source: Source) -> str:
    if source.manifest is not None:
        return source.manifest.folder
    return source_folder(source, plan_cuts(source.path, source.layout))


def _statements(prepared: Prepared, state: LoadState) -> list[str]:
    """The statements that the load would send, with a placeholder for the run's number."""
    entry, wishes = state.planned.entry, state.request.wishes
    folders = [_folder(source) for source in prepared.sources]
    is_direct = state.configuration.load.via == "direct"
    work_table = work_table_name(prepared.objects.stage, prepared.target.name, "RUN", 1)
    plan = PublishPlan(
        table=prepared.target.name,
        month=prepared.situation.month,
        work_table=work_table,
        columns=prepared.columns,
        replace=wishes.mode is Mode.REPLACE,
        claimed=prepared.claimed,
        rows_before=prepared.situation.rows_in_claimed,
        rows_in=0,
        rows_in_claimed=0,
        live_before=prepared.situation.live,
        replaced_rows=prepared.permission.replaces,
        new_rows=(),
        fill_statement=load_direct.direct_statement(prepared, entry, folders) if is_direct else "",
    )
    if is_direct:
        return plan.statements()
    copy = copy_statement(work_table, prepared.columns, prepared.stage_path, folders, prepared.csv_format(entry))
    return [copy, *plan.statements()]


def next_command(words: Sequence[str], verb: str, *more: str) -> str:
    """The command to type after a load, with the configuration that its flags ``words`` choose."""
    same = [word for name in _CHOICES for value in flag(words, name) for word in (name, value)]
    return shlex.join([places.program(), verb, *same, *more])


def replace_in_words(situation: Situation, plan: PublishPlan, dependents: Sequence[str], undo: str) -> str:
    """The question before a replace: rows out, rows in, who else sees it, and the SQL."""
    lines = [
        f"Replace in {situation.table}, {', '.join(map(str, situation.claimed)) or 'the whole table'}:",
        f"  rows out: {plan.rows_before:,}    rows in: {plan.rows_in:,}",
    ]
    if situation.month and situation.live and situation.rows_in_month != situation.ledger_rows:
        lines.append(f"  the month has {counted(situation.rows_in_month, 'row')}, the ledger {situation.ledger_rows:,}")
    lines += [f"  sees the deletes too: {name}" for name in dependents]
    lines += [f"  to undo it: {undo}"] if plan.rows_before else []
    statements = [line for statement in plan.statements() for line in statement.split("\n")]
    return "\n".join([*lines, *(f"  {line}" for line in statements)])


def loaded_in_words(prepared: Prepared, published: Published, rows_now: int | None) -> str:
    """The last line of a successful load."""
    replaced = f" in place of {published.deleted:,}" if published.deleted else ""
    now = "" if rows_now is None else f" {prepared.situation.table} has {counted(rows_now, 'row')} now."
    return f"{counted(published.inserted, 'row')} published into {prepared.situation.place}{replaced}.{now}"
