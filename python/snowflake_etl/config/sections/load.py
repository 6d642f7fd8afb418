"""``load``: how files get into tables (floor 2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from snowflake_etl.config.sections.base import Section, Text


class LoadSection(Section):
    """``load``: how files get into tables.

    ``warehouse`` is used by the sessions of loads instead of ``snowflake.warehouse``; ``stage: user`` sends parts
    to the user's own stage, where no colleague can carry the load on.
    ``keep_failed`` is for how many days the parts of a failed load stay on the stage; the time-outs are in seconds;
    ``memory_limit`` is what the process of one load may use, in bytes, its check of the file included.
    """

    work_schema: Text = "ETL_WORK"
    via: Literal["work_table", "direct"] = "work_table"
    stage: Literal["named", "user"] = "named"
    warehouse: Text | None = None
    keep_failed: int = Field(7, ge=0)
    lease_seconds: int = Field(300, ge=5)
    workers: int | None = Field(None, ge=1, le=64)
    memory_limit: int = Field(500_000_000, ge=1)
    lock_timeout: int = Field(900, ge=1)
    statement_timeout: int = Field(86_400, ge=1)
