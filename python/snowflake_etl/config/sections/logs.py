"""``logs``: how the application log is written, and what is kept of logs, jobs, reports and history (floor 2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from snowflake_etl.config.sections.base import Section


class LogsSection(Section):
    """``logs``: how the application log is written, and what is kept of logs, jobs, reports and history.

    Nothing unfinished ever goes, and neither does the audit log.
    """

    format: Literal["text", "json"] = Field(
        "text",
        description="`json` writes one object per line, for programs, also into `log.jsonl` beside a job's "
        "`output.log`.",
        examples=["json"],
    )
    rotate_bytes: int = Field(
        10_000_000, ge=10_000, description="Size in bytes at which the log is rotated.", examples=[10_000_000]
    )
    rotate_days: int = Field(
        30, ge=1, description="Age of its first line, in days, at which the log is rotated.", examples=[30]
    )
    compress: bool = Field(True, description="Whether rotated logs are compressed with gzip.", examples=[False])
    keep_days: int = Field(
        90, ge=1, description="Days that old logs and ended jobs with their reports are kept.", examples=[90]
    )
    keep_history_days: int = Field(
        730,
        ge=30,
        description="Days that ended runs and checks stay in the history; what is normal for a weekday is learned "
        "from half a year of checks.",
        examples=[730],
    )
    keep_jobs: int = Field(5_000, ge=1, description="How many ended jobs are kept.", examples=[5_000])
    keep_bytes: int = Field(
        2_000_000_000,
        ge=1_000_000,
        description="Limit in bytes for old logs, ended jobs with their reports and the history together; the oldest "
        "are removed first.",
        examples=[1_000_000_000],
    )
    prune: bool = Field(
        True,
        description="Whether runs remove what is beyond these limits, once a day, when they end; `prune` does it at "
        "once.",
        examples=[False],
    )
