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

    Without ``country`` and ``market`` only weekends; ``tables`` () means all.  ``subdivision`` is a state, ``market``
    an exchange (both as the library ``holidays`` names them), ``closed`` are more days, as ISO dates.
    """

    country: Text | None = None
    subdivision: Text | None = None
    market: Text | None = None
    weekend: tuple[Weekday, ...] | None = None
    closed: tuple[date, ...] = ()
    only_business_days: bool = False
    tables: tuple[Text, ...] = ()

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

    normal_share: float = Field(0.10, ge=0, le=1)
    warning_share: float = Field(0.50, ge=0, le=1)
    error_share: float = Field(0.10, ge=0, le=1)
    band_width: float = Field(3.5, gt=0)
    memory_limit: int = Field(200 * 1024 * 1024, ge=64 * 1024 * 1024)
    temp_limit: int = Field(20 * 1024**3, ge=0)
    rules: tuple[RuleSection, ...] = ()
    calendar: CalendarSection | None = None

    @field_validator("rules", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value
