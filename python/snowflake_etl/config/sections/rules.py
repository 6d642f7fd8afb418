"""``quality.rules``: what the rows of a table have to be, beyond the built-in checks (floor 2)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from snowflake_etl.config.sections.base import Section, Text
from snowflake_etl.errors import UsageError
from snowflake_etl.sqltext import fold

# What each kind of rule needs; of a tuple, one or both.
_NEEDED_BY_RULES: dict[str, tuple[tuple[str, ...], ...]] = {
    "not_null": (("column",),),
    "unique": (("column", "columns"),),
    "accepted_values": (("column",), ("values",)),
    "range": (("column",), ("minimum", "maximum")),
    "regex": (("column",), ("pattern",)),
    "max_length": (("column",), ("maximum",)),
    "row_count": (("minimum", "maximum"),),
    "freshness": (("max_age_days",),),
    "condition": (("condition",),),
}
_OPTIONAL_FOR_RULES = {"freshness": ("column",)}
Limit = int | float | str


def _limit(value: object) -> Limit:
    """A limit or accepted value; YAML's dates become ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value != value:
        raise ValueError(f"{value!r} is neither a number nor a text nor a date (YYYY-MM-DD)")
    return value


class RuleSection(Section):
    """One entry of ``quality.rules``: a condition that the rows of a table have to meet, beyond the built-in checks."""

    table: Text = Field(description="A `table_name` of `files`.", examples=["ORDERS"])
    check: Literal[
        "not_null",
        "unique",
        "accepted_values",
        "range",
        "regex",
        "max_length",
        "row_count",
        "freshness",
        "condition",
    ] = Field(
        description="What to check. It decides which of the other keys are needed; a NULL breaks `not_null` and "
        "nothing else, as in SQL's CHECK.",
        examples=["range"],
    )
    name: Text | None = Field(
        None,
        description="The name of the rule in findings; by default the check and its columns.",
        examples=["net and gross"],
    )
    severity: Literal["error", "warning", "info"] = Field(
        "error",
        description="How bad a broken rule is: an error stops a publish, a warning only with `--strict`.",
        examples=["warning"],
    )
    column: Text | None = Field(
        None,
        description="The column, for all checks but `row_count` and `condition`; by default `freshness` takes "
        "`date_column`.",
        examples=["PRICE"],
    )
    columns: tuple[Text, ...] = Field(
        (), description="For `unique`: several columns together.", examples=[["ORDER_ID", "LINE"]]
    )
    values: tuple[Limit, ...] = Field(
        (),
        description="For `accepted_values`: texts, numbers or ISO dates, according to the column's type.",
        examples=[["open", "paid"]],
    )
    minimum: Limit | None = Field(
        None,
        description="For `range` the smallest value allowed (a number, text or ISO date), for `row_count` the "
        "smallest number of rows.",
        examples=[0],
    )
    maximum: Limit | None = Field(
        None,
        description="For `range` the greatest value allowed, for `row_count` the greatest number of rows, for "
        "`max_length` the greatest number of characters.",
        examples=[200],
    )
    pattern: Text | None = Field(
        None,
        description="For `regex`: the whole value has to match. Plain groups, classes, repetitions, `\\d \\w \\s`; no "
        "`(?...)`, no lazy repetition, no back reference.",
        examples=["[A-Z]{2}[0-9]+"],
    )
    max_age_days: int | None = Field(
        None,
        ge=0,
        description="For `freshness`: how old the newest day may be, counted from today, or from the last claimed "
        "day if that is earlier.",
        examples=[3],
    )
    condition: Text | None = Field(
        None,
        description="For `condition`: one SQL expression that is true for a good row, see "
        "[conditions](configuration.md#conditions).",
        examples=["NET <= GROSS"],
    )
    _said_at: str = PrivateAttr("")

    @property
    def said_at(self) -> str:
        """The file with the rule and its place there; "" for a rule from no file."""
        return self._said_at

    def set_said_at(self, words: str) -> None:
        self._said_at = words

    @field_validator("columns", "values", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("values", mode="before")
    @classmethod
    def _known_values(cls, value: object) -> object:
        return tuple(map(_limit, value)) if isinstance(value, list | tuple) else value

    @field_validator("minimum", "maximum", mode="before")
    @classmethod
    def _known_limit(cls, value: object) -> object:
        return None if value is None else _limit(value)

    @model_validator(mode="after")
    def _keys_fit_the_check(self) -> RuleSection:
        needed = _NEEDED_BY_RULES[self.check]
        for choices in needed:
            if not any(self._has(key) for key in choices):
                raise ValueError(f"a rule with check '{self.check}' needs {' or '.join(map(repr, choices))}")
        allowed = {key for choices in needed for key in choices} | set(_OPTIONAL_FOR_RULES.get(self.check, ()))
        for key in ("column", "columns", "values", "minimum", "maximum", "pattern", "max_age_days", "condition"):
            if self._has(key) and key not in allowed:
                raise ValueError(f"a rule with check '{self.check}' has no '{key}'")
        counts = (self.minimum, self.maximum) if self.check in ("row_count", "max_length") else ()
        if any(limit is not None and not (isinstance(limit, int) and limit >= 0) for limit in counts):
            raise ValueError(f"'minimum' and 'maximum' of '{self.check}' are whole numbers from 0")
        least, most = self.minimum, self.maximum
        # Texts may stand for numbers in the column: only numbers are compared with each other.
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise ValueError(f"'minimum' is above 'maximum' ({least} and {most}), which no value fulfils")
        try:
            self.stored_columns  # noqa: B018 - raises for what is no name
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def stored_columns(self) -> tuple[str, ...]:
        """The columns as stored names; () for a condition, which names its own."""
        return tuple(fold(name) for name in (*((self.column,) if self.column else ()), *self.columns))

    @property
    def title(self) -> str:
        """What findings call the rule."""
        return self.name or self.condition or " ".join((self.check, *self.stored_columns))

    def _has(self, key: str) -> bool:
        return getattr(self, key) not in (None, ())
