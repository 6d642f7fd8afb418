"""``notify``: who is told of what, and when (floor 2)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import time
from typing import Literal

from pydantic import Field, field_validator, model_validator

from snowflake_etl.config.secret import Secret
from snowflake_etl.config.sections.base import Section, Text

Occasion = Literal["failure", "problems", "recovery", "silence", "refused", "success"]
USUAL_OCCASIONS: tuple[Occasion, ...] = ("failure", "problems", "recovery", "silence")
_HOURS = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]")


class TargetSection(Section):
    """One entry of ``notify.targets``: an address, and what is sent there."""

    url: Secret = Field(
        description="The address, in the form of the library apprise, such as `mailtos://`, `slack://` or `jsons://`.",
        examples=["${secret:mail}"],
    )
    name: Text | None = Field(
        None,
        description="The name of the target in the log and in `notify test --target`. By default `target 1`, `target "
        "2` and so on.",
        examples=["team"],
    )
    on: tuple[Occasion, ...] = Field(
        USUAL_OCCASIONS,
        description="What to notify it of: `failure`, `problems`, `recovery`, `silence`, `refused`, `success`.",
        examples=[["failure", "recovery"]],
    )
    tables: tuple[Text, ...] = Field(
        (), description="Only notices of these tables; empty: of all.", examples=[["ORDERS"]]
    )
    quiet_hours: Text | None = Field(
        None,
        description="Hours of this host's clock in which notices are held back; the first run or `notify retry` "
        "afterwards sends them.",
        examples=["22:00-06:00"],
    )
    data_rows: bool = Field(
        False,
        description="Whether notices may contain values of your data: errors as they are, and the first wrong values.",
        examples=[True],
    )

    @field_validator("on", "tables", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("quiet_hours")
    @classmethod
    def _two_times(cls, value: str | None) -> str | None:
        if value is not None and not _HOURS.fullmatch(value):
            raise ValueError(f"'{value}' is no span of hours; write it as 22:00-06:00")
        return value

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: Secret) -> Secret:
        # The address itself is a secret and must not be shown.
        if value.reference is None and "://" not in value.as_written:
            raise ValueError("this is no address such as mailtos://USER:PASSWORD@HOST?to=NAME or slack://TOKENS")
        return value

    def is_quiet(self, now: time) -> bool:
        """Whether the time is within the quiet hours, excluding their end."""
        match = _HOURS.fullmatch(self.quiet_hours or "")
        if match is None:
            return False
        first, last = (time.fromisoformat(text) for text in match[0].split("-"))
        return first <= now < last if first <= last else now >= first or now < last


class NotifySection(Section):
    """``notify``: who is told of failures, problems, recoveries and long silence."""

    targets: tuple[TargetSection, ...] = ()
    silence_days: int = Field(
        35, ge=1, description="Days without a load after which a table counts as silent.", examples=[35]
    )
    throttle_minutes: int = Field(
        60,
        ge=0,
        description="Minutes after which the same notice (result, table, month and error) is sent again; the next "
        "one says how many were held back.",
        examples=[60],
    )
    log_lines: int = Field(20, ge=0, le=200, description="Lines of the log at the end of a notice.", examples=[20])
    keep_days: int = Field(
        14, ge=1, description="Days after which a notice that could not be sent is given up.", examples=[14]
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _names_differ(self) -> NotifySection:
        for name, count in Counter(name for name, _ in self.named).items():
            if count > 1:
                raise ValueError(f"{count} targets are called '{name}'; give each a name of its own")
        return self

    @property
    def untold(self) -> tuple[str, ...]:
        """A warning for each target that lacks its address: a run continues, and its notices wait for the address."""
        return tuple(
            f"Notices to '{name}' are kept and not sent: {target.url.reference[1]}."
            for name, target in self.named
            if target.url.reference and target.url.reference[0] == "lacking"
        )

    @property
    def named(self) -> tuple[tuple[str, TargetSection], ...]:
        """Every target with its name; one without is named by its position, ``target 1``."""
        return tuple((target.name or f"target {place}", target) for place, target in enumerate(self.targets, 1))
