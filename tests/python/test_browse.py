"""browse: folders looked through on the whole screen and as a plain list; what is chosen is handed back, never run."""

from __future__ import annotations

import asyncio
import io
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.cli.browsing.app import BrowserApp, Canvas
from snowflake_etl.cli.browsing.source import Source
from snowflake_etl.cli.commands import file_browser
from snowflake_etl.cli.common import Context, Parser
from snowflake_etl.cli.terminal import typed
from snowflake_etl.operations.browsing.choices import Choice

JANUARY = "t_20240101-20240131.tsv"
HOSTILE = "ev\x1b[2J\nil\udcff.csv"


@pytest.fixture
def months(desk: Desk) -> Desk:
    """January and half of February, a file of nobody's, a hostile name, a folder with March, something hidden."""
    desk.month("2024-01-01", "2024-01-31", 2)
    desk.month("2024-02-01", "2024-02-15", 1)
    desk.file("notes.csv", ["1,2", "3,4"], "a,b")
    (desk.files / HOSTILE).write_text("x,y\n1,\x1b[31mred\n")
    (desk.files / "2024-03").mkdir()
    desk.file("2024-03/t_20240301-20240331.tsv", rows_for(days_between("2024-03-01", "2024-03-31"), 1))
    desk.file(".hidden.tsv", ["1"])
    return desk


def context_of(desk: Desk, *words: str) -> Context:
    parser = Parser()
    file_browser.add_arguments(parser)
    return Context(parser.parse_args(["--config", str(desk.config), *words]))


class Looking:
    """A browser on a terminal of its own, and somebody who presses keys and waits for what is to be seen."""

    def __init__(self, app: BrowserApp, pilot: Any) -> None:
        self.app = app
        self.press = pilot.press
        self._pilot = pilot

    @property
    def lines(self) -> list[str]:
        canvas = self.app.query_one(Canvas)
        return [canvas.render_line(y).text for y in range(canvas.size.height)]

    @property
    def names(self) -> list[str]:
        return [self.app.browser.name_of(index) for index in self.app.browser.shown]

    async def see(self, *texts: str) -> None:
        for _ in range(1200):
            screen = "\n".join(self.lines)
            if all(text in screen for text in texts):
                assert screen.isascii()
                assert not any(ord(letter) < 32 for letter in screen if letter != "\n")
                return
            await self._pilot.pause(0.05)
        raise AssertionError(f"never seen: {texts}\n{screen}")


def looking(
    desk: Desk,
    walk: Callable[[Looking], Awaitable[None]],
    *words: str,
    action: str | None = None,
    size: tuple[int, int] = (80, 24),
) -> Choice | None:
    """Walk through a browser of this desk; return what was chosen in the end."""

    async def run() -> Choice | None:
        context = context_of(desk, *words)
        app = BrowserApp(Source(context, context.arguments.base_path), action)
        async with app.run_test(size=size) as pilot:
            await walk(Looking(app, pilot))
        return app.return_value

    before = os.environ.get("ETL_STATE_DIR")
    os.environ["ETL_STATE_DIR"] = str(desk.state)
    try:
        return asyncio.run(run())
    finally:
        os.environ.pop("ETL_STATE_DIR")
        if before is not None:
            os.environ["ETL_STATE_DIR"] = before


