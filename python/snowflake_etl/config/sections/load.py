"""``load``: how files get into tables (floor 2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from snowflake_etl.config.sections.base import Section, Text, one_name


class LoadSection(Section):
    """``load``: how files get into tables."""

    work_schema: Text = Field(
        "ETL_WORK", description="Schema for the tools' stage, work tables, ledger and lock.", examples=["ETL_WORK"]
    )
    via: Literal["work_table", "direct"] = Field(
        "work_table",
        description="`direct` runs COPY into the target inside the publishing transaction, for roles that may not "
        "create tables: it cannot be resumed, and holds locks longer.",
        examples=["direct"],
    )
    stage: Literal["named", "user"] = Field(
        "named",
        description="`named` is the work schema's ETL_STAGE; `user` is your own stage `@~`, for when there is no "
        "named stage. Nobody else can see what is there, so no colleague can carry on with such a load.",
        examples=["user"],
    )
    warehouse: Text | None = Field(
        None,
        description="Warehouse for the sessions of loads instead of `snowflake.warehouse`; other commands do not use "
        "it.",
        examples=["LOAD_WH"],
    )
    keep_failed: int = Field(
        7,
        ge=0,
        description="Days that the staged parts of a failed load are kept; 0 removes them at once. What `--stage-only` "
        "or `--keep-staged` left on the stage stays until it is loaded or removed.",
        examples=[7],
    )
    lease_seconds: int = Field(
        300,
        ge=5,
        description="Seconds after which a run that went silent on another host may be taken over.",
        examples=[300],
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Threads that compress. By default one for each processor, fewer if `memory_limit` requires it.",
        examples=[4],
    )
    memory_limit: int = Field(
        500_000_000,
        ge=1,
        description="Bytes that one load may use in memory, its check of the file included; each of `--jobs N` loads "
        "has its own. Workers, sessions, what waits between them and the check's share follow from it; "
        "how a file is cut does not. Too small a limit is an error that names the least.",
        examples=[800_000_000],
    )
    lock_timeout: int = Field(
        900, ge=1, description="Seconds that a statement waits for a table's lock.", examples=[900]
    )
    statement_timeout: int = Field(
        86_400, ge=1, description="Seconds after which Snowflake ends a statement.", examples=[86_400]
    )
    queue_timeout: int | None = Field(
        None,
        ge=0,
        description="Seconds after which Snowflake ends a statement that still waits in the warehouse's queue; 0: "
        "never. Without it the account's own limit holds.",
        examples=[3600],
    )

    @field_validator("work_schema")
    @classmethod
    def _one_name(cls, value: str) -> str | None:
        return one_name(value)
