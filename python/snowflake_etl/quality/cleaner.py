"""Divides a dirty file into records to keep and rejects with reasons (floor 4), in the file's order.
One thread reads and cuts while others have DuckDB check values; only a few blocks are in progress at once, so memory
does not grow with the file.
"""

from __future__ import annotations

import queue
from collections import Counter, deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from snowflake_etl.files.layout import Layout
from snowflake_etl.quality.clean_records import Block, Reject, blocks_of_records, blocks_of_text, without
from snowflake_etl.quality.clean_values import ValueProbe, ValueRules
from snowflake_etl.quality.duck import Duck, Resources
from snowflake_etl.quality.file_bytes import Seen, chunks

_LEAST_MEMORY = 64 << 20

_Judged = tuple[Block, dict[int, str]]
"""A block, with position and reason of each record that cannot be loaded."""


class Sink(Protocol):
    """Receives records: ``keep`` takes consecutive ones (without line ends), ``reject`` one with its reason."""

    def header(self, record: bytes) -> None: ...
    def keep(self, records: list[bytes]) -> None: ...
    def reject(self, reject: Reject) -> None: ...


@dataclass
class Tally:
    """The counts from cleaning.  ``lines_read`` are counted in the bytes, independently of records."""

    kept: int = 0
    rejected: int = 0
    lines_read: int = 0
    header_lines: int = 0
    rejected_lines: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.kept + self.rejected

    def note(self, reject: Reject) -> None:
        self.rejected += 1
        self.rejected_lines += reject.lines
        self.reasons.update(reject.reason.split("; "))


class _Probes:
    """One DuckDB per thread, each used by one thread at a time."""

    def __init__(self, rules: ValueRules, resources: Resources) -> None:
        self._waiting: queue.SimpleQueue[ValueProbe] = queue.SimpleQueue()
        self._all: list[ValueProbe] = []
        memory = max(resources.memory_limit // resources.threads, _LEAST_MEMORY)
        for _ in range(resources.threads if rules.broken else 0):
            duck = Duck(replace(resources, memory_limit=memory, threads=1))
            self._all.append(ValueProbe(rules, duck))
            self._waiting.put(self._all[-1])

    def judge(self, block: Block) -> _Judged:
        if not self._all:
            return block, {}
        probe = self._waiting.get()
        try:
            return block, probe.broken_records(block.records)
        finally:
            self._waiting.put(probe)

    def close(self) -> None:
        for probe in self._all:
            probe.close()


def clean(
    path: Path,
    layout: Layout,
    rules: ValueRules,
    date_place: int | None,
    resources: Resources,
    sink: Sink,
    seen: Seen,
) -> Tally:
    """Send every record of ``path`` to ``sink``, kept or rejected, in order; ``seen`` is called with the progress of
    reading.

    Raise FileError for a file that cannot be read to its end, Stopped when ``resources.stopped`` says so.
    """
    tally = Tally()
    texts = blocks_of_text(_counted(chunks(path, layout, resources.stopped, seen), tally), str(path))
    blocks = blocks_of_records(texts, layout, date_place)
    if layout.header:
        header = next(blocks, Block([b""], [1])).records[0]
        tally.header_lines = header.count(b"\n") + 1
        sink.header(header)
    with (
        closing(_Probes(rules, resources)) as probes,
        closing(_judged(blocks, probes, resources.threads)) as judged,
    ):
        for block, broken in judged:
            _deliver(block, broken, tally, sink)
    return tally


def _judged(blocks: Iterator[Block], probes: _Probes, threads: int) -> Generator[_Judged, None, None]:
    """Have blocks judged in ``threads`` threads, a few at once, and yield them in their order."""
    under_way: deque[Future[_Judged]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="clean") as pool:
        try:
            for block in blocks:
                under_way.append(pool.submit(probes.judge, block))
                if len(under_way) > threads:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _counted(source: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
    """Count lines as they pass, including a last one without a line end."""
    last = b"\n"
    for chunk in source:
        tally.lines_read += chunk.count(b"\n")
        last = chunk[-1:] or last
        yield chunk
    tally.lines_read += last != b"\n"


def _deliver(block: Block, broken: dict[int, str], tally: Tally, sink: Sink) -> None:
    """Pass a judged block to the sink."""
    kept = block.records
    rejects = block.rejects
    if broken:
        found = [Reject(block.numbers[place], reason, kept[place]) for place, reason in broken.items()]
        rejects = sorted((*rejects, *found), key=lambda reject: reject.line)
        kept = without(kept, broken)
    if kept:
        sink.keep(kept)
    for reject in rejects:
        tally.note(reject)
        sink.reject(reject)
    tally.kept += len(kept)