def test_the_screen_shows_names_sizes_dates_and_whose_they_are(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("config: config.json", JANUARY, "T 2024-01", "T 2024-02-01..15", "kB", "5 here, by name")
        assert look.names == ["..", "2024-03", HOSTILE, "notes.csv", JANUARY, "t_20240201-20240215.tsv"]
        await look.see("ev\\x1b[2J\\nil\\udcff.csv")
        await look.press("end", "up")
        await look.see(
            f"-- {JANUARY}: utf-8, tab, header, 3 columns", "| DAY      | ID   | NAME", "20240101 | 1000 | name 0"
        )
        await look.press("?")
        await look.see("Help: browse files", "asks the ledger")
        await look.press("x", "ctrl+t")
        await look.see(".hidden.tsv", "hidden, too")

    assert looking(months, walk) is None


def test_letters_filter_and_escape_takes_them_back_then_leaves(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see(JANUARY)
        await look.press(*"T_2024")
        await look.see("Filter: T_2024_, 2 of 6 here")
        assert look.names == [JANUARY, "t_20240201-20240215.tsv"]
        await look.press(*"*15")
        assert look.names == ["t_20240201-20240215.tsv"]
        await look.press("backspace", "backspace", "backspace")
        assert len(look.names) == 2
        await look.press("escape")
        assert len(look.names) == 6
        assert look.app.is_running
        await look.press("escape")

    assert looking(months, walk) is None


def test_orders_and_folders(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("kB")
        await look.press("tab")
        await look.see("by size, largest first")
        assert look.names[2] == JANUARY
        await look.press("ctrl+r")
        await look.see("smallest first")
        assert look.names[-1] == JANUARY
        await look.press("tab", "tab", "home", "down", "enter")
        await look.see("t_20240301-20240331.tsv", "T 2024-03")
        await look.press("left")
        await look.see(JANUARY)
        # On the folder that one came from.
        assert look.app.browser.name_of(look.app.browser.current or 0) == "2024-03"

    looking(months, walk)


def test_a_folder_that_cannot_be_read_says_so_for_as_long_as_one_is_in_it(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("2024-03/", JANUARY)
        shutil.rmtree(months.files / "2024-03")
        await look.press("home", "down", "enter")
        await look.see("does not exist", "0 here")
        await look.press("down", "ctrl+t")
        await look.see("does not exist", "0 here, by name, hidden, too")
        assert "reading the folder" not in "\n".join(look.lines), "nobody reads it any more"
        assert "/2024-03'" in "".join(line.strip() for line in look.lines), "whole, however long the path is"
        await look.press("left")
        await look.see(JANUARY)
        assert "does not exist" not in "\n".join(look.lines)

    looking(months, walk)


def test_a_sentence_that_has_no_room_in_its_line_is_shown_whole(months: Desk) -> None:
    words = ("--base-path", str(months.files), "--set", f"load.nonsense_{'x' * 100}_end=1")

    async def walk(look: Looking) -> None:
        await look.see(JANUARY, "_end")

    looking(months, walk, *words)


def test_several_files_are_chosen_and_given_to_an_action(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("T 2024-01")
        await look.press(*"t_", "space", "space")
        await look.see("2 chosen")
        await look.press("enter")
        await look.see("What do you want to do with 2 files?", "sample   - takes one file, 2 are chosen")
        await look.press("s")
        await look.see("Not possible: sample takes one file")
        await look.press("down", "enter")

    chosen = looking(months, walk)
    assert chosen is not None
    assert chosen.action == "load"
    assert [path.name for path in chosen.files] == [JANUARY, "t_20240201-20240215.tsv"]


def test_files_of_nobody_are_not_loaded_but_looked_into(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("T 2024-01")
        await look.press(*"notes", "enter")
        await look.see("load     - no pattern of the configuration fits 'notes.csv'")
        await look.press("l")
        await look.see("Not possible")
        await look.press("s")

    chosen = looking(months, walk)
    assert chosen is not None
    assert chosen.command == ("sample", "--file", str(months.files / "notes.csv"))


def test_an_action_that_is_settled_is_not_asked_for(months: Desk) -> None:
    async def walk(look: Looking) -> None:
        await look.see("T 2024-01")
        await look.press(*"0131", "enter")

    chosen = looking(months, walk, "--base-path", str(months.files), action="load")
    assert chosen == Choice("load", (months.files / JANUARY,))


def test_the_ledger_is_asked_when_wanted_and_only_then(months: Desk, sent: list[str]) -> None:
    assert months.load("--month", "2024-01").code == 0
    (months.files / JANUARY).rename(months.files / "renamed.tsv")
    months.month("2024-02-01", "2024-02-29")
    months.month("2024-01-01", "2024-01-31", 3)
    sent.clear()

    async def walk(look: Looking) -> None:
        await look.see("T 2024-01")
        assert sent == []
        await look.press("ctrl+w")
        await look.see("T 2024-01 changed", "T 2024-02 new")
        await look.press(*"renamed")
        await look.see(f"ledger: live as {JANUARY}, 62 rows")

    looking(months, walk)
    asked = [statement for statement in sent if "ETL_LOAD_LEDGER" in statement and statement.startswith("SELECT")]
    assert len(asked) == 1, "one question for all files"


def test_offline_is_said_and_nothing_waits(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.errors import ConnectError

    def refuse(*_: object, **__: object) -> None:
        raise ConnectError("Nobody answers.")

    monkeypatch.setattr("snowflake_etl.warehouse.signin.Warehouse.open", refuse)

    async def walk(look: Looking) -> None:
        await look.see("T 2024-01")
        await look.press("ctrl+w")
        await look.see("Offline: Nobody answers.", "T 2024-01")

    looking(months, walk)


def test_a_configuration_that_cannot_be_read_does_not_keep_one_from_looking(months: Desk) -> None:
    words = ("--base-path", str(months.files), "--set", "load.nonsense=1")

    async def walk(look: Looking) -> None:
        await look.see("nonsense", JANUARY)

    looking(months, walk, *words)


def test_many_entries_are_read_and_found_beside_the_keys(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowflake_etl.cli.browsing.app._FEW", 50)
    for number in range(1_001):
        (desk.files / f"f{number:05d}.tsv").touch()

    async def walk(look: Looking) -> None:
        await look.see("1,001 here")
        await look.press(*"0059")
        await look.see("Filter: 0059_, 11 of 1,001 here", "f00059.tsv", "f00599.tsv")
        await look.press("ctrl+u")
        await look.see("1,001 here, by name")
        await look.press("end")
        await look.see("f01000.tsv")
        await look.press("home", "pagedown")
        assert look.app.browser.place == 12

    looking(desk, walk)


@pytest.mark.parametrize("size", [(132, 43), (60, 16), (20, 5)])
def test_any_size_of_terminal(months: Desk, size: tuple[int, int]) -> None:
    async def walk(look: Looking) -> None:
        await look.see("Files: ", "2024-03/" if size[1] > 5 else "../")
        assert [len(line) for line in look.lines] == [size[0]] * size[1]
        await look.press("end", "ctrl+v", "?")
        assert look.app.is_running

    looking(months, walk, size=size)


def test_a_name_is_typed_so_that_bash_takes_it_back() -> None:
    assert shlex.split(typed(["load", "--file", "/a b/$(touch y)"])) == ["load", "--file", "/a b/$(touch y)"]
    assert typed([f"/{HOSTILE}", "it's\n"]) == r"$'/ev\x1b[2J\x0ail\xff.csv' $'it\x27s\x0a'"


def plain(desk: Desk, monkeypatch: pytest.MonkeyPatch, lines: list[str], *words: str) -> Answer:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return desk.run("browse", "--config", str(desk.config), *words)


def test_the_plain_list_chooses_by_number_and_prints_the_command(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = plain(months, monkeypatch, ["t_", "1-2", "check"])
    assert answer.code == 0
    command = shlex.split(answer.out)
    assert command[1:] == [
        "check-file",
        *("--config", str(months.config)),
        *("--file", str(months.files / JANUARY)),
        *("--file", str(months.files / "t_20240201-20240215.tsv")),
    ]
    assert "T 2024-01" in answer.err
    assert "Filter: t__, 2 of 6 here" in answer.err
    assert answer.err.isascii()
    assert "\x1b" not in answer.err


def test_the_plain_list_does_what_the_screen_does(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["2", "1", "hidden", "sort size", "sort size", "sort nothing", "/", "view 3", "view x", "99", "load", "?"]
    lines += ["cd nowhere", "cd 2024-03", "", "..", "all", "all", "ledger"]
    lines += [f"view {'9' * 5000}", "9" * 5000, "cd ~nobody of this name/x", "cd a\0b", f"cd {'x' * 3000}"]
    lines += ["/check", "nothing"]
    answer = plain(months, monkeypatch, lines)
    assert (answer.code, answer.out) == (0, "ok: Nothing was chosen.\n")
    for text in (
        f"Files: {months.files}/2024-03\n",
        "by size, largest first, hidden, too",
        "by size, smallest first",
        "Sort by what? There are name, size, date.",
        "View which file?",
        "There is no number 99 here: there are 1 to 7.",
        "Nothing is chosen.",
        "opens a folder; chooses a file",
        "does not exist",
        "There is no such home: '~nobody of this name/x'.",
        "No path has a NUL in it: 'a\\x00b'.",
        "File name too long",
        "answered in",
        "T 2024-01 new",
        "Filter: check_, 0 of 6 here",
        "Filter: nothing_",
    ):
        assert text in answer.err, text


def test_what_is_chosen_goes_to_a_private_file_with_nuls(
    months: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = plain(months, monkeypatch, ["ev", "1", "notes", "1", "compare"], "--chosen", str(tmp_path / "chosen"))
    assert (answer.code, answer.out) == (0, "")
    paths = [os.fsencode(months.files) + b"/" + os.fsencode(name) for name in (HOSTILE, "notes.csv")]
    assert (tmp_path / "chosen").read_bytes() == b"\0".join([b"compare", *paths, b""])
    assert (tmp_path / "chosen").stat().st_mode & 0o777 == 0o600


def test_json_says_what_was_chosen_and_nothing_else(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    result = plain(months, monkeypatch, ["/0131", "1", "load"], "--json", "--action", "load").result
    assert (result["status"], result["action"], result["files"]) == ("chosen", "load", [str(months.files / JANUARY)])
    assert result["command"][0] == "load"
    result = plain(months, monkeypatch, ["q"], "--json").result
    assert (result["status"], result["files"], result["exit_code"]) == ("nothing", [], 0)


def test_what_is_no_folder_is_a_usage_error(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain(months, monkeypatch, [], "--base-path", str(months.files / JANUARY)).code == 2


def test_the_screen_is_taken_only_where_it_can_be(months: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Context, "is_interactive", property(lambda _: True))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 24)))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("ETL_UI", raising=False)
    assert file_browser._has_screen(context_of(months))
    assert not file_browser._has_screen(context_of(months, "--plain"))
    with monkeypatch.context() as dumb:
        dumb.setenv("TERM", "dumb")
        assert not file_browser._has_screen(context_of(months))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "textual", None)
        assert not file_browser._has_screen(context_of(months))
    with monkeypatch.context() as asked:
        asked.setenv("ETL_UI", "plain")
        assert not file_browser._has_screen(context_of(months))
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((50, 24)))
    assert not file_browser._has_screen(context_of(months))
