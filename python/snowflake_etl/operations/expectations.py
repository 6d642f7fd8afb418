"""What the configuration expects of the rows of a table (floor 5): the one place where settings become expectations.

Loads, checks of files and checks of tables all ask here, so that each of them judges by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snowflake_etl.config.model import FileSection, QualitySection
from snowflake_etl.month import DayRange
from snowflake_etl.quality.profile import Expectations, Thresholds
from snowflake_etl.sqltext import ColumnType, fold


def expectations_of(
    entry: FileSection,
    quality: QualitySection,
    types: Mapping[str, ColumnType],
    *,
    days: Sequence[DayRange] = (),
    columns: Sequence[str] = (),
) -> Expectations:
    """Expectations of ``entry``: ``days`` that have to have rows, ``columns`` that have to be there.

    ``types`` are the target's by stored name.  Days without a date column are not expected of anybody.
    """
    return Expectations(
        days=tuple(days) if entry.date_column else (),
        columns=tuple(columns),
        date_column=fold(entry.date_column) if entry.date_column else None,
        date_format=entry.date_format,
        timestamp_format=entry.timestamp_format,
        key_columns=tuple(fold(name) for name in entry.duplicate_key_columns),
        types=dict(types),
        null_values=entry.null_values,
        thresholds=Thresholds(
            normal_share=quality.normal_share,
            warning_share=quality.warning_share,
            error_share=quality.error_share,
            band_width=quality.band_width,
        ),
    )
