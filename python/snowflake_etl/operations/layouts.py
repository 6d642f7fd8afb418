"""What the configuration says about a file's layout (floor 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from snowflake_etl.files.layout import LayoutWishes

if TYPE_CHECKING:
    from snowflake_etl.config.model import FileSection


def layout_wishes(entry: FileSection, columns: Sequence[str]) -> LayoutWishes:
    """Return what the configuration says about a file's layout."""
    return LayoutWishes(entry.wished_delimiter, entry.quote_char, entry.header, entry.encoding, tuple(columns))
