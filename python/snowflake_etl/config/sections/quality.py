"""``quality``: thresholds of the checks, rules and calendar (floor 2)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from snowflake_etl.config.sections.base import Section, Text
from snowflake_etl.config.sections.rules import RuleSection

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CalendarSection(Section):
    """``quality.calendar``: which days need no rows, because nothing happens on them.

    Without ``country`` and ``market`` only weekends.
    """

    country: Text | None = Field(
        None,
        description="Public holidays and weekend of a country. Without it and `market`, only weekends are closed.",
        examples=["US"],
    )
    subdivision: Text | None = Field(
        None, description="A state of the country, with its own holidays.", examples=["NY"]
    )
    market: Text | None = Field(
        None, description="Closed days of an exchange instead of a country's.", examples=["NYSE"]
    )
    weekend: tuple[Weekday, ...] | None = Field(
        None,
        description="The days of the weekend. By default the country's, otherwise Saturday and Sunday.",
        examples=[["friday", "saturday"]],
    )
    closed: tuple[date, ...] = Field((), description="More closed days, as ISO dates.", examples=[["2024-12-24"]])
    only_business_days: bool = Field(False, description="true makes rows on closed days an error.", examples=[True])
    tables: tuple[Text, ...] = Field(
        (), description="The tables that the calendar applies to; by default all.", examples=[["ORDERS"]]
    )

    @field_validator("weekend", "tables", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("closed", mode="before")
    @classmethod
    def _dates(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        try:
            return tuple(day if isinstance(day, date) else date.fromisoformat(str(day)) for day in value)
        except ValueError as error:
            raise ValueError(f"{error}; write days as YYYY-MM-DD") from error

    @model_validator(mode="after")
    def _one_source(self) -> CalendarSection:
        if self.country and self.market:
            raise ValueError("give either 'country' or 'market', not both")
        if self.subdivision and not self.country:
            raise ValueError("'subdivision' goes with 'country'")
        return self


class QualitySection(Section):
    """``quality``: thresholds of the checks, rules and calendar; shares are between 0 and 1, limits are in bytes."""

    normal_share: float = Field(
        0.10, ge=0, le=1, description="A day within this share of the expected one is never a finding.", examples=[0.2]
    )
    warning_share: float = Field(
        0.50, ge=0, le=1, description="A day below this share of the expected one is a warning.", examples=[0.6]
    )
    error_share: float = Field(
        0.10, ge=0, le=1, description="A day below this share of the expected one is an error.", examples=[0.2]
    )
    band_width: float = Field(
        3.5,
        gt=0,
        description="Width of the robust band around the median, in scaled median absolute deviations; a day outside "
        "is a warning.",
        examples=[5.0],
    )
    memory_limit: int = Field(
        200 * 1024 * 1024,
        ge=64 * 1024 * 1024,
        description="Bytes that the check of a file may use in memory; beside a load at most what `load.memory_limit` "
        "leaves.",
        examples=[536_870_912],
    )
    temp_limit: int = Field(
        20 * 1024**3,
        ge=0,
        description="Bytes that the check of a file may use on disk, in the state folder.",
        examples=[5_368_709_120],
    )
    rules: tuple[RuleSection, ...] = ()
    calendar: CalendarSection | None = None

    @field_validator("rules", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value
