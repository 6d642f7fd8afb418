"""Replaces functions about the session in a statement by their values (floor 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

ACCOUNT = "LOCAL"
REGION = "LOCAL"
VERSION = "9.99.0"


def put_session_values(statement: Expr, session: Session) -> None:
    """Replace CURRENT_WAREHOUSE(), LAST_QUERY_ID() and their like by their values."""
    for node in list(statement.find_all(exp.Func)):
        if isinstance(node, exp.Anonymous) and node.name.upper() == "IS_ROLE_IN_SESSION":
            # There is one role, which inherits from no other.
            node.replace(exp.EQ(this=node.expressions[0], expression=exp.Literal.string(session.role)))
            continue
        found = session_value(node, session)
        if found is None:
            continue
        value = exp.Literal.string(found) if found else exp.Null()
        parent = node.parent
        if isinstance(parent, exp.Select) and node in parent.expressions:
            node.replace(exp.alias_(value, node.sql(dialect="snowflake").upper(), quoted=True))
        else:
            node.replace(value)


def session_value(node: Expr, session: Session) -> str | None:
    """The value of a function about the session; an empty text for NULL, None for any other function."""
    name = (
        node.name.upper() if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else ""
    )
    match name:
        case "CURRENT_WAREHOUSE":
            return session.warehouse
        case "CURRENT_ROLE":
            return session.role
        case "CURRENT_USER":
            return session.user
        case "CURRENT_SESSION":
            return str(session.id)
        case "CURRENT_ACCOUNT" | "CURRENT_ACCOUNT_NAME" | "CURRENT_ORGANIZATION_NAME":
            return ACCOUNT
        case "CURRENT_REGION":
            return REGION
        case "CURRENT_VERSION":
            return VERSION
        case "CURRENT_DATABASE":
            return session.database or ""
        case "CURRENT_SCHEMA":
            return session.schema or ""
        case "LAST_QUERY_ID":
            return session.last_query_id
        case "CURRENT_TRANSACTION":
            return str(session.id) if session.state is session.state.OPEN else ""
        case "CURRENT_SECONDARY_ROLES":
            return '{"roles":"","value":""}'
        case _:
            return None
