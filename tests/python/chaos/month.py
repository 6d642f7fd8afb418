"""The month that chaos loads: a file of several parts, and the comparison of a table with it, row by row."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from desk import Desk, days_between
from snowflake_etl.errors import WarehouseError

NAME = "t_20240101-20240131.tsv"
COLUMNS = {"DAY": "DATE", "ID": "NUMBER(9,0)", "TEXT": "VARCHAR(2000)"}
PARTS = 3
# A cut is 8 MiB at least; a little more than that for each part.
_BYTES = PARTS * (9 << 20)
_TEXT_CHARACTERS = 1500

Row = tuple[str, int, str]


def write_month(path: Path, seed: int = 1) -> list[Row]:
    """Write the file and return its rows as (day, id, hash of the text), in order of the ids."""
    numbers = random.Random(seed)
    days = days_between("2024-01-01", "2024-01-31")
    count = _BYTES // _TEXT_CHARACTERS
    rows: list[Row] = []
    with path.open("w", encoding="utf-8") as file:
        file.write("DAY\tID\tTEXT\n")
        for number in range(count):
            day = days[number * len(days) // count]
            # Half of it random: the parts are a few MB each, as fast to send as may be without being nothing.
            text = numbers.randbytes(_TEXT_CHARACTERS // 4).hex() + "x" * (_TEXT_CHARACTERS // 2)
            file.write(f"{day:%Y%m%d}\t{number}\t{text}\n")
            rows.append((day.isoformat(), number, hashlib.md5(text.encode()).hexdigest()))
    return rows


def differences(desk: Desk, expected: list[Row]) -> list[str]:
    """What is wrong with the table, the ledger and what a load leaves behind; [] when all is as it has to be."""
    try:
        return _compare(desk, expected)
    except WarehouseError as error:
        return [f"the table cannot be compared: {error}"]


def _compare(desk: Desk, expected: list[Row]) -> list[str]:
    found = [(str(day), int(number), text) for day, number, text in desk.sql("SELECT DAY, ID, MD5(TEXT) FROM PUBLIC.T")]
    missing, extra = set(expected) - set(found), set(found) - set(expected)
    live = [row for row in desk.ledger() if row[4] == "live"]
    leases = desk.sql("SELECT RUN_ID FROM ETL_WORK.ETL_LOAD_LEASE")
    complaints = {
        f"{len(missing)} rows of the file are not in the table": missing,
        f"{len(extra)} rows of the table are not in the file": extra,
        f"{len(found)} rows instead of {len(expected)}": len(found) != len(expected),
        f"the ledger says {live}": [(row[1], row[2]) for row in live] != [(NAME, len(expected))],
        f"work tables are left: {desk.work_tables()}": desk.work_tables(),
        f"parts are left: {desk.staged()}": desk.staged(),
        f"leases are left: {leases}": leases,
    }
    return [sentence for sentence, wrong in complaints.items() if wrong]
