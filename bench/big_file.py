"""Makes large files of rows like the operators': deterministic, fast, compressing about as theirs do.

A block of rows is made once by a seeded generator and repeated with other days and numbers in it, so that no
two blocks are equal; a block is far larger than the window of any compressor measured here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "flight_date", "carrier", "flight", "tailnum", "origin", "dest", "sched_dep_time", "dep_time", "dep_delay",
    "sched_arr_time", "arr_time", "arr_delay", "air_time", "distance", "time_hour", "remark",
)  # fmt: skip
_ROUTES = 1_100
_BLOCK_DAYS = 110
_DAY = b"@@@@@@@@"
_CARRIERS = ("UA", "AA", "B6", "DL", "EV", "MQ", "US", "WN", "VX", "FL", "AS", "9E", "F9", "HA", "YV", "OO")
_ORIGINS = ("EWR", "LGA", "JFK")
_DESTINATIONS = (
    "ATL",
    "ORD",
    "LAX",
    "BOS",
    "MCO",
    "CLT",
    "SFO",
    "FLL",
    "MIA",
    "DCA",
    "DTW",
    "DFW",
    "RDU",
    "TPA",
    "DEN",
)
_REMARKS = ("",) * 20 + ("late crew", "weather, wind", 'called "fast"', "gate change")


def make_file(path: Path, size: int, *, quoted: bool = False) -> int:
    """Write a header and at least ``size`` bytes of rows to ``path``; return the number of rows.

    Tab-delimited, or with ``quoted`` comma-delimited and the remark (delimiters, doubled quotes) in quotes.
    """
    block = _block(quoted)
    delimiter = "," if quoted else "\t"
    rows = 0
    with path.open("wb", buffering=0) as file:
        file.write((delimiter.join(COLUMNS) + "\n").encode())
        number = 0
        while file.tell() < size:
            day = b"2024%02d%02d" % (number // 28 % 12 + 1, number % 28 + 1)
            text = block.replace(_DAY, day)
            left = size - file.tell()
            if len(text) > left:
                text = text[: text.find(b"\n", left - 1) + 1]
            file.write(text)
            rows += text.count(b"\n")
            number += 1
    return rows


def _block(quoted: bool) -> bytes:
    """Days of flights, by departure: the same routes every day, with other delays."""
    draw = random.Random(20240101)
    routes = sorted((_route(draw) for _ in range(_ROUTES)), key=lambda route: route.departure)
    flown = (_row(draw, route, quoted) for _ in range(_BLOCK_DAYS) for route in routes if draw.random() < 0.8)
    return ("\n".join(flown) + "\n").encode()


@dataclass(frozen=True)
class _Route:
    carrier: str
    flight: int
    tails: tuple[str, ...]
    origin: str
    destination: str
    departure: int
    air_time: int


def _route(draw: random.Random) -> _Route:
    tails = tuple(f"N{draw.randrange(100, 1000)}{draw.choice('ABDEJKLMPQSU')}{draw.choice('AWK')}" for _ in range(6))
    destination = draw.choice(_DESTINATIONS)
    air_time = 40 + sum(map(ord, destination)) * 37 % 330
    return _Route(
        draw.choice(_CARRIERS),
        draw.randrange(1, 6000),
        tails,
        draw.choice(_ORIGINS),
        destination,
        draw.randrange(60, 264) * 5,
        air_time,
    )


def _row(draw: random.Random, route: _Route, quoted: bool) -> str:
    delay, air_time = int(draw.gauss(4, 18)), route.air_time + int(draw.gauss(0, 8))
    departure, remark = route.departure, draw.choice(_REMARKS)
    arrival = departure + route.air_time + 30
    fields = (
        _DAY.decode(),
        route.carrier,
        str(route.flight),
        draw.choice(route.tails),
        route.origin,
        route.destination,
        _clock(departure),
        _clock(departure + delay),
        str(delay),
        _clock(arrival),
        _clock(arrival + delay),
        str(delay + air_time - route.air_time),
        str(air_time),
        str(route.air_time * 7),
        f"2024-01-01T{departure // 60:02d}:00:00Z",
        '"' + remark.replace('"', '""') + '"' if quoted else remark,
    )
    return (",".join if quoted else "\t".join)(fields)


def _clock(minutes: int) -> str:
    return str(minutes // 60 % 24 * 100 + minutes % 60)
