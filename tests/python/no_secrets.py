"""The look for secrets over everything that the suite writes and shows.

The login of the embedded warehouse is a genuine secret that nearly every test uses: it is looked for in each answer of
a command, in every file of the state folders, and in the process list.  Tests may plant more: what ``planted`` makes
holds a word that run_all_tests.sh looks for in whatever the whole suite leaves, says and shows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# What the warehouse itself keeps: its secret, and the operators' data.
_ITS_OWN = ("secret", "data", "stage", "spill", "incoming")
_LARGEST = 64 * 1024 * 1024
_WORD = os.environ.get("ETL_TEST_PLANTED", "planted-by-a-test")


def planted(name: str) -> str:
    """A secret for a test to plant, with the word in it that run_all_tests.sh looks for."""
    return f"{_WORD}-{name}"


def planted_in(path: Path) -> Path:
    """Say that a secret stands in this file on purpose, as operators keep one."""
    if listed := os.environ.get("ETL_TEST_PLANTED_FILES"):
        with Path(listed).open("a", encoding="utf-8") as stream:
            stream.write(f"{path.resolve()}\n")
    return path


def login_secret(state: Path) -> list[str]:
    """The secret of a state folder's embedded warehouse, where there is one."""
    path = state / "local-warehouse" / "secret"
    return [text] if path.is_file() and (text := path.read_text(encoding="utf-8").strip()) else []


def assert_not_in(text: str, secrets: Iterable[str], where: str) -> None:
    """No secret stands in the text; the failure does not say it either."""
    for number, secret in enumerate(secrets):
        if secret in text:
            raise AssertionError(f"secret {number} stands in {where}: {text.replace(secret, '<HERE>')[:2000]}")


def assert_nowhere_below(folder: Path, secrets: Iterable[str]) -> int:
    """No file of the state folder holds one of the secrets; return how many files were read."""
    texts = list(secrets)
    count = 0
    for path in _files(folder):
        content = path.read_bytes().decode("utf-8", "replace")
        assert_not_in(content, texts, str(path.relative_to(folder)))
        count += 1
    return count


def assert_in_no_command_line(secrets: Iterable[str]) -> None:
    """No process of this host, ours or a child's, has a secret among its words."""
    texts = list(secrets)
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # It has ended, or is another user's.
        assert_not_in(words, texts, f"the process list ({path.parent.name})")


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        its_own = _ITS_OWN if Path(root).name == "local-warehouse" else ()
        folders[:] = [name for name in folders if name not in its_own]
        for name in names:
            path = Path(root, name)
            if name not in its_own and path.is_file() and path.stat().st_size <= _LARGEST:
                yield path
