"""The shape of a whole configuration (floor 2): its sections stand in ``sections``, one module each.

A new section is a module there and a field here; reading, merging, ``ETL_*`` variables, ``config show`` and the JSON
Schema go by the fields.
"""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from snowflake_etl.config.sections.base import Section, Text
from snowflake_etl.config.sections.files import FileSection, same_table
from snowflake_etl.config.sections.load import LoadSection
from snowflake_etl.config.sections.logs import LogsSection
from snowflake_etl.config.sections.notify import NotifySection, TargetSection
from snowflake_etl.config.sections.quality import CalendarSection, QualitySection
from snowflake_etl.config.sections.rules import RuleSection
from snowflake_etl.config.sections.snowflake import SnowflakeSection

__all__ = [
    "CalendarSection",
    "Configuration",
    "FileSection",
    "LoadSection",
    "LogsSection",
    "NotifySection",
    "QualitySection",
    "RuleSection",
    "Section",
    "SnowflakeSection",
    "TargetSection",
    "same_table",
]


class Configuration(Section):
    """A whole configuration file."""

    snowflake: SnowflakeSection = SnowflakeSection()
    base_path: Text | None = Field(
        None,
        description="The folder with the files, relative to the folder of the configuration; files may also be in "
        "subfolders "
        "`YYYY-MM` or `MMYYYY` in it. Without it `--base-path` has to name one.",
        examples=["/data/incoming"],
    )
    files: tuple[FileSection, ...]
    load: LoadSection = LoadSection()
    quality: QualitySection = QualitySection()
    notify: NotifySection = NotifySection()
    logs: LogsSection = LogsSection()

    @field_validator("files", mode="before")
    @classmethod
    def _list_to_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("files")
    @classmethod
    def _at_least_one(cls, value: tuple[FileSection, ...]) -> tuple[FileSection, ...]:
        if not value:
            raise ValueError("the list is empty: name at least one file_pattern and its table_name")
        return value

    @model_validator(mode="after")
    def _rules_have_tables(self) -> Configuration:
        known = {same_table(entry.table_name): entry.table_name for entry in self.files}
        calendar = self.quality.calendar
        named = [(f"quality.rules[{place}].table", rule.table) for place, rule in enumerate(self.quality.rules)]
        named += [
            (f"quality.calendar.tables[{place}]", name)
            for place, name in enumerate(calendar.tables if calendar else ())
        ]
        named += [
            (f"notify.targets[{place}].tables[{number}]", name)
            for place, target in enumerate(self.notify.targets)
            for number, name in enumerate(target.tables)
        ]
        for where, name in named:
            if same_table(name) not in known:
                raise ValueError(f"{where}: '{name}' is no table of 'files' ({', '.join(known.values())})")
        return self
