"""Write the files generated from the parsers (floor 6): ``python -m snowflake_etl.cli.description``; a test compares
them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from snowflake_etl.cli.description.completion import with_words
from snowflake_etl.cli.description.facts import all_verbs
from snowflake_etl.cli.description.markdown import commands_document
from snowflake_etl.cli.description.roff import man_pages
from snowflake_etl.config.places import CHECKOUT


def written() -> Mapping[Path, str]:
    """Every file generated from the parsers, with its content."""
    verbs = all_verbs()
    completion = CHECKOUT / "completions" / "snowflake_etl.bash"
    pages = {CHECKOUT / "docs" / "man" / "man1" / name: page for name, page in man_pages(verbs).items()}
    return {
        CHECKOUT / "docs" / "commands.md": commands_document(verbs),
        completion: with_words(completion.read_text(encoding="ascii"), verbs),
        **pages,
    }


def main() -> int:
    for path, text in written().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(CHECKOUT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
