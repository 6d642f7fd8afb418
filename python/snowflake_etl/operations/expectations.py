"""What the configuration expects of the rows of a table (floor 5): the one place where settings become expectations.

Loads, file checks and table checks all come here, so that they judge by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from snowflake_etl.config import places
from snowflake_etl.config.model import CalendarSection, FileSection, QualitySection, RuleSection, same_table
from snowflake_etl.files.layout import Layout
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations.calendars import closed_days
from snowflake_etl.quality.conditions import columns_of
from snowflake_etl.quality.file_plan import Plan
from snowflake_etl.quality.patterns import check_pattern
from snowflake_etl.quality.profile import Expectations, Rule, RuleKind, Thresholds
from snowflake_etl.quality.rule_sql import naming
from snowflake_etl.results import Severity
from snowflake_etl.sqltext import ColumnType, column_type, fold, quote


def expectations_of(
    entry: FileSection,
    quality: QualitySection,
    types: Mapping[str, ColumnType],
    *,
    days: Sequence[DayRange] = (),
    columns: Sequence[str] = (),
    not_null: Sequence[str] = (),
) -> Expectations:
    """Return the expectations of ``entry``: ``days`` that must have rows, ``columns`` that must exist,
    ``not_null`` those that must not be NULL in the target.
    ``types`` are the target's by stored name.  Without a date column no days are expected.  Raise ConfigError for an
    unknown calendar.
    """
    expected_days = tuple(days) if entry.date_column else ()
    calendar = calendar_of(entry, quality)
    return Expectations(
        days=expected_days,
        columns=tuple(columns),
        date_column=fold(entry.date_column) if entry.date_column else None,
        date_format=entry.date_format,
        timestamp_format=entry.timestamp_format,
        key_columns=tuple(fold(name) for name in entry.duplicate_key_columns),
        types=dict(types),
        null_values=entry.null_values,
        thresholds=Thresholds(
            normal_share=quality.normal_share,
            warning_share=quality.warning_share,
            error_share=quality.error_share,
            band_width=quality.band_width,
        ),
        closed_days=closed_days(calendar, expected_days) if calendar else frozenset(),
        only_open_days=bool(calendar and calendar.only_business_days),
        rules=(*map(rule_of, rules_of(entry, quality)), *_declared_rules(entry, not_null)),
        today=places.today(),
    )


def _declared_rules(entry: FileSection, not_null: Sequence[str]) -> list[Rule]:
    """Rules that the table itself enforces; NULLs in the key and in the date column are separate findings."""
    judged = {
        fold(name) for name in (*entry.duplicate_key_columns, *([entry.date_column] if entry.date_column else []))
    }
    return [
        Rule(RuleKind.NOT_NULL, f"{name} is declared NOT NULL", columns=(name,))
        for name in not_null
        if name not in judged
    ]


def rules_of(entry: FileSection, quality: QualitySection) -> list[RuleSection]:
    """The rules of the entry's table."""
    return [rule for rule in quality.rules if same_table(rule.table) == same_table(entry.table_name)]


def rule_of(section: RuleSection) -> Rule:
    """A rule in the form that the engines take."""
    kind = RuleKind(section.check)
    return Rule(
        kind=kind,
        name=section.title,
        severity=Severity(section.severity),
        columns=section.stored_columns,
        values=section.values,
        minimum=section.minimum,
        maximum=section.max_age_days if kind is RuleKind.FRESHNESS else section.maximum,
        pattern=section.pattern or "",
        condition=section.condition or "",
        said_at=section.said_at,
    )


def calendar_of(entry: FileSection, quality: QualitySection) -> CalendarSection | None:
    """The calendar of the entry's table; None if every day counts."""
    calendar = quality.calendar
    if calendar is None or not calendar.tables:
        return calendar
    wanted = {same_table(name) for name in calendar.tables}
    return calendar if same_table(entry.table_name) in wanted else None


def try_rules(entry: FileSection, quality: QualitySection) -> None:
    """Raise ConfigError for a rule or a calendar of the entry's table that no check could use.

    Columns and types are tried if the configuration has them (``create_table``).
    """
    types = {fold(name): column_type(text.removesuffix(" NOT NULL")) for name, text in entry.create_table.items()}
    if calendar := calendar_of(entry, quality):
        closed_days(calendar, (Month.of(places.today()).days(),))
    if types:
        expected = replace(expectations_of(entry, quality, types), date_column=None, key_columns=())
        plan = Plan(Layout("\t", None, True, tuple(quote(name) for name in types)), expected)
        plan.unique_rules, plan.newest_days  # noqa: B018 - both raise for what cannot be used
        return
    for rule in rules_of(entry, quality):
        with naming(rule_of(rule)):
            if rule.pattern:
                check_pattern(rule.pattern)
            if rule.condition:
                columns_of(rule.condition)
