"""The account (floor 5): who we are, which warehouse is used, its clock, which hosts must be reachable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote as quote_address

from snowflake_etl.config.model import Configuration, SnowflakeSection
from snowflake_etl.config.secret_store import revealed
from snowflake_etl.errors import EtlError
from snowflake_etl.results_examination import Health, Point
from snowflake_etl.sqltext import fold, quote
from snowflake_etl.warehouse import advice, lease, reach
from snowflake_etl.warehouse.denials import suspended_in_words
from snowflake_etl.warehouse.reach import AllowedHost, Place
from snowflake_etl.warehouse.session import Session

SKEW_SECONDS = 5.0
# The token of a key pair is refused when the clocks differ by more than this.
TOO_MUCH_SKEW_SECONDS = 60.0
_SET_CLOCK = "Have the clock set by NTP (chronyd, systemd-timesyncd): key pair sign-in fails if it is a minute wrong."
_NEEDED = ("SNOWFLAKE_DEPLOYMENT", "SNOWFLAKE_DEPLOYMENT_REGIONLESS", "STAGE")
_USED = (*_NEEDED, "OCSP_CACHE", "OCSP_RESPONDER", "CRL_DISTRIBUTION_POINT")
_DOMAIN = "snowflakecomputing.com"
_FIREWALL = "Have the firewall let these hosts through, or set HTTPS_PROXY (and NO_PROXY for what needs none)."


def place_of(section: SnowflakeSection) -> Place | None:
    """The account's address, as far as the configuration tells it; None for the embedded warehouse."""
    if section.is_local:
        return None
    plain = section.protocol == "http"
    port = section.port or (80 if plain else 443)
    if section.host or section.account:
        host = section.host or f"{str(section.account).replace('_', '-')}.{_DOMAIN}"
        return Place(host, port, plain, _proxy_of(section), section.no_proxy)
    # A named connection: its account is configured elsewhere, but the route is the same for all accounts.
    return Place(_DOMAIN, port, proxy=_proxy_of(section), direct=section.no_proxy)


def _proxy_of(section: SnowflakeSection) -> str:
    """The proxy of the configuration as an address; "" where the environment decides."""
    if not section.proxy_host:
        return ""
    who = quote_address(section.proxy_user or "", safe="")
    if section.proxy_password:
        who += f":{quote_address(revealed(section.proxy_password), safe='')}"
    return f"http://{who}{'@' if who else ''}{section.proxy_host.split('://')[-1]}:{section.proxy_port}"


def sign_in(session: Session, section: SnowflakeSection) -> Iterator[Point]:
    """Check user and role, and that the role is the requested one."""
    user, role, secondary = session.query("SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_SECONDARY_ROLES()")[0]
    yield Point(
        "sign-in", Health.OK, f"user {user} on {session.target}, database {session.database}, schema {session.schema}"
    )
    if not role:
        cure = f"Set snowflake.role, or: ALTER USER {quote(str(user))} SET DEFAULT_ROLE = ...;"
        yield Point("role", Health.FAILED, "the session has none", cure)
    elif section.role and fold(section.role) != role:
        cure = f"GRANT ROLE {quote(fold(section.role))} TO USER {quote(str(user))};"
        yield Point("role", Health.FAILED, f"{role} instead of {section.role}", cure)
    else:
        others = "" if '"value":""' in str(secondary or '"value":""') else ", with secondary roles"
        yield Point("role", Health.OK, f"{role}{others}")


def computing(session: Session, configuration: Configuration) -> Iterator[Point]:
    """Check the session's warehouse, and that of loads if it is another one."""
    role = str(session.query("SELECT CURRENT_ROLE()")[0][0])
    name = session.query("SELECT CURRENT_WAREHOUSE()")[0][0]
    if not name:
        wanted = configuration.snowflake.warehouse
        cure = f"GRANT USAGE ON WAREHOUSE {quote(fold(wanted))} TO ROLE {quote(role)};" if wanted else ""
        cure = cure or "Set snowflake.warehouse in the configuration."
        yield Point("warehouse", Health.FAILED, "the session has none", cure)
    else:
        yield _warehouse(session, "warehouse", str(name), role)
    loads = configuration.load.warehouse
    if loads and fold(loads) != name:
        yield _warehouse(session, "load.warehouse", fold(loads), role, has_to_be_listed=True)


def _warehouse(session: Session, subject: str, name: str, role: str, *, has_to_be_listed: bool = False) -> Point:
    state = advice.warehouse_state(session, name)
    if state is None:
        if has_to_be_listed and not session.manages_own_objects:
            cure = f"Correct load.warehouse, or: GRANT USAGE ON WAREHOUSE {quote(name)} TO ROLE {quote(role)};"
            return Point(subject, Health.FAILED, f"{name} is not there, or role {role} may not use it", cure)
        return Point(subject, Health.OK, name)
    message = f"{name}, {state.size}, {state.state.lower()}"
    if state.sleeps:
        return Point(subject, Health.FAILED, message, suspended_in_words(name))
    return Point(subject, Health.OK, message)


def clock(session: Session) -> Point:
    """Compare this host's clock with the warehouse's."""
    before = datetime.now(UTC)
    theirs = lease.now(session).replace(tzinfo=UTC)
    after = datetime.now(UTC)
    return skew(theirs, before, after)


def skew(theirs: datetime, before: datetime, after: datetime) -> Point:
    """Judge a clock that was read between two moments; the round-trip time does not count as a difference."""
    if before <= theirs <= after:
        seconds = 0.0
    else:
        seconds = (before - theirs).total_seconds() if theirs < before else (after - theirs).total_seconds()
    if abs(seconds) <= SKEW_SECONDS:
        return Point("clock", Health.OK, f"within {max(abs(seconds), 0.1):.1f} s of the warehouse's")
    side = "ahead of" if seconds > 0 else "behind"
    health = Health.FAILED if abs(seconds) >= TOO_MUCH_SKEW_SECONDS else Health.WARNING
    return Point("clock", health, f"{abs(seconds):,.0f} s {side} the warehouse's", _SET_CLOCK)


def hosts(session: Session, section: SnowflakeSection) -> Iterator[Point]:
    """Check that the hosts on the account's list are reachable."""
    try:
        listed = reach.allowed_hosts(session, place_of(section))
    except EtlError as error:
        yield Point("allowlist", Health.WARNING, f"SYSTEM$ALLOWLIST() was not answered: {error}", "Run doctor again.")
        return
    if not listed:
        said = "the embedded warehouse has none: what is PUT stays on this host"
        if not session.manages_own_objects:
            said = "the account lists no hosts"
        yield Point("allowlist", Health.OK, said)
        return
    asked = [one for one in listed if one.kind in _USED and "*" not in one.place.host]
    away = reach.all_unreachable(asked)
    needed = [one for one in away if one.kind in _NEEDED]
    others = [one for one in away if one.kind not in _NEEDED]
    left_out = len(listed) - len(asked)
    unasked = f"; {left_out} that these tools do not use were not tried" if left_out else ""
    if needed:
        yield Point("allowlist", Health.FAILED, f"out of reach: {_named(needed, away)}", _FIREWALL)
    if others:
        said = f"out of reach: {_named(others, away)}; without them revoked certificates are not noticed"
        yield Point("allowlist", Health.WARNING, said, _FIREWALL)
    if not away:
        yield Point("allowlist", Health.OK, f"{len(asked)} hosts are reachable{unasked}")


def _named(hosts: Sequence[AllowedHost], reasons: Mapping[AllowedHost, str]) -> str:
    return ", ".join(f"{one.place} ({one.kind}: {reasons[one]})" for one in hosts)
