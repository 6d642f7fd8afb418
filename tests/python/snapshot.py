"""What is shown, kept word for word: a changed screen is a changed file that somebody reads before it lands.

``ETL_TEST_SNAPSHOTS=write`` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "snapshots"


def same_as_before(name: str, text: str) -> None:
    """Hold ``text`` against the snapshot of that name."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("ETL_TEST_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} says otherwise; ETL_TEST_SNAPSHOTS=write writes it anew"
