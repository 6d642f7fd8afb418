"""What has to hold: in everything that is committed, at every publish, and at the end.

Whoever reads sees what is committed; so a state of the committed tables that is right is right for every reader.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from model.actions import Ended
from model.expressions import Row
from model.loads import OBJECTS, TARGET, File
from model.server import Numbers, Server, Warehouse
from model.sql import Schema
from snowflake_etl.warehouse.ledger import LIVE

BY_HAND = "by hand"
Expectation = Callable[[set[str], Sequence[Sequence[Ended]]], bool]


class Loaded(NamedTuple):
    """A row of the ledger, as far as the checks look at it."""

    publish_id: str
    run_id: str
    file_name: str
    first_day: date
    last_day: date
    text: str
    row_count: int
    state: str


class ModelChecks:
    """The checks of one scenario.

    ``files`` are all that its runs may load, ``overlaps`` whether loads beside existing rows are asked for,
    ``expects`` says of the live files and the endings whether they may be so in the end.
    """

    def __init__(
        self, warehouse: Warehouse, schema: Schema, files: Iterable[File], *, overlaps: bool, expects: Expectation
    ) -> None:
        self._warehouse = warehouse
        self._schema = schema
        self._files = {file.text: file for file in files}
        self._overlaps = overlaps
        self._expects = expects
        self._loaded: dict[Numbers, list[Loaded]] = {}

    # -- every state

    def server(self, server: Server) -> str | None:
        loaded = self._ledger(server)
        live = [row for row in loaded if row.state == LIVE]
        return (
            self._wrong_rows(server, live)
            or _repeated("published twice", [(row.publish_id, row.file_name) for row in loaded])
            or _repeated("live twice", [row.text for row in live])
            or (None if self._overlaps else _overlapping(live))
            or self._uncounted(server)
            or _repeated("leased twice", [lease["FINGERPRINT"] for lease in self._records(server, OBJECTS.lease.name)])
        )

    def _wrong_rows(self, server: Server, live: Sequence[Loaded]) -> str | None:
        present = Counter(row for row in self._rows(server) if not str(row[1]).startswith(BY_HAND))
        told = Counter(row for loaded in live for row in self._files[loaded.text].rows)
        counts = sum(row.row_count for row in live)
        if present == told and counts == sum(told.values()):
            return None
        doubled = sorted(str(row[1]) for row, count in present.items() if count > 1)
        return (
            f"the table has {_counted(present)}{' - doubled: ' + ', '.join(doubled) if doubled else ''}; "
            f"the ledger's live rows say {_counted(told)} ({counts} rows)"
        )

    def _uncounted(self, server: Server) -> str | None:
        for run_id, detail in self._audit(server).items():
            if detail["counted"] is not None and detail["rows_out"] != detail["counted"]:
                return f"{run_id} dropped {detail['rows_out']} rows and had not counted but {detail['counted']}"
        return None

    # -- every publish

    def step(self, before: Server, after: Server) -> str | None:
        place = OBJECTS.ledger
        if self._warehouse.numbers(before, str(place)) == self._warehouse.numbers(after, str(place)):
            return None
        known = {row.publish_id for row in self._ledger(before)}
        for row in self._ledger(after):
            if row.publish_id not in known and (wrong := self._wrong_publish(before, after, row)):
                return wrong
        return None

    def _wrong_publish(self, before: Server, after: Server, loaded: Loaded) -> str | None:
        for lease in self._records(before, OBJECTS.lease.name):
            if lease["FINGERPRINT"] == loaded.text and lease["RUN_ID"] != loaded.run_id:
                return f"{loaded.run_id} published {loaded.text} while {lease['RUN_ID']} had the lease"
        strange = [str(row[0]) for row in self._rows(after) if str(row[1]).startswith(BY_HAND)]
        if any(str(loaded.first_day) <= day <= str(loaded.last_day) for day in strange):
            return f"{loaded.run_id} published beside rows that it had not counted"
        return None

    # -- the end

    def end(self, server: Server, ended: Sequence[Sequence[Ended]]) -> str | None:
        loaded = self._ledger(server)
        done = {row.publish_id for row in loaded} | set(self._audit(server))
        for attempt in (attempt for attempts in ended for attempt in attempts):
            if wrong := _untrue(attempt, attempt.name in done):
                return wrong
        live = {row.text for row in loaded if row.state == LIVE}
        if not self._expects(live, ended):
            kinds = [[(attempt.name, attempt.kind) for attempt in attempts] for attempts in ended]
            return f"in the end {sorted(live) or 'nothing'} is live after {kinds}"
        return None

    # -- tables

    def _rows(self, server: Server) -> list[Row]:
        return self._warehouse.rows(server, str(TARGET))

    def _records(self, server: Server, name: str) -> list[Mapping[str, Any]]:
        table = str(OBJECTS.name(name))
        return [dict(zip(self._schema[table], row, strict=True)) for row in self._warehouse.rows(server, table)]

    def _audit(self, server: Server) -> dict[str, Mapping[str, Any]]:
        """The audit log: what each run noted of the change that it made."""
        records = self._records(server, OBJECTS.audit_log.name)
        return {str(record["RUN_ID"]): json.loads(str(record["DETAIL"])) for record in records}

    def _ledger(self, server: Server) -> list[Loaded]:
        numbers = self._warehouse.numbers(server, str(OBJECTS.ledger))
        if numbers not in self._loaded:
            self._loaded[numbers] = [_loaded(record) for record in self._records(server, OBJECTS.ledger.name)]
        return self._loaded[numbers]


def _loaded(record: Mapping[str, Any]) -> Loaded:
    names = ["PUBLISH_ID", "RUN_ID", "FILE_NAME", "FIRST_DAY", "LAST_DAY", "CONTENT_HASH", "ROW_COUNT", "STATE"]
    return Loaded(*(record[name] for name in names))


def _untrue(attempt: Ended, changed: bool) -> str | None:
    """An attempt has to say the truth about itself; a killed one says nothing."""
    claims = {"published": True, "refused": False, "failed": False}.get(attempt.kind)
    if attempt.kind == "stopped":
        if "Nothing was " in attempt.text:
            claims = False
        elif "the rows are " in attempt.text:
            claims = True
    elif attempt.text in ("dropped", "restored"):
        claims = True
    if claims is None or claims == changed:
        return None
    fact = "had changed the table" if changed else "had changed nothing"
    return f"{attempt.name} {fact} and ended so: {attempt.kind}: {attempt.text}"


def _overlapping(live: Sequence[Loaded]) -> str | None:
    for place, one in enumerate(live):
        for other in live[place + 1 :]:
            if one.first_day <= other.last_day and other.first_day <= one.last_day:
                return f"{one.text} and {other.text} claim the same days and are both live"
    return None


def _repeated(what: str, keys: Iterable[object]) -> str | None:
    often = [key for key, count in Counter(keys).items() if count > 1]
    return f"{what}: {often[0]}" if often else None


def _counted(rows: Counter[Row]) -> str:
    return ", ".join(sorted(f"{count} x {row[1]}" for row, count in rows.items())) or "no rows"
