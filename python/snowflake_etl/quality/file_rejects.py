"""Reports one by one every value and row of a file that its target would reject (floor 4).
Done in separate passes, only if somebody wants them written down: memory holds just the different values of one
pass, and there are as many passes as needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snowflake_etl.plural import counted
from snowflake_etl.quality.file_counts import Counted
from snowflake_etl.quality.file_faults import MOST_BAD_VALUES, list_bad_values, suspects_of
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.file_rules import list_broken_rules, rule_suspects
from snowflake_etl.quality.formats import ISO
from snowflake_etl.quality.line_look import Reject, Wanted, look_at_lines
from snowflake_etl.quality.profile import Expectations, Reason, type_text


@dataclass(frozen=True)
class RejectedValue:
    """One line of a file with its fault; ``column`` is "" if the whole row is meant.
    ``value`` is the unchanged value or row, with bytes that are not text as ``\\xff``.
    """

    line: int
    column: str
    value: str
    reason: str


OnReject = Callable[[RejectedValue], None]

_LAYOUT = {
    "nul_bytes": "a NUL byte",
    "invalid_encoding": "bytes that are not of the encoding",
    "unbalanced_quotes": "a quote that does not close as it should",
    "long_lines": "more than 2,000,000 bytes",
    "carriage_returns": "a carriage return that the file's line ending does not have",
}


def tell_rejects(
    relation: FileRelation,
    plan: Plan,
    expectations: Expectations,
    counted: Counted,
    odd: bool,
    on_reject: OnReject,
) -> None:
    """Report every rejected value and row; ``odd`` says that the layout has faults.
    Lines ascend within a pass; a second pass is needed only for more than ``MOST_BAD_VALUES`` different values.
    """
    outside = _outside(plan, expectations, counted)
    passes = 1 + _bad_rows(counted, outside) // (MOST_BAD_VALUES // 2)
    name = _Namer(plan, expectations)
    for number in range(passes):
        bucket = "TRUE" if passes == 1 else f"hash(bad.value) % {passes} = {number}"
        listed = list_bad_values(relation, plan, counted, outside, bucket)
        wanted = Wanted(
            suspects_of(plan, counted, listed, expectations.null_values),
            rule_suspects(plan, list_broken_rules(relation, plan, counted, bucket)),
            frozenset(value.encode() for value in expectations.null_values),
        )
        if not (wanted or odd):
            continue

        def tell(reject: Reject, is_first: bool = number == 0) -> None:
            # Faults that need no list of values appear in every pass.
            if is_first or reject.fault in _OF_VALUES:
                on_reject(name.named(reject))

        place = plan.place(plan.date) if plan.date else None
        look_at_lines(relation.bytes(), relation.layout, wanted, place, tell)


_OF_VALUES = frozenset(each.value for each in (Reason.DATE, Reason.TYPE, Reason.RULE, Reason.OUTSIDE))


def _outside(plan: Plan, expectations: Expectations, counted: Counted) -> list[tuple[int, str, str]]:
    """The condition for rows on unclaimed days, if there are any."""
    claimed = expectations.days
    if plan.date is None or not claimed or all(any(day in days for days in claimed) for day in counted.days):
        return []
    day = plan.day(plan.date)
    inside = " OR ".join(f"{day} BETWEEN DATE '{days.first}' AND DATE '{days.last}'" for days in claimed)
    return [(plan.place(plan.date), Reason.OUTSIDE.value, f"NOT ({inside})")]


def _bad_rows(counted: Counted, outside: list[tuple[int, str, str]]) -> int:
    """An upper bound for the number of different offending values."""
    untyped = sum(counted.untyped(place) for place in counted.typed)
    beside = sum(counted.days.values()) if outside else 0
    return min(counted.bad_dates + untyped + sum(counted.broken.values()) + beside, _MOST_ROWS)


_MOST_ROWS = 10**12


class _Namer:
    """Describes what is wrong with a reject."""

    def __init__(self, plan: Plan, expectations: Expectations) -> None:
        self._plan = plan
        self._rules = expectations.rules

    def named(self, reject: Reject) -> RejectedValue:
        column = "" if reject.place is None else self._plan.columns[reject.place].name
        value = reject.value.decode("utf-8", "backslashreplace")
        return RejectedValue(reject.line, column, value, self._reason(reject))

    def _reason(self, reject: Reject) -> str:
        plan = self._plan
        if reject.fault == "ragged_rows":
            found = counted(reject.detail, "column") if reject.detail else "a blank line"
            return f"{found} where {len(plan.columns)} are expected"
        if reject.fault == Reason.RULE:
            return f"breaks the rule {self._rules[reject.detail].name}"
        if reject.fault in _LAYOUT:
            return _LAYOUT[reject.fault]
        column = plan.columns[reject.place or 0]
        kind = type_text(column.type) if column.type else ""
        return {
            Reason.DATE.value: f"not a date of the format {plan.day_format(column) or ISO}",
            Reason.TYPE.value: f"cannot be {kind}",
            Reason.LENGTH.value: f"too long for {kind}",
            Reason.NULL.value: "no value in the date column" if column == plan.date else "no value in the key",
            Reason.OUTSIDE.value: "a day outside the claimed days",
        }[reject.fault]
