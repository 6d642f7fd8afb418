"""The second pass of ``clean-file --duplicates`` (floor 5): rows that repeat a key move to the rejects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from snowflake_etl.files.layout import Layout
from snowflake_etl.operations.cleaning.output import FileSink, StagedReject
from snowflake_etl.quality.clean_duplicates import DuplicateRows
from snowflake_etl.quality.clean_records import Reject, blocks_of_records, blocks_of_text, without
from snowflake_etl.quality.cleaner import Tally
from snowflake_etl.quality.duck import Resources
from snowflake_etl.quality.file_bytes import chunks


def drop_duplicates(
    copy: Path,
    layout: Layout,
    date_place: int | None,
    rejects: Iterator[StagedReject],
    duplicates: DuplicateRows,
    key: tuple[str, ...],
    resources: Resources,
    sink: FileSink,
    tally: Tally,
) -> None:
    """Read the first pass's ``copy`` and ``rejects`` and send everything to ``sink``, keeping only the first row of
    each key.
    """
    reason = f"the key {', '.join(key)} is in an earlier row"
    places = duplicates.places()
    place = next(places, None)
    merged = _Merged(rejects, sink)
    blocks = blocks_of_records(blocks_of_text(chunks(copy, layout, resources.stopped), copy.name), layout, date_place)
    if layout.header:
        sink.header(next(blocks).records[0])
    begin = 0
    for block in blocks:
        end = begin + len(block.records)
        gone = []
        while place is not None and place < end:
            gone.append(place - begin)
            place = next(places, None)
        for offset in gone:
            reject = merged.reject(Reject(block.numbers[offset], reason, block.records[offset]))
            tally.kept -= 1
            tally.note(reject)
        kept = without(block.records, gone)
        if kept:
            sink.keep(kept)
        begin = end
    merged.finish()


class _Merged:
    """Writes the rejects of both passes in the order of the source's lines.

    A line of the copy is further down in the source by the number of rejected lines before it.
    """

    def __init__(self, staged: Iterator[StagedReject], sink: FileSink) -> None:
        self._staged = staged
        self._next = next(staged, None)
        self._sink = sink
        self._shift = 0

    def reject(self, reject: Reject) -> Reject:
        while self._next is not None and self._next.line <= reject.line + self._shift:
            self._shift += self._next.lines
            self._pass_on(self._next)
        moved = replace(reject, line=reject.line + self._shift)
        self._sink.reject(moved)
        return moved

    def finish(self) -> None:
        while self._next is not None:
            self._pass_on(self._next)

    def _pass_on(self, staged: StagedReject) -> None:
        self._sink.reject_text(staged.text)
        self._next = next(self._staged, None)
