"""Which request meets which fault: by a seed and rates, or by orders for certain requests.

The n-th request of a kind always meets the same fault with the same seed, however the threads take turns.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can happen to a request.

    RESET_BEFORE: the connection is reset, the request never arrived.  RESET_AFTER: it was carried out and the
    answer is lost.  EXPIRED: the session token has expired, and can be renewed; SIGNED_OUT: the master token has
    expired as well, so that only a new sign-in helps.  SLOW: the answer comes late.
    """

    UNAVAILABLE = "503"
    TOO_MANY = "429"
    RESET_BEFORE = "reset before"
    RESET_AFTER = "reset after"
    EXPIRED = "expired"
    SIGNED_OUT = "signed out"
    SLOW = "slow"


@dataclass(frozen=True)
class Asked:
    """A request as the faults see it: ``kind`` is a word of ``kind_of``, ``sql`` the statement of a ``statement``."""

    method: str
    path: str
    kind: str
    sql: str = ""

    @property
    def word(self) -> str:
        """The statement's first word, such as COPY."""
        return (self.sql.split(None, 1) or [""])[0].upper()


_KINDS = {
    "/session/v1/login-request": "login",
    "/session/token-request": "renew",
    "/session/heartbeat": "heartbeat",
    "/session": "end",
    "/queries/v1/query-request": "statement",
    "/queries/v1/abort-request": "abort",
}


def kind_of(path: str) -> str:
    """What a path of Snowflake's interface is for: statement, monitor, result, upload, ..."""
    bare = path.partition("?")[0]
    for start, kind in (("/monitoring/", "monitor"), ("/objects/", "object"), ("/queries/", "result")):
        if bare.startswith(start) and bare not in _KINDS:
            return kind
    return _KINDS.get(bare, "other")


_WITH_SESSION = frozenset({"statement", "monitor", "result", "heartbeat"})


def possible(fault: Fault, asked: Asked) -> bool:
    """Only a request of a session can find it expired."""
    return fault not in (Fault.EXPIRED, Fault.SIGNED_OUT) or asked.kind in _WITH_SESSION


@dataclass
class Order:
    """``fault`` for the next ``times`` requests that ``when`` picks (None: for all of them)."""

    fault: Fault
    when: Callable[[Asked], bool]
    times: int | None


@dataclass
class Faults:
    """Chooses the fault of each request and counts what was chosen."""

    seed: int = 0
    rates: Mapping[Fault, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._orders: list[Order] = []
        self.injected: Counter[Fault] = Counter()
        self.requests = 0

    def order(self, fault: Fault, when: Callable[[Asked], bool] = lambda _: True, times: int | None = 1) -> Order:
        """Inject ``fault`` into the next ``times`` requests that ``when`` picks."""
        order = Order(fault, when, times)
        with self._lock:
            self._orders.append(order)
        return order

    def forget_orders(self) -> None:
        """From now on only the rates count."""
        with self._lock:
            self._orders.clear()

    def choose(self, asked: Asked) -> Fault | None:
        """The fault that this request meets, None for most of them."""
        with self._lock:
            self.requests += 1
            fault = self._ordered(asked) or self._drawn(asked)
            if fault is not None:
                self.injected[fault] += 1
            return fault

    def _ordered(self, asked: Asked) -> Fault | None:
        for order in self._orders:
            if order.times != 0 and order.when(asked):
                order.times = None if order.times is None else order.times - 1
                return order.fault
        return None

    def _drawn(self, asked: Asked) -> Fault | None:
        name = f"{asked.kind} {asked.word}"
        self._seen[name] += 1
        draw = random.Random(f"{self.seed} {name} {self._seen[name]}").random()
        for fault, rate in self.rates.items():
            if draw < rate:
                return fault if possible(fault, asked) else None
            draw -= rate
        return None
