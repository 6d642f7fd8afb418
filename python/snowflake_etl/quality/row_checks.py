"""Checks of layout, values and keys (floor 4, pure functions: profile + expectations -> findings)."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.plural import counted
from snowflake_etl.quality.names import stored
from snowflake_etl.quality.profile import Expectations, Lines, Profile, Reason
from snowflake_etl.quality.wording import examples_of, shown, unlisted, unlisted_of, value_samples
from snowflake_etl.results import Finding, Severity

# Percent of excess rows, rows of one key: exceeding either gives the grade.
_GRADES = (("CRITICAL", 10.0, 100), ("HIGH", 5.0, 50), ("MEDIUM", 1.0, 10))

_FAULTS = (
    ("nul_bytes", Severity.ERROR, "NUL bytes", "They end texts early; have the file made again."),
    ("invalid_encoding", Severity.ERROR, "bytes that are not of the encoding", "Set 'encoding' to the file's own."),
    (
        "unbalanced_quotes",
        Severity.ERROR,
        "a quote that opens and does not close as it should",
        "Double quotes inside values, or configure no quote_char where a quote is an ordinary character.",
    ),
    ("long_lines", Severity.ERROR, "more than 2,000,000 bytes", "Look whether line ends are missing."),
    (
        "carriage_returns",
        Severity.WARNING,
        "another line end than the file's, or a carriage return inside",
        "It becomes part of a value, or of nothing; have the line endings made the same everywhere.",
    ),
)


def columns_differ(profile: Profile, expectations: Expectations) -> Iterator[Finding]:
    """Missing and unexpected columns, by name."""
    if not expectations.columns:
        return
    wanted = set(expectations.columns)
    found = {stored(name, wanted) for name in profile.columns}
    if found == wanted and len(profile.columns) == len(expectations.columns):
        return
    missing, unknown = sorted(map(shown, wanted - found)), sorted(map(shown, found - wanted))
    parts = [f"missing: {', '.join(missing)}"] if missing else []
    parts += [f"not expected: {', '.join(unknown)}"] if unknown else []
    yield Finding(
        "columns_differ",
        Severity.ERROR,
        f"{shown(profile.subject)} has {counted(len(profile.columns), 'column')} where {len(expectations.columns)} are "
        f"expected ({'; '.join(parts) or 'a name stands there twice'}). Correct expected_columns or the file's header.",
        {"found": len(profile.columns), "expected": len(expectations.columns)},
        (*(f"missing {name}" for name in missing), *(f"not expected {name}" for name in unknown)),
    )


def ragged_rows(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Rows that have too few or too many columns."""
    layout = profile.layout
    if layout is None or not layout.ragged_rows:
        return
    samples = []
    for ragged in layout.ragged:
        found = "blank" if ragged.found == 0 else counted(ragged.found, "column")
        samples += [(first, f"line {text}: {found}") for (first, _), text in _places(ragged.lines)]
    found_counts = ", ".join(
        f"{rows.lines.count:,} {'blank' if not rows.found else f'with {rows.found}'}" for rows in layout.ragged
    )
    yield Finding(
        "ragged_rows",
        Severity.ERROR,
        f"{counted(layout.ragged_rows, 'row')} without the {layout.expected_columns} columns expected "
        f"({found_counts}), first at line {min(rows.lines.first for rows in layout.ragged):,}. "
        "Look for delimiters or line ends inside values.",
        {"rows": layout.ragged_rows, "expected_columns": layout.expected_columns}
        | unlisted(layout.ragged_rows, *(rows.lines for rows in layout.ragged)),
        tuple(text for _, text in sorted(samples)),
    )


