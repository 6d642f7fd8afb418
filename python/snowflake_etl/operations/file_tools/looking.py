"""How the file tools read a file (floor 5): its layout by configuration, flags and detection, and DuckDB over it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import ConfigError, FileError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import Compression, Layout, LayoutWishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.files.unpacking import unpacked
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.quality.duck import Duck, OutOfSpace, Resources

_ESTIMATED_FROM_BYTES = 4 << 20
_PIECES, _PIECE_BYTES = 64, 64 << 10
# Each DuckDB thread has its own buffers and vectors: with many cores they would not all fit within the limit.
_THREAD_BYTES = 50_000_000
# The setting in a configuration, and the flag for it.
_FLAGS = {"delimiter": "--delimiter CHAR", "header": "--header yes (or no)", "encoding": "--encoding NAME"}


def entry_of(path: Path, loaded: LoadedConfiguration, table: str | None = None) -> FileSection | None:
    """The configured entry for a file, by its name or by ``table``; None if there is none.

    Raise ConfigError where several patterns match.
    """
    entries = [
        entry for entry in loaded.configuration.files if table is None or entry.table_name.upper() == table.upper()
    ]
    if table is not None and not entries:
        known = ", ".join(dict.fromkeys(entry.table_name for entry in loaded.configuration.files))
        raise ConfigError(f"{loaded.path} has no table '{table}'. It has: {known}.")
    fitting = [entry for entry in entries if FilePattern(entry.file_pattern, entry.table_name).claim(path.name)]
    if len(fitting) > 1:
        raise ConfigError(
            f"Several patterns of {loaded.path} match {shown(path.name)}. Say with --table how it is to be read."
        )
    if fitting:
        return fitting[0]
    return entries[0] if table is not None and len(entries) == 1 else None


def layout_of(path: Path, wishes: LayoutWishes) -> Layout:
    """Return a file's layout.  Raise FileError, naming the flag that helps, if it is not clear."""
    try:
        return read_layout(path, wishes)
    except FileError as error:
        told = next((flag for key, flag in _FLAGS.items() if f"'{key}'" in str(error)), "")
        raise FileError(f"{error} For this command alone: {told}." if told else str(error)) from None


def wishes_of(entry: FileSection | None, flags: LayoutWishes) -> LayoutWishes:
    """What the flags say about a layout, else what the configuration says."""
    if entry is None:
        return flags
    wishes = layout_wishes(entry, entry.columns)
    said = {
        name: value
        for name in ("delimiter", "quote", "header", "encoding")
        if (value := getattr(flags, name)) is not None
    }
    return replace(wishes, **said)


@contextmanager
def one_duck(path: Path, resources: Resources, what: str) -> Iterator[Duck]:
    """Open a DuckDB within the limits.
    Raise FileError, naming them, if they do not suffice; ``what`` says what was to be done with ``path``.
    """
    threads = max(1, min(resources.threads, resources.memory_limit // _THREAD_BYTES))
    with Duck(replace(resources, threads=threads)) as duck:
        try:
            yield duck
        except OutOfSpace as error:
            raise FileError(
                f"{shown(path)} cannot be {what} within the memory and temporary space that it may use ({error}). "
                "Raise quality.temp_limit or quality.memory_limit, or free space in the state folder."
            ) from error


def estimated_rows(path: Path, layout: Layout) -> tuple[int, bool]:
    """Estimate how many lines a file has apart from its header, and say whether that is exact.
    Judged from pieces all over a plain file, from the first MiB of a compressed one.
    """
    if layout.compression is Compression.NONE and path.stat().st_size > _ESTIMATED_FROM_BYTES:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            offsets = [(size - _PIECE_BYTES) * number // (_PIECES - 1) for number in range(_PIECES)]
            lines = sum(os.pread(file.fileno(), _PIECE_BYTES, offset).count(b"\n") for offset in offsets)
        return lines * size // (_PIECES * _PIECE_BYTES), False
    read = newlines = 0
    with SourceFile(path) as source:
        last = b"\n"
        for block in unpacked(source, layout.compression):
            read += len(block)
            newlines += block.count(b"\n")
            last = block[-1:] or last
            if read >= _ESTIMATED_FROM_BYTES:
                break
        at_end = read < _ESTIMATED_FROM_BYTES
        lines = newlines + (last != b"\n") if at_end else newlines * source.size // max(1, source.position)
    return max(0, lines - layout.header), at_end and layout.quote is None and layout.compression is Compression.NONE
