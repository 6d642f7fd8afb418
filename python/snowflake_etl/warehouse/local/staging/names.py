"""Parses stage locations in statements: ``@db.schema.stage/path``, quoted or not, ``@~``, ``@%table`` (floor 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snowflake_etl.warehouse.local.sql_errors import SqlError, syntax_error
from snowflake_etl.warehouse.local.staging.stages import Stage, StageStore

_PART = r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)'
_LOCATION = re.compile(
    rf"@(?:(?P<user>~)|(?P<scope>(?:{_PART}\.){{0,2}})(?P<table>%?)(?P<name>{_PART}))(?:/(?P<path>.*))?", re.DOTALL
)
_NAME_PART = re.compile(_PART)


@dataclass(frozen=True)
class StageLocation:
    """A stage by its parts, not looked up yet, and the path after it (no leading slash)."""

    database: str
    schema: str
    name: str
    path: str

    @property
    def is_table(self) -> bool:
        return self.name.startswith("%")

    def find(self, store: StageStore, session: int) -> Stage:
        """The stage itself.  Raise SqlError when it does not exist."""
        if self.is_table or self.name == "~":
            return store.implicit(self.database, self.schema, self.name)
        return store.get(self.database, self.schema, self.name, session)


def read_location(text: str, database: str | None, schema: str | None) -> StageLocation:
    """Read a stage location, completed by the session's database and schema.  Raise SqlError for a bad one."""
    found = _LOCATION.fullmatch(text)
    if found is None:
        raise syntax_error(f"syntax error: '{text}' does not name a stage (@database.schema.stage/path).")
    path = re.sub(r"/{2,}", "/", found["path"] or "")
    if found["user"]:
        return StageLocation("", "", "~", path)
    scope = [identifier(part) for part in _NAME_PART.findall(found["scope"])]
    name = identifier(found["name"])
    full = complete((*scope, name), database, schema)
    return StageLocation(full[0], full[1], found["table"] + full[2], path)


def identifier(raw: str) -> str:
    """An identifier's meaning: as typed in quotes, else in upper case."""
    return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw.upper()


def complete(parts: tuple[str, ...], database: str | None, schema: str | None) -> tuple[str, str, str]:
    """An object's three-part name.  Raise SqlError if the session has no database or schema for it."""
    if len(parts) < 3 and not database:
        raise SqlError(
            "Cannot perform this statement. This session does not have a current database. "
            "Call 'USE DATABASE', or use a qualified name.",
            90105,
            "22000",
        )
    if len(parts) == 1 and not schema:
        raise SqlError(
            "Cannot perform this statement. This session does not have a current schema. "
            "Call 'USE SCHEMA', or use a qualified name.",
            90106,
            "22000",
        )
    scope = [database or "", schema or ""][: 3 - len(parts)]
    full = (*scope, *parts)
    return full[0], full[1], full[2]