def byte_faults(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """What is wrong with the bytes, one finding per kind."""
    if profile.layout is None:
        return
    for code, severity, what, advice in _FAULTS:
        lines: Lines = getattr(profile.layout, code)
        if lines.count:
            yield Finding(
                code,
                severity,
                f"{counted(lines.count, 'line')} with {what}, first line {lines.first:,}. {advice}",
                {"lines": lines.count, "first_line": lines.first} | unlisted(lines.count, lines),
                tuple(f"line {text}" for text in lines.texts),
            )


def values_do_not_cast(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Values that are not of the target column's type."""
    for bad in profile.bad_values:
        if bad.reason is Reason.TYPE:
            yield Finding(
                "values_do_not_cast",
                Severity.ERROR,
                f"{counted(bad.rows, 'value')} of {shown(bad.column)} that cannot be {bad.wanted}: "
                f"{_first_values(bad.values)}. "
                "Correct this at the source, or add what stands for NULL to null_values.",
                {"rows": bad.rows, "column": bad.column, "type": bad.wanted, **unlisted_of(bad)},
                value_samples(bad.values, bad.lines.texts if bad.lines else ()),
                examples_of(bad.examples, bad.values),
            )


def values_too_long(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Texts longer than the target column."""
    longest = {column.name: column.longest or 0 for column in profile.column_profiles}
    for bad in profile.bad_values:
        if bad.reason is Reason.LENGTH:
            yield Finding(
                "values_too_long",
                Severity.ERROR,
                f"{counted(bad.rows, 'value')} of {shown(bad.column)} too long for {bad.wanted}: the longest has "
                f"{counted(longest.get(bad.column, 0), 'character')}. "
                "Widen the column, or shorten the values at the source.",
                {
                    "rows": bad.rows,
                    "column": bad.column,
                    "type": bad.wanted,
                    "longest": longest.get(bad.column, 0),
                    **unlisted_of(bad),
                },
                value_samples(bad.values, bad.lines.texts if bad.lines else ()),
                examples_of(bad.examples, bad.values),
            )


def duplicate_keys(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Keys in more than one row; the grade says how bad it is."""
    found = profile.duplicates
    if found is None or not found.excess:
        return
    most = found.worst[0][1] if found.worst else 0
    percent = 100.0 * found.excess / profile.rows
    grade = duplicate_grade(percent, most)
    worst = (
        f"; the worst is {_key_text(found.key, found.worst[0][0])} with {counted(most, 'row')}" if found.worst else ""
    )
    yield Finding(
        "duplicate_keys",
        Severity.ERROR,
        f"{grade}: {counted(found.groups, 'key')} ({', '.join(map(shown, found.key))}) in more than one row, "
        f"{counted(found.excess, 'row')} ({percent:.2f}%) too many{worst}. "
        "Find out which rows are right before anything is loaded.",
        {
            "keys": found.groups,
            "excess_rows": found.excess,
            "percent": round(percent, 4),
            "most_of_one_key": most,
            "grade": grade,
        },
        tuple(f"{_key_text(found.key, key)}: {counted(rows, 'row')}" for key, rows in found.worst),
    )


def null_keys(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """NULLs in the declared key."""
    found = profile.duplicates
    if found is not None and found.null_rows:
        yield Finding(
            "null_keys",
            Severity.ERROR,
            f"{counted(found.null_rows, 'row')} with a NULL in the key ({', '.join(map(shown, found.key))}). "
            "Correct this at the source, or declare another key.",
            {"rows": found.null_rows},
            tuple(f"line {text}" for text in found.null_lines.texts) if found.null_lines else (),
        )


def not_checked(profile: Profile, _: Expectations) -> Iterator[Finding]:
    """Report what was not checked."""
    for each in profile.not_checked:
        yield Finding(f"not_checked_{each.what}", Severity.INFO, each.why)


def duplicate_grade(percent: float, most_of_one_key: int) -> str:
    """CRITICAL, HIGH, MEDIUM or LOW: by the percentage of excess rows, or by the rows of one key."""
    for grade, share, rows in _GRADES:
        if percent > share or most_of_one_key > rows:
            return grade
    return "LOW"


def _places(lines: Lines) -> zip[tuple[tuple[int, int], str]]:
    return zip(lines.runs, lines.texts, strict=True)


def _first_values(values: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{value!a} ({rows:,})" for value, rows in values[:3])


def _key_text(columns: tuple[str, ...], values: tuple[str, ...]) -> str:
    return ", ".join(f"{shown(column)}={shown(value)}" for column, value in zip(columns, values, strict=True))
