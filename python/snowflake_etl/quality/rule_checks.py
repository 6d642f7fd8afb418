"""Checks of the configured rules (floor 4, pure functions: profile + expectations -> findings)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from snowflake_etl.plural import counted
from snowflake_etl.quality.profile import Expectations, Profile, Rule, RuleCount, RuleKind
from snowflake_etl.quality.wording import examples_of, shown, unlisted, value_samples
from snowflake_etl.results import Finding

Numbers = Mapping[str, int | float | str]


def rules(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """One finding for each broken rule; the code is ``rule_`` and the rule's kind."""
    counts = {count.rule: count for count in profile.rules}
    for rule in expectations.rules:
        count = counts.get(rule)
        if rule.kind is RuleKind.ROW_COUNT:
            yield from _row_count(rule, profile)
        elif rule.kind is RuleKind.FRESHNESS:
            yield from _freshness(rule, profile, expectations, count)
        elif count is not None and count.rows:
            yield _rows_that_break(rule, count)


def _rows_that_break(rule: Rule, count: RuleCount) -> Finding:
    columns = ", ".join(map(shown, rule.columns))
    rows = counted(count.rows, "row")
    numbers: dict[str, int | float | str] = {"rule": rule.name, "rows": count.rows}
    if rule.kind is RuleKind.UNIQUE:
        numbers["keys"] = count.keys
        sentence = f"{counted(count.keys, 'value')} of {columns} in more than one row, {rows} too many"
    else:
        sentence = f"{rows} {_complaint(rule, columns)}"
    lines = count.lines
    return _finding(
        rule,
        sentence,
        numbers | (unlisted(count.rows, lines) if lines else {}),
        value_samples(count.values, lines.texts if lines else ()),
        examples_of(count.examples, count.values),
    )


def _complaint(rule: Rule, columns: str) -> str:
    limits = " and ".join(
        f"{word} {limit}"
        for word, limit in (("at least", rule.minimum), ("at most", rule.maximum))
        if limit is not None
    )
    return {
        RuleKind.NOT_NULL: f"without a value in {columns}",
        RuleKind.ACCEPTED_VALUES: f"with a value in {columns} that is none of {len(rule.values)} accepted",
        RuleKind.RANGE: f"with a value in {columns} that is not {limits}",
        RuleKind.REGEX: f"with a value in {columns} that is not like {rule.pattern!a}",
        RuleKind.MAX_LENGTH: f"with more than {rule.maximum} characters in {columns}",
        RuleKind.CONDITION: f"for which this is not so: {shown(rule.condition)}",
    }[rule.kind]


def _row_count(rule: Rule, profile: Profile) -> Iterator[Finding]:
    if profile.sample_rows is not None:
        return
    low, high = rule.minimum, rule.maximum
    if (low is None or profile.rows >= int(low)) and (high is None or profile.rows <= int(high)):
        return
    wanted = " and ".join(
        f"{word} {int(limit):,}" for word, limit in (("at least", low), ("at most", high)) if limit is not None
    )
    yield _finding(
        rule,
        f"{counted(profile.rows, 'row')} where there should be {wanted}",
        {"rule": rule.name, "rows": profile.rows},
    )


def _freshness(rule: Rule, profile: Profile, expectations: Expectations, count: RuleCount | None) -> Iterator[Finding]:
    """How old the newest day is; an old month is not expected to hold days after its own."""
    reference = _reference(expectations)
    if profile.sample_rows is not None or reference is None:
        return
    if rule.columns and count is None:
        return
    newest = (
        count.newest
        if count
        else max((day for day, rows in (profile.rows_per_day or {}).items() if rows), default=None)
    )
    oldest = reference - timedelta(days=int(rule.maximum or 0))
    if newest is not None and newest >= oldest:
        return
    age = (reference - newest).days if newest else -1
    said = f"the newest day is {newest}, {counted(age, 'day')} before {reference}" if newest else "there is no day"
    yield _finding(
        rule,
        f"{said}; at most {counted(int(rule.maximum or 0), 'day')} is fresh",
        {"rule": rule.name, "newest": str(newest or ""), "age_days": age},
    )


def _reference(expectations: Expectations) -> date | None:
    """Today, or the last claimed day if that is earlier."""
    claimed = [days.last for days in expectations.days]
    known = [*([expectations.today] if expectations.today else []), *([max(claimed)] if claimed else [])]
    return min(known, default=None)


def _finding(
    rule: Rule, sentence: str, numbers: Numbers, samples: tuple[str, ...] = (), examples: tuple[str, ...] = ()
) -> Finding:
    return Finding(f"rule_{rule.kind}", rule.severity, f"Rule {rule.name!a}: {sentence}.", numbers, samples, examples)
