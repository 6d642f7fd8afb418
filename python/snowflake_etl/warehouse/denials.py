"""What the warehouse will not let us do (floor 3): its messages are parsed and reworded with the statement that helps.
Pure functions.  Snowflake's own message often names neither the role nor the privilege, and never the GRANT.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import quote

_INSUFFICIENT = re.compile(r"Insufficient privileges to operate on (?P<kind>[A-Za-z _]+?) '(?P<name>[^']+)'")
# Newer accounts add what is missing, with line breaks anywhere.
_MUST_HAVE = re.compile(
    r"primary role (?P<role>\S+) must have (?P<privilege>[A-Z][A-Z, ]*?) granted on (?P<kind>[A-Z ]+?) "
    r'(?P<name>(?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))*)'
)
_HIDDEN = re.compile(
    r"(?P<kind>Object|Table|View|Schema|Stage|Database|Warehouse|Role) '(?P<name>[^']+)' "
    "does not exist or not authorized"
)
_NO_WAREHOUSE = re.compile(r"No active warehouse selected")
_SUSPENDED = re.compile(r"Warehouse '(?P<name>[^']+)' is suspended", re.IGNORECASE)
_MONITORED = re.compile(r"Warehouse '(?P<name>[^']+)' cannot be resumed because resource monitor '(?P<monitor>[^']+)'")
_STORE_FORBIDS = re.compile(r"\b403\b|Forbidden|Access ?Denied|AuthorizationFailure|AuthorizationPermission")
_STORE_FULL = re.compile(r"quota|InsufficientStorage|\b507\b", re.IGNORECASE)
_ADDRESS = re.compile(r"(?: for url:)? ?https?://\S+")
_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?P<kind>[A-Z]+) (?P<name>.+) TO ROLE ")
_NAME_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_PUT_ERRORS = range(253000, 254000)
_USAGE_KINDS = frozenset({"DATABASE", "SCHEMA", "WAREHOUSE"})


@dataclass(frozen=True)
class Denial:
    """One thing that a role may not do: ``kind`` as in GRANT (TABLE, SCHEMA, STAGE, ...), ``name`` as reported.
    ``privilege`` and ``role`` are "" if the warehouse does not name them.  ``hidden`` is true if it does not
    distinguish "does not exist" from "not allowed".
    """

    kind: str
    name: str
    privilege: str = ""
    role: str = ""
    hidden: bool = False


def denial_of(text: str) -> Denial | None:
    """Parse an error's text; None when it is not about privileges."""
    flat = " ".join(text.split())
    if match := _MUST_HAVE.search(flat):
        return Denial(_kind(match["kind"]), match["name"], match["privilege"].strip(" ,"), match["role"])
    if match := _INSUFFICIENT.search(flat):
        return Denial(_kind(match["kind"]), match["name"])
    if match := _HIDDEN.search(flat):
        return Denial(_kind(match["kind"]), match["name"], hidden=True)
    return None


def denial_in_words(denial: Denial, role: str, known_grants: Sequence[str], work_schema: str) -> str:
    """Say what is missing on which object for which role, and which GRANT helps.

    ``known_grants`` are the grants that a loading role needs (``WorkObjects.grant_statements`` for that role),
    ``work_schema`` the stored name of the schema where work tables are created.
    """
    role = denial.role or role
    grants = _grants(denial, role, known_grants)
    where = f"{denial.kind.lower()} {denial.name}"
    if denial.hidden:
        said = f"There is no {where}, or role {role} may not use it."
    elif denial.privilege:
        said = f"Role {role} lacks {denial.privilege} on {where}."
    else:
        said = f"Role {role} lacks a privilege on {where}."
    cure = f"Its owner runs: {'; '.join(grants)};" if grants else "Ask its owner for the privilege."
    if _is_work_schema(denial, work_schema):
        cure += " Or load without work tables: set load.via to direct in the configuration."
    elif denial.hidden and grants:
        cure += " If it is not there, have a DBA run what 'doctor --setup-sql' prints."
    return f"{said} {cure}"


def trouble_in_words(error: WarehouseError, role: str, warehouse: str | None) -> str | None:
    """A sentence for other obstacles (warehouse, cloud storage); None for other errors."""
    # Cloud storage addresses contain signatures that give anybody access.
    text = _ADDRESS.sub("", " ".join(str(error).split()))
    if match := _MONITORED.search(text):
        return (
            f"Warehouse {match['name']} may not be resumed: resource monitor {match['monitor']} has used up its quota. "
            "Have an ACCOUNTADMIN raise it, or name another warehouse as load.warehouse."
        )
    if match := _SUSPENDED.search(text):
        return suspended_in_words(match["name"])
    if _NO_WAREHOUSE.search(text):
        return _no_warehouse(role, warehouse)
    if error.code in _PUT_ERRORS and _STORE_FULL.search(text):
        return f"The stage has no room: {text} Make room there, or raise its quota, and run the load again."
    if error.code in _PUT_ERRORS and _STORE_FORBIDS.search(text):
        return (
            f"The cloud store behind the stage refused the upload: {text} Most often a proxy or firewall is in "
            "between: SELECT SYSTEM$ALLOWLIST() lists the hosts that have to be reachable."
        )
    return None


def suspended_in_words(warehouse: str) -> str:
    """The sentence for a suspended warehouse that does not resume by itself."""
    return (
        f"Warehouse {warehouse} is suspended and does not resume by itself (AUTO_RESUME is off). Start it, which needs "
        f"OPERATE on it: ALTER WAREHOUSE {quote(warehouse)} RESUME; then run the same command again."
    )


def _no_warehouse(role: str, warehouse: str | None) -> str:
    if not warehouse:
        return (
            "The session has no warehouse. Set snowflake.warehouse, or load.warehouse for loads only, in the "
            "configuration."
        )
    return (
        f"The session has no warehouse: there is no {warehouse}, or role {role} may not use it. Its owner runs: "
        f"GRANT USAGE ON WAREHOUSE {quote(warehouse)} TO ROLE {quote(role)};"
    )


def _grants(denial: Denial, role: str, known: Sequence[str]) -> list[str]:
    """The known grants for the same object, else one made from the error."""
    wanted = _parts(denial.name)
    kinds = {"TABLE", "VIEW"} if denial.kind in ("TABLE", "VIEW", "OBJECT") else {denial.kind}
    found = []
    for statement in known:
        match = _GRANT.match(statement)
        if match and match["kind"] in kinds and _parts(match["name"])[-len(wanted) :] == wanted:
            found.append(statement)
    if found:
        return found
    privilege = denial.privilege or ("USAGE" if denial.kind in _USAGE_KINDS else "")
    if not privilege:
        return []
    name = ".".join(quote(part) for part in wanted)
    return [f"GRANT {privilege} ON {denial.kind} {name} TO ROLE {quote(role)}"]


def _is_work_schema(denial: Denial, work_schema: str) -> bool:
    return (
        denial.kind == "SCHEMA"
        and not denial.hidden
        and _parts(denial.name)[-1] == work_schema
        and denial.privilege in ("", "CREATE TABLE")
    )


def _parts(name: str) -> list[str]:
    return [
        part[1:-1].replace('""', '"') if part.startswith('"') else part for part in _NAME_PART.findall(name) if part
    ]


def _kind(text: str) -> str:
    return " ".join(text.upper().replace("_", " ").split())
