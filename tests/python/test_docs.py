"""The documentation is right: commands parse, links lead somewhere, and the README leads everywhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from desk import ROOT, parser_of
from snowflake_etl.cli.main import VERBS
from snowflake_etl.errors import ExitCode

DOCS = ROOT / "docs"
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *sorted(DOCS.glob("*.md"))]
BASH_VERBS = ("jobs", "setup")
# What is typed ends at a pipe, at a redirection, at the next command, or at two blanks and an explanation.
END_OF_COMMAND = re.compile(r"\s*(?:[|;&>].*|\s\s.*|\s#.*)?$")


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """(where it stands, its words) of every command line of a page: in code blocks and in the text."""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        spoken = re.findall(r"`\./snowflake_etl\.sh ([^`]+)`", line)
        typed = re.match(r"\s*(?:\$ |host \w:\s+)?\./snowflake_etl\.sh +(.+)", line)
        for text in [*spoken, *([END_OF_COMMAND.sub("", typed[1])] if typed else [])]:
            words = [word for word in shlex.split(text) if word != "--background"]
            if words and words != ["--version"] and words[0] != "VERB":
                yield f"{page.name}:{number}", words


COMMANDS = [pytest.param(words, id=where) for page in PAGES for where, words in commands(page)]


@cache
def help_of(verb: str) -> str:
    done = subprocess.run(["bash", ROOT / "snowflake_etl.sh", verb, "--help"], stdout=-1, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_line_of_the_documentation_parses(words: list[str]) -> None:
    verb, *arguments = words
    if verb in VERBS:
        parser_of(verb).parse_intermixed_args(arguments)
        return
    assert verb in BASH_VERBS
    for word in arguments:
        if word.startswith("--") or (verb == "jobs" and word == arguments[0]):
            assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", help_of(verb)), f"{verb} has no {word}"


def test_there_are_commands_in_the_documentation() -> None:
    pages = {str(one.id).partition(":")[0] for one in COMMANDS}
    assert pages >= {"README.md", "guide.md", "tutorial.md", "tables.md"}
    assert len(COMMANDS) > 80


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub writes them in addresses."""
    found: list[str] = []
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.append(f"{plain}-{found.count(plain)}" if plain in found else plain)
    return set(found)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """(file, anchor) of every link of a page that stays in the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {target.name}#{anchor}"


def test_the_guide_begins_with_all_of_its_headings() -> None:
    guide = DOCS / "guide.md"
    situations = anchors(guide) - {"what-do-i-do-when-"}
    assert len(situations) > 25
    assert {anchor for target, anchor in links(guide) if target == guide} == situations


def test_every_page_is_reached_from_the_readme() -> None:
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page not in reached:
            reached.add(page)
            left += [target for target, _ in links(page)] if page.suffix == ".md" else []
    assert set(DOCS.iterdir()) - reached == set()


def test_the_readme_has_every_verb_and_no_other() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Verbs\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == sorted((*VERBS, *BASH_VERBS))


def test_the_table_of_exit_codes_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", (DOCS / "exit-codes.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(int(code), code.name) for code in ExitCode]
    bash = re.findall(r"^ +ETL_EXIT_\w+=(\d+)$", (ROOT / "lib" / "core.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(map(int, bash)) == sorted(map(int, ExitCode))


def test_the_readme_shows_the_menu_of_today() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    menus = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lib" / "menus").glob("*.sh"))
    entries = re.findall(r"^ +\| \| (\S.*?) {2,}(\S.*?) +\| \|$", readme, re.MULTILINE)
    assert len(entries) >= 8
    for entry in entries:
        for words in entry:
            assert words in menus, f"the menu has no '{words}'"
    screens = readme.partition("\n## What it does")[0]
    blocks = re.findall(r"^```\n(.*?)^```$", screens, re.MULTILINE | re.DOTALL)
    assert max(len(line) for block in blocks for line in block.splitlines()) <= 80
