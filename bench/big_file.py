"""Makes large files with rows like the operators': deterministic, fast, and compressing about as well as theirs.
A block of rows is made once by a seeded generator and repeated with different days and numbers, so that no
two blocks are equal; a block is far larger than the window of any compressor measured here.  ``make_file`` is only for
staging; ``make_month`` makes a month that can be loaded: every day occurs, and every key once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "flight_date", "carrier", "flight", "tailnum", "origin", "dest", "sched_dep_time", "dep_time", "dep_delay",
    "sched_arr_time", "arr_time", "arr_delay", "air_time", "distance", "time_hour", "remark",
)  # fmt: skip
MONTH_TYPES = {
    "flight_date": "DATE",
    "carrier": "VARCHAR(2)",
    "flight": "NUMBER(6,0)",
    "tailnum": "VARCHAR(6)",
    "origin": "VARCHAR(3)",
    "dest": "VARCHAR(3)",
    **dict.fromkeys(("sched_dep_time", "dep_time", "dep_delay", "sched_arr_time", "arr_time"), "NUMBER(5,0)"),
    **dict.fromkeys(("arr_delay", "air_time", "distance"), "NUMBER(6,0)"),
    "time_hour": "TIMESTAMP_NTZ",
    "remark": "VARCHAR(40)",
    "record_id": "NUMBER(12,0)",
}
"""The columns of ``make_month`` and their types in a table; ``record_id`` is different in every row."""

MONTH_DAYS = 31
_ROUTES = 1_100
_BLOCK_DAYS = 110
_DAY = b"@@@@@@@@"
_BLOCK_NUMBER = b"######"
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

    Tab-delimited or, with ``quoted``, comma-delimited with the remark (delimiters, doubled quotes) in quotes.
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


def make_month(path: Path, size: int) -> int:
    """Write a header and about ``size`` bytes of rows of January 2024, tab-delimited; return the number of rows.

    Every day has the same share of the bytes, and at least one row.
    """
    rows = _flown(quoted=False)
    block = "".join(f"{row}\t{_BLOCK_NUMBER.decode()}{number:05d}\n" for number, row in enumerate(rows)).encode()
    written = number = 0
    with path.open("wb", buffering=0) as file:
        file.write(("\t".join(MONTH_TYPES) + "\n").encode())
        for day in range(1, MONTH_DAYS + 1):
            while (left := size * day // MONTH_DAYS - file.tell()) > 0:
                text = block if left >= len(block) else block[: block.find(b"\n", left) + 1]
                text = text.replace(_DAY, b"202401%02d" % day).replace(_BLOCK_NUMBER, b"%06d" % number)
                file.write(text)
                written += text.count(b"\n")
                number += 1
    return written


def _block(quoted: bool) -> bytes:
    return ("\n".join(_flown(quoted)) + "\n").encode()


def _flown(quoted: bool) -> list[str]:
    """Days of flights, by departure: the same routes every day, with different delays."""
    draw = random.Random(20240101)
    routes = sorted((_route(draw) for _ in range(_ROUTES)), key=lambda route: route.departure)
    return [_row(draw, route, quoted) for _ in range(_BLOCK_DAYS) for route in routes if draw.random() < 0.8]


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
