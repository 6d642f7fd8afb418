"""Flags for a file's layout, for when neither the configuration nor the file itself tells (floor 6)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowflake_etl.files.layout import LayoutWishes


def add_layout_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--delimiter``, ``--quote-char``, ``--header`` and ``--encoding``."""
    group = parser.add_argument_group("the layout, if it is not detected correctly")
    group.add_argument("--delimiter", metavar="CHAR", help="one character, or tab, comma, semicolon, pipe")
    group.add_argument("--quote-char", metavar="CHAR", help="what encloses fields; '' for none")
    group.add_argument("--header", choices=("yes", "no"), help="whether the first line names the columns")
    group.add_argument("--encoding", metavar="NAME", help="utf-8, latin-1, cp1252, utf-16, ...")


def layout_wishes_of(arguments: argparse.Namespace) -> LayoutWishes:
    """What the flags say."""
    from snowflake_etl.config.sections.files import DELIMITER_WORDS
    from snowflake_etl.files.layout import LayoutWishes

    text = arguments.delimiter
    return LayoutWishes(
        delimiter=DELIMITER_WORDS.get(text.lower(), text) if text is not None else None,
        quote=arguments.quote_char,
        header=None if arguments.header is None else arguments.header == "yes",
        encoding=arguments.encoding,
    )
