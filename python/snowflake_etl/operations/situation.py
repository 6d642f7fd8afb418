"""What the target contains before a load, and what may be done about it (floor 5): pure rules, no I/O.

The table of situations of the design is this module: each row is one small function, and each refusal says what to type
instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from snowflake_etl.errors import ProblemsFound, Refused
from snowflake_etl.files.naming import shown
from snowflake_etl.month import DayRange, Month
from snowflake_etl.plural import counted
from snowflake_etl.warehouse.ledger import LedgerRow

SMALLEST_SHARE_OF_REPLACED = 0.9


class Mode(StrEnum):
    """What a load does with rows that the claimed days already have."""

    APPEND = "append"
    REPLACE = "replace"


@dataclass(frozen=True)
class Wishes:
    """What the operator asked for and confirmed beforehand.

    ``expect_rows`` is the number of rows that a replace may delete, ``any``, or None when not given.
    ``command`` is the command line of this load, to be shown with additions; ``command_of_files`` the one for only some
    of its files.
    """

    mode: Mode
    command: str
    allow_existing: bool = False
    allow_shrink: bool = False
    keep_outside: bool = False
    policies_checked: bool = False
    full_refresh: bool = False
    expect_rows: int | str | None = None
    command_of_files: Callable[[Sequence[Path]], str] | None = None


@dataclass(frozen=True)
class Situation:
    """The facts: counts in rows, ``claimed`` the days that the files' names claim (() without a date column).

    Without a date column the month's and the claimed days' counts are those of the whole table.
    """

    table: str
    month: Month | None
    claimed: tuple[DayRange, ...]
    rows_in_claimed: int
    rows_in_month: int
    live: tuple[LedgerRow, ...]
    policies: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.table} {self.month}" if self.month else self.table

    @property
    def ledger_rows(self) -> int:
        return sum(row.row_count for row in self.live)

    def live_in_claimed(self) -> list[LedgerRow]:
        """Live files that claim any of the days that this load claims."""
        if not self.claimed:
            return list(self.live)
        return [row for row in self.live if row.days and any(row.days.overlaps(days) for days in self.claimed)]


@dataclass(frozen=True)
class Permission:
    """The load may go on: ``replaces`` are the ledger rows to be replaced, ``warnings`` are for the operator."""

    replaces: tuple[LedgerRow, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def already_live(live: Sequence[LedgerRow], content_hash: str) -> LedgerRow | None:
    """The live row with that content, if any."""
    return next((row for row in live if row.content_hash == content_hash), None)


def permit(situation: Situation, wishes: Wishes) -> Permission:
    """Decide before anything is staged.  Raise Refused, with the command that would work, or return a permission."""
    if wishes.mode is Mode.REPLACE:
        return _permit_replace(situation, wishes)
    return _permit_append(situation, wishes)


def _permit_append(situation: Situation, wishes: Wishes) -> Permission:
    warnings = _warnings(situation)
    if wishes.allow_existing or not situation.claimed:
        return Permission(warnings=warnings)
    live = situation.live_in_claimed()
    if situation.rows_in_claimed:
        days = ", ".join(map(str, situation.claimed))
        raise Refused(
            f"{situation.table} has {situation.rows_in_claimed:,} rows for {days} already"
            f"{_loaded_by(live)}. To replace them: {_replace_command(situation, wishes)}; "
            "to load beside them: add --allow-existing."
        )
    if live:
        raise Refused(rows_gone(situation, live, wishes))
    return Permission(warnings=warnings)


def _permit_replace(situation: Situation, wishes: Wishes) -> Permission:
    if not situation.claimed and not wishes.full_refresh:
        raise Refused(
            f"{situation.table} has no date_column in the configuration, so a replace would delete the whole table. "
            "Set date_column, or full_refresh: true where that is meant."
        )
    if situation.policies and not wishes.policies_checked:
        raise Refused(
            f"{situation.table} has {', '.join(situation.policies)}: a role that sees masked or filtered rows would "
            "replace the wrong ones. Check the policies, then add --policies-checked."
        )
    check_expected_rows(situation.rows_in_claimed, wishes)
    _refuse_cutting(situation)
    if wishes.keep_outside:
        raise Refused("A replace deletes only the days of the files' names: --outside keep goes with append only.")
    return Permission(tuple(situation.live_in_claimed()), (*_warnings(situation), *_staying(situation)))


def _refuse_cutting(situation: Situation) -> None:
    """A replace removes loaded files whole: the ledger would know nothing about leftover rows of one."""
    for row in situation.live_in_claimed():
        if row.days and not all(any(day in days for days in situation.claimed) for day in row.days):
            raise Refused(
                f"The replace would take away only a part of {shown(row.file_name)}, which is loaded for {row.days}. "
                "Replace all of its days together: name the files for the other days with --file as well."
            )


def check_expected_rows(rows: int, wishes: Wishes) -> None:
    """Refuse when the operator expected another number of rows to be deleted."""
    if isinstance(wishes.expect_rows, int) and wishes.expect_rows != rows:
        raise Refused(
            f"The replace would delete {rows:,} rows, not the {wishes.expect_rows:,} given with --expect-rows. "
            f"Look at the table, then run it with --expect-rows {rows}."
        )


def same_content(row: LedgerRow, file: str) -> str:
    """The sentence that a file is in the table already, since when and by whom."""
    return f"{file} is in {row.table_name} already{_loaded_by([row])}, with the same content."


def rows_gone(situation: Situation, rows: Sequence[LedgerRow], wishes: Wishes) -> str:
    """The refusal for rows that the ledger has but the table lacks."""
    days = " for those days" if situation.claimed else ""
    return (
        f"The ledger says that {situation.place} is loaded{_loaded_by(rows)}, but the table has no rows{days}: "
        f"somebody deleted them elsewhere. To load them anew: {_replace_command(situation, wishes)}"
    )


def other_version(row: LedgerRow, file: str, situation: Situation, wishes: Wishes) -> str:
    """The refusal for a file that would replace a loaded one and differs from it."""
    whole = "" if situation.claimed else " all rows of the table"
    return (
        f"{file} has other content than what is in {row.table_name} already{_loaded_by([row])}: the rows of both would "
        f"be there. To replace{whole or ' those rows'}: {_replace_command(situation, wishes)}; to load beside them: "
        "add --allow-existing."
    )


def how_to_replace(situation: Situation, wishes: Wishes) -> str:
    """The sentence that says what to type to replace what is there."""
    if not situation.claimed and not wishes.full_refresh:
        return (
            "Without a date_column a load cannot take its place; where files are always the whole table, set "
            "full_refresh: true in the configuration."
        )
    return f"To load it again in place of those rows: {_replace_command(situation, wishes)}"


def check_rows_outside(outside: int, wishes: Wishes) -> None:
    """Refuse rows outside the claimed days unless they are to be kept; a replace never removes them.
    Raise ProblemsFound: the files contain something other than their names say.
    """
    if not outside or wishes.keep_outside:
        return
    advice = "Correct the files" if wishes.mode is Mode.REPLACE else "Correct the files, or add --outside keep"
    raise ProblemsFound(
        f"{counted(outside, 'row')} outside the days of the files' names, nothing was published. {advice}; "
        "--qc file names the days."
    )


def check_left_outside(table: str, left: int) -> None:
    """Refuse rows outside the claimed days that an earlier load of the month seems to have put there."""
    if left:
        raise Refused(
            f"{table} has {counted(left, 'row')} already where rows outside the days of the files' names would come, "
            "on days that no loaded file claims: a drop or a replace of the month left them. Nothing was published. "
            "Delete them first; to load beside them: add --allow-existing."
        )


def check_shrink(rows_in: int, rows_out: int, wishes: Wishes) -> None:
    """Refuse a replace that inserts less than nine tenths of the rows it removes."""
    if wishes.mode is Mode.APPEND or wishes.allow_shrink or rows_in >= SMALLEST_SHARE_OF_REPLACED * rows_out:
        return
    raise Refused(
        f"The files have {rows_in:,} rows for the {rows_out:,} that they would replace, less than "
        f"{SMALLEST_SHARE_OF_REPLACED:.0%}. If that is right, add --allow-shrink."
    )


def _warnings(situation: Situation) -> tuple[str, ...]:
    warnings = []
    # Without any live row the month was filled by other means; then the count alone says nothing.
    if not situation.month and situation.rows_in_month > situation.ledger_rows:
        warnings.append(
            f"{situation.table} has {situation.rows_in_month:,} rows, the ledger knows of {situation.ledger_rows:,}. "
            "Without a date_column nobody can tell whether rows of these files are among the others."
        )
    if situation.month and situation.live and situation.rows_in_month not in (0, situation.ledger_rows):
        warnings.append(
            f"{situation.place} has {situation.rows_in_month:,} rows, the ledger knows of {situation.ledger_rows:,}: "
            "rows came or went by other means than this tool."
        )
    if situation.policies:
        warnings.append(f"{situation.table} has {', '.join(situation.policies)}; counts may not show every row.")
    return tuple(warnings)


def _staying(situation: Situation) -> tuple[str, ...]:
    """Rows that a replace does not remove although they came with the files being replaced."""
    loaded = sum(row.row_count for row in situation.live_in_claimed())
    if not situation.claimed or loaded <= situation.rows_in_claimed:
        return ()
    return (
        f"The files that are replaced were loaded with {loaded:,} rows, and {situation.rows_in_claimed:,} are in their "
        "days: the others lie outside these days and stay, or went by other means.",
    )


def _loaded_by(rows: Sequence[LedgerRow]) -> str:
    if not rows:
        return ""
    last = rows[-1]
    return (
        f" (from {shown(last.file_name)}, on {last.published_at:%Y-%m-%d %H:%M} UTC by {last.loaded_by} on {last.host})"
    )


def _replace_command(situation: Situation, wishes: Wishes) -> str:
    return f"{wishes.command} --mode replace --expect-rows {situation.rows_in_claimed} --yes"
