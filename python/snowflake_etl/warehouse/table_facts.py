"""What SHOW says about one table (floor 3): kind, owner, size, Time Travel, its grants, and its namesakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snowflake_etl.sqltext import ObjectName, literal, quote
from snowflake_etl.warehouse import table_kind
from snowflake_etl.warehouse.session import Session

_ACCOUNT_ROLE = "ROLE"
_EVERYTHING = "OWNERSHIP"


@dataclass(frozen=True)
class TableFacts:
    """A row of SHOW TABLES or SHOW VIEWS; missing values are "" or None.
    ``kind`` includes its article and is "a table" for an ordinary one.  ``bytes`` is None if not reported.
    """

    kind: str
    owner: str = ""
    created: str = ""
    bytes: int | None = None
    clustered_by: str = ""
    retention_days: int | None = None
    comment: str = ""

    @property
    def is_table(self) -> bool:
        return self.kind in ("a table", "a transient table", "a temporary table")


@dataclass(frozen=True)
class Namesake:
    """Another table or view with that name; ``kind`` is TABLE or VIEW."""

    name: ObjectName
    kind: str
    owner: str


@dataclass(frozen=True)
class Grants:
    """What a role may do with one object; ``kind`` is ROLE, DATABASE_ROLE, SHARE, ..."""

    role: str
    kind: str
    privileges: tuple[str, ...]


def facts_of(session: Session, name: ObjectName) -> TableFacts | None:
    """What SHOW lists under exactly that name, None if it lists nothing."""
    place = f"LIKE {literal(name.name)} IN SCHEMA {quote(name.database)}.{quote(name.schema)}"
    for record in session.records(f"SHOW TABLES {place}"):
        if record["name"] == name.name:
            return _table_facts(record)
    for record in session.records(f"SHOW VIEWS {place}"):
        if record["name"] == name.name:
            materialized = str(record.get("is_materialized", "")).upper() in ("Y", "YES", "TRUE")
            return _facts("a materialized view" if materialized else "a view", record)
    return None


def _table_facts(record: Mapping[str, Any]) -> TableFacts:
    kind = str(record.get("kind") or "TABLE").lower()
    ordinary = "a table" if kind == "table" else f"a {kind} table"
    return _facts(table_kind.special_table(record) or ordinary, record)


def _facts(kind: str, record: Mapping[str, Any]) -> TableFacts:
    size, retention = record.get("bytes"), record.get("retention_time")
    created = str(record.get("created_on") or "")
    return TableFacts(
        kind=kind,
        owner=str(record.get("owner") or ""),
        created="" if created.startswith("1970-01-01") else created[:19],
        bytes=int(size) if size else None,
        clustered_by=str(record.get("cluster_by") or ""),
        retention_days=int(str(retention)) if str(retention).isdigit() else None,
        comment=str(record.get("comment") or ""),
    )


def namesakes(session: Session, name: ObjectName) -> list[Namesake]:
    """Tables and views with that name, in any case, in other schemas of the account that the role may see."""
    found = []
    for kind in ("TABLE", "VIEW"):
        # In LIKE, _ matches any character, and case is ignored.
        for record in session.records(f"SHOW {kind}S LIKE {literal(name.name)} IN ACCOUNT"):
            other = ObjectName(str(record["database_name"]), str(record["schema_name"]), str(record["name"]))
            if other != name and other.name.upper() == name.name.upper():
                found.append(Namesake(other, kind, str(record.get("owner") or "")))
    return sorted(found, key=lambda one: one.name)


def grants_on(session: Session, name: ObjectName, kind: str, wanted: Collection[str]) -> list[Grants]:
    """Who has which of the ``wanted`` privileges on a table or view (``kind``), OWNERSHIP first."""
    privileges: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in session.records(f"SHOW GRANTS ON {kind} {name.sql}"):
        privilege = str(record["privilege"]).upper()
        if privilege in wanted or privilege == _EVERYTHING:
            privileges[str(record["grantee_name"]), str(record["granted_to"]).upper()].add(privilege)
    found = [Grants(role, to, tuple(sorted(names))) for (role, to), names in privileges.items()]
    return sorted(found, key=lambda one: (_EVERYTHING not in one.privileges, one.role))


def roles_in_session(session: Session, grants: Sequence[Grants]) -> set[str]:
    """Those of the account roles in the grants whose privileges the session has, including by inheritance."""
    roles = sorted({one.role for one in grants if one.kind == _ACCOUNT_ROLE})
    if not roles:
        return set()
    asked = ", ".join(f"IS_ROLE_IN_SESSION({literal(role)})" for role in roles)
    return {role for role, there in zip(roles, session.query(f"SELECT {asked}")[0], strict=True) if there}


def lacking(grants: Sequence[Grants], roles: Collection[str], needed: Sequence[str]) -> list[str]:
    """Which of the ``needed`` privileges none of the session's ``roles`` has.

    Privileges of database roles count as held: whether those are in the session cannot be asked by their full name.
    """
    had = {
        privilege
        for one in grants
        if one.kind == "DATABASE_ROLE" or (one.kind == _ACCOUNT_ROLE and one.role in roles)
        for privilege in one.privileges
    }
    return [] if _EVERYTHING in had else [privilege for privilege in needed if privilege not in had]
