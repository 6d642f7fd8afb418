"""Checks whether this host can reach another (floor 3), directly or through the configured or environment's proxy."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from snowflake_etl.errors import WarehouseError
from snowflake_etl.warehouse.session import Session

SECONDS = 5.0
_AT_ONCE = 16
_PLAIN_PORT = 80
_DEFAULT_PROXY_PORT = 80
_PROXY_SIGN_IN = 407
_NO_WAY_ON = range(502, 505)


@dataclass(frozen=True)
class Place:
    """A host to contact over HTTPS, or ``plain`` HTTP.
    ``proxy`` is the address of the configured one, ``direct`` are the endings of host names that need none.
    """

    host: str
    port: int
    plain: bool = False
    proxy: str = field(default="", repr=False)
    direct: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class AllowedHost:
    """One line of SYSTEM$ALLOWLIST: ``kind`` is SNOWFLAKE_DEPLOYMENT, STAGE, OCSP_RESPONDER, ..."""

    kind: str
    place: Place


def allowed_hosts(session: Session, account: Place | None) -> list[AllowedHost]:
    """The hosts that, by the account's list, a firewall must allow, reached like the account; none if it is
    embedded.
    """
    text = str(session.query("SELECT SYSTEM$ALLOWLIST()")[0][0])
    try:
        found = [
            AllowedHost(str(one["type"]), _beside(account, str(one["host"]), int(one["port"])))
            for one in json.loads(text)
        ]
    except (ValueError, KeyError, TypeError):
        raise WarehouseError(f"SYSTEM$ALLOWLIST() answers what is no list of hosts: {text[:200]}") from None
    return list(dict.fromkeys(found))


def _beside(account: Place | None, host: str, port: int) -> Place:
    place = Place(host, port, port == _PLAIN_PORT)
    return replace(place, proxy=account.proxy, direct=account.direct) if account else place


def proxy_for(place: Place) -> SplitResult | None:
    """The proxy that requests to a host go through; None if they go directly."""
    if place.proxy:
        return None if any(place.host.endswith(end) for end in place.direct) else urlsplit(place.proxy)
    named = None if proxy_bypass(place.host) else getproxies().get("http" if place.plain else "https")
    return urlsplit(named if "://" in named else f"http://{named}") if named else None


def shown_proxy(proxy: SplitResult) -> str:
    """The proxy without its password."""
    who = f"{unquote(proxy.username)}:***@" if proxy.username else ""
    return f"{who}{proxy.hostname}:{_port_of(proxy)}"


def unreachable(place: Place) -> str:
    """Why a host cannot be reached; "" if it can, over HTTPS with a valid certificate."""
    try:
        with closing(_connected(place)) as connection:
            if place.plain and proxy_for(place):
                # The proxy answers in any case: its answer says whether it could connect further.
                _asked(connection, place)
            return ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _reason(error)


def all_unreachable(hosts: Sequence[AllowedHost]) -> dict[AllowedHost, str]:
    """Those of the hosts that cannot be reached, each with the reason."""
    with ThreadPoolExecutor(min(_AT_ONCE, len(hosts) or 1)) as pool:
        reasons = list(pool.map(lambda one: unreachable(one.place), hosts))
    return {one: reason for one, reason in zip(hosts, reasons, strict=True) if reason}


def proxy_unreachable(proxy: SplitResult) -> str:
    """Why the proxy itself does not answer; "" if it does."""
    try:
        with closing(socket.create_connection((proxy.hostname or "", _port_of(proxy)), SECONDS)):
            return ""
    except (OSError, ValueError) as error:
        return _reason(error)


def clock_of(place: Place) -> datetime | None:
    """The time that a web server sends with any answer; None if it sends none."""
    try:
        with closing(_connected(place)) as connection:
            told = _asked(connection, place).getheader("Date")
        return parsedate_to_datetime(told).astimezone(UTC) if told else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _connected(place: Place) -> http.client.HTTPConnection:
    proxy = proxy_for(place)
    via = (proxy.hostname or "", _port_of(proxy)) if proxy else (place.host, place.port)
    connection = (
        http.client.HTTPConnection(*via, timeout=SECONDS)
        if place.plain
        else http.client.HTTPSConnection(*via, timeout=SECONDS, context=_trusting())
    )
    if proxy and not place.plain:
        connection.set_tunnel(place.host, place.port, _credentials(proxy))
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _asked(connection: http.client.HTTPConnection, place: Place) -> http.client.HTTPResponse:
    """The answer to a HEAD request.  Raise HTTPException if a proxy says that it cannot get one."""
    proxy = proxy_for(place) if place.plain else None
    path, headers = (f"http://{place}/", _credentials(proxy)) if proxy else ("/", {})
    connection.request("HEAD", path, headers=headers)
    answer = connection.getresponse()
    if proxy and (answer.status == _PROXY_SIGN_IN or answer.status in _NO_WAY_ON):
        raise http.client.HTTPException(f"the proxy answers {answer.status} {answer.reason}")
    return answer


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _trusting() -> ssl.SSLContext:
    """The certificates that the driver trusts."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if not bundle:
        import certifi

        bundle = certifi.where()
    return ssl.create_default_context(cafile=bundle)


def _port_of(proxy: SplitResult) -> int:
    return proxy.port or _DEFAULT_PROXY_PORT


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
