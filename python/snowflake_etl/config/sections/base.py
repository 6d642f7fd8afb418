"""What every section of a configuration is made of (floor 2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1)]
OneCharacter = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values are never silently converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def one_name(value: str | None) -> str | None:
    """The value, if it is the name of one thing.  Raise ValueError for ``DATABASE.SCHEMA``, which would be taken as
    a single name.
    """
    if value is not None and "." in value and '"' not in value:
        raise ValueError(f"'{value}' is several names; write one alone, the database in snowflake.database")
    return value
