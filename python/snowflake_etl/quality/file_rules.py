"""The rows of a file that break the configuration's rules (floor 4): counts, values, lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowflake_etl.quality import file_sql
from snowflake_etl.quality.file_counts import Counted
from snowflake_etl.quality.file_faults import MOST_BAD_VALUES, repeated_keys
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.file_relation import FileRelation
from snowflake_etl.quality.line_look import LineFindings, RuleSuspects
from snowflake_etl.quality.profile import Duplicates, NotChecked, Reason, Rule, RuleCount, RuleKind

_Values = tuple[str | None, ...]


@dataclass(frozen=True)
class BrokenRules:
    """Offending values with their rows, by the rule's number, most frequent first."""

    values: Mapping[int, tuple[tuple[_Values, int], ...]] = field(default_factory=dict)
    complete: bool = True


def list_broken_rules(relation: FileRelation, plan: Plan, counted: Counted, bucket: str = "TRUE") -> BrokenRules:
    """Ask DuckDB for the values behind ``counted``; asks nothing if no rule is broken."""
    numbers = {number for number, rows in counted.broken.items() if rows}
    if not numbers:
        return BrokenRules()
    rows = relation.query(
        lambda source: file_sql.broken_rules_statement(plan, numbers, source, MOST_BAD_VALUES, bucket)
    )
    found: dict[int, list[tuple[_Values, int]]] = {}
    for number, values, count in rows[:MOST_BAD_VALUES]:
        found.setdefault(number, []).append((tuple(values), count))
    return BrokenRules({key: tuple(each) for key, each in found.items()}, len(rows) <= MOST_BAD_VALUES)


def rule_suspects(plan: Plan, broken: BrokenRules) -> dict[int, RuleSuspects]:
    """What to watch for in the lines, by the rule's number."""
    places = {
        rule.number: tuple(plan.place(plan.find(name, "column of a rule,")) for name in rule.columns)
        for rule in plan.rules
    }
    return {
        number: RuleSuspects(
            places[number],
            frozenset(tuple(None if one is None else one.encode() for one in each) for each, _ in values),
        )
        for number, values in broken.values.items()
    }


def count_rules(
    relation: FileRelation,
    plan: Plan,
    rules: tuple[Rule, ...],
    counted: Counted,
    broken: BrokenRules,
    looked: LineFindings | None,
) -> tuple[tuple[RuleCount, ...], tuple[NotChecked, ...]]:
    """Combine counts, values and lines of every rule, and say which rules were not checked."""
    judged = {rule.number for rule in plan.rules}
    unique = plan.unique_rules
    counts, not_checked = [], list(plan.rules_left)
    for number, rule in enumerate(rules):
        if number in judged:
            counts.append(_row_count(number, rule, counted, broken, looked))
        elif rule.kind is RuleKind.UNIQUE:
            found = repeated_keys(relation, plan, counted, number, unique[number])
            if found.searched:
                counts.append(unique_count(rule, found))
            else:
                not_checked.append(
                    NotChecked("rules", f"The rule {rule.name!a} needs more memory and temporary space than allowed.")
                )
        elif number in counted.newest:
            counts.append(RuleCount(rule, newest=counted.newest[number]))
    return tuple(counts), tuple(not_checked)


def unique_count(rule: Rule, found: Duplicates) -> RuleCount:
    """Duplicate keys, as the count of a uniqueness rule."""
    values = tuple((", ".join(key), rows) for key, rows in found.worst)
    return RuleCount(rule, found.excess, found.groups, values, complete=len(values) == found.groups)


def _row_count(
    number: int, rule: Rule, counted: Counted, broken: BrokenRules, looked: LineFindings | None
) -> RuleCount:
    key = (number, Reason.RULE)
    return RuleCount(
        rule,
        counted.broken[number],
        values=tuple((values_text(each), rows) for each, rows in broken.values.get(number, ())),
        lines=looked.value_lines.get(key) if looked else None,
        examples=looked.examples.get(key, ()) if looked else (),
        complete=broken.complete,
    )


def values_text(values: _Values) -> str:
    """The values of a rule's columns as one text."""
    return ", ".join("NULL" if value is None else value for value in values)
