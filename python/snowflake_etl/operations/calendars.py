"""Business days (floor 5): which of the claimed days need no rows, by country, market or weekday."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from snowflake_etl.config.model import CalendarSection
from snowflake_etl.errors import ConfigError
from snowflake_etl.month import DayRange

if TYPE_CHECKING:
    from holidays import HolidayBase

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SATURDAY_AND_SUNDAY = frozenset({5, 6})


def closed_days(calendar: CalendarSection, ranges: Iterable[DayRange]) -> frozenset[date]:
    """Return the days of ``ranges`` on which the calendar is closed.

    Raise ConfigError for a country, subdivision or market that the library does not know.
    """
    days = [day for days in ranges for day in days]
    holidays = _holidays(calendar, {day.year for day in days})
    weekend = _weekend(calendar, holidays)
    closed = set(calendar.closed)
    return frozenset(
        day for day in days if day.weekday() in weekend or day in closed or (holidays is not None and day in holidays)
    )


def _weekend(calendar: CalendarSection, holidays: HolidayBase | None) -> frozenset[int]:
    """The weekday numbers of the weekend, as configured, else as in the country."""
    if calendar.weekend is not None:
        return frozenset(_WEEKDAYS.index(name) for name in calendar.weekend)
    return frozenset(holidays.weekend) if holidays is not None else _SATURDAY_AND_SUNDAY


def _holidays(calendar: CalendarSection, years: set[int]) -> HolidayBase | None:
    if not (calendar.country or calendar.market):
        return None
    import holidays

    try:
        if calendar.market:
            return holidays.financial_holidays(calendar.market.upper(), years=years)
        return holidays.country_holidays(str(calendar.country).upper(), subdiv=calendar.subdivision, years=years)
    except NotImplementedError:
        raise ConfigError(_unknown(calendar)) from None


def _unknown(calendar: CalendarSection) -> str:
    import holidays

    if calendar.market:
        known = ", ".join(sorted(holidays.list_supported_financial(include_aliases=False)))
        return f"quality.calendar.market is {calendar.market!a}, which is not known. Known: {known}."
    countries = holidays.list_supported_countries(include_aliases=False)
    code = str(calendar.country).upper()
    if code in countries and calendar.subdivision:
        known = ", ".join(countries[code]) or "none"
        return f"quality.calendar.subdivision {calendar.subdivision!a} is not one of {code}. Known: {known}."
    return (
        f"quality.calendar.country is {calendar.country!a}, which is not known. "
        "Write the two letters of ISO 3166, for example US or DE."
    )
