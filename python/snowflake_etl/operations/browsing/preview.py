"""The first rows of a file, with the layout used to read them (floor 5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.errors import EtlError
from snowflake_etl.files.detect import first_records, read_layout
from snowflake_etl.files.layout import Layout, LayoutWishes
from snowflake_etl.files.listing import is_regular
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection

_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar"}


@dataclass(frozen=True)
class Preview:
    """``layout`` in words, column names and rows as in the file; or a ``problem`` and nothing else."""

    path: Path
    layout: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def preview(path: Path, entry: FileSection | None, rows: int) -> Preview:
    """Read the beginning of a file as its entry says; what the entry leaves open is detected."""
    if not is_regular(path):
        return Preview(path, problem="It is no file.")
    try:
        layout = read_layout(path, layout_wishes(entry, entry.columns) if entry else LayoutWishes(), tolerant=True)
        return Preview(path, _in_words(layout), layout.columns, first_records(path, layout, rows))
    except EtlError as error:
        return Preview(path, problem=str(error))
    except OSError as error:
        return Preview(path, problem=f"It cannot be read: {error.strerror}.")


def _in_words(layout: Layout) -> str:
    packed = [] if layout.compression == "none" else [str(layout.compression)]
    delimiter = _NAMES.get(layout.delimiter, layout.delimiter)
    quote = [f"quote {layout.quote}"] if layout.quote else []
    header = "header" if layout.header else "no header"
    ending = ["CR LF"] if layout.line_ending == "\r\n" else []
    columns = counted(len(layout.columns), "column")
    return ", ".join([*packed, layout.encoding, delimiter, *quote, header, *ending, columns])
