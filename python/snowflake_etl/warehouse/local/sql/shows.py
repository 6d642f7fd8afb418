"""SHOW statements that fakesnow does not know, and the objects that the embedded warehouse never has (floor 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from snowflake_etl.warehouse.local.answers import Answer, Column
from snowflake_etl.warehouse.local.sql.words import Words, split_words
from snowflake_etl.warehouse.local.sql_errors import unsupported
from snowflake_etl.warehouse.local.staging.names import complete
from snowflake_etl.warehouse.local.staging.statements import show_stages

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_OWNED = "created_on name database_name schema_name owner comment"
# Objects that never exist here: no rows, with the columns that are read.
_EMPTY: dict[tuple[str, ...], str] = {
    ("STREAMS",): f"{_OWNED} table_name source_type base_tables type stale mode stale_after",
    ("DYNAMIC", "TABLES"): f"{_OWNED} cluster_by rows bytes target_lag refresh_mode warehouse text",
    ("MATERIALIZED", "VIEWS"): f"{_OWNED} source_database_name source_schema_name source_table_name text",
    ("EXTERNAL", "TABLES"): f"{_OWNED} invalid location file_format_name file_format_type",
    ("ICEBERG", "TABLES"): f"{_OWNED} external_volume_name catalog_name",
    ("HYBRID", "TABLES"): f"{_OWNED} rows bytes",
    ("PIPES",): f"{_OWNED} definition notification_channel",
    ("TASKS",): f"{_OWNED} id warehouse schedule state definition",
    ("MASKING", "POLICIES"): f"{_OWNED} kind",
    ("ROW", "ACCESS", "POLICIES"): f"{_OWNED} kind",
    ("TRANSACTIONS",): "id user session name started_on state scope",
    ("LOCKS",): "resource type transaction transaction_started_on status acquired_on query_id session",
}
_GRANT_COLUMNS = "created_on privilege granted_on name granted_to grantee_name grant_option granted_by"


def show(session: Session, sql: str) -> Answer | None:
    """Answer a SHOW statement that we handle; None leaves it to fakesnow."""
    words = Words(split_words(sql))
    words.take_name("SHOW")
    words.skip_name("TERSE")
    if words.skip_name("PARAMETERS"):
        return _parameters(session, words)
    if words.skip_name("STAGES"):
        like = _like(words)
        return show_stages(session, like, _scope(session, words))
    if words.skip_name("GRANTS"):
        return _grants(session, words)
    for names, columns in _EMPTY.items():
        if words.skip_phrase(*names):
            return Answer([Column(name) for name in columns.split()])
    return None


def _parameters(session: Session, words: Words) -> Answer:
    like = _like(words)
    if words.skip_name("IN", "FOR"):
        words.take_name("SESSION", "ACCOUNT", "USER")
    rows = [row for row in session.parameters.show() if like is None or like.fullmatch(row[0])]
    return Answer([Column(name) for name in ("key", "value", "default", "level", "description", "type")], list(rows))


def _grants(session: Session, words: Words) -> Answer:
    """The one role owns everything."""
    kind, name = "ACCOUNT", "LOCAL"
    if words.skip_name("ON") and not words.skip_name("ACCOUNT"):
        kind = words.take_name("TABLE", "VIEW", "SCHEMA", "DATABASE", "STAGE", "WAREHOUSE").value.upper()
        name = ".".join(words.take_object_name())
    row = ("", "OWNERSHIP", kind, name, "ROLE", session.role, "true", "")
    return Answer([Column(name) for name in _GRANT_COLUMNS.split()], [row])


def _like(words: Words) -> re.Pattern[str] | None:
    return like_pattern(words.take_text()) if words.skip_name("LIKE") else None


def like_pattern(text: str) -> re.Pattern[str]:
    """SQL's LIKE as a regular expression, case ignored as SHOW does."""
    parts = [".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in text]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _scope(session: Session, words: Words) -> tuple[str, ...]:
    if not words.skip_name("IN"):
        return tuple(part for part in (session.database, session.schema) if part)
    if words.skip_name("ACCOUNT"):
        return ()
    if words.skip_name("DATABASE"):
        return words.take_object_name() if not words.done else (session.database or "",)
    words.skip_name("SCHEMA")
    if words.done:
        return (session.database or "", session.schema or "")
    return complete((*words.take_object_name(), ""), session.database, session.schema)[:2]


POLICY_COLUMNS = [
    "POLICY_DB",
    "POLICY_SCHEMA",
    "POLICY_NAME",
    "POLICY_KIND",
    "REF_DATABASE_NAME",
    "REF_SCHEMA_NAME",
    "REF_ENTITY_NAME",
    "REF_ENTITY_DOMAIN",
    "REF_COLUMN_NAME",
    "REF_ARG_COLUMN_NAMES",
    "TAG_DATABASE",
    "TAG_SCHEMA",
    "TAG_NAME",
    "POLICY_STATUS",
]

Handler = Callable[["Session", str], Answer]


def refuse(session: Session, sql: str) -> Answer:  # noqa: ARG001 - the shape of every handler
    """Refuse a statement that Snowflake knows but the embedded warehouse does not."""
    raise unsupported(" ".join(sql.split()[:2]))
