"""What the benchmarks share: sizes in words, medians, tables, the last line for machines."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size_in_bytes(text: str) -> int:
    """Read 1G, 256M, 4096.  For argparse."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size: write 1G, 256M or a number of bytes")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def in_words(size: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.2f} GiB"


def load_average() -> str:
    """The machine's load average, needed to interpret figures from a busy machine."""
    return "load average " + ", ".join(f"{one:.1f}" for one in os.getloadavg())


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column left-aligned, numbers right-aligned."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in range(1, len(row)))]
        print("  ".join(cells).rstrip())


def print_result(**facts: object) -> None:
    """Print one line of JSON, the last of every benchmark."""
    print(json.dumps(facts))
