"""A folder's entries: read in pieces, sorted and found without a stat, whatever their names are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowflake_etl.errors import FileError
from snowflake_etl.files import listing as module
from snowflake_etl.files.listing import GONE, UNKNOWN, Listing, View, is_regular

HOSTILE = ["-rf", "two\nlines.tsv", "\x1b[2J.tsv", "M\udce4rz.tsv", "*.tsv", " blank", "b$(touch y)"]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece has an end within a few entries."""
    for name in ("_READ_AT_A_TIME", "_LOOK_AT_A_TIME", "_FIND_AT_A_TIME", "_SORT_AT_A_TIME"):
        monkeypatch.setattr(module, name, 3)


def read(folder: Path) -> Listing:
    listing = Listing(folder)
    for _ in listing.read():
        pass
    return listing


def looked(folder: Path) -> Listing:
    listing = read(folder)
    for _ in listing.look():
        pass
    return listing


def names(listing: Listing, view: View) -> list[str]:
    order = listing.ordered(view)
    return [listing.names[index] for index in listing.matching(order, view.text)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("b.tsv", "A.tsv", "c.csv", ".hidden", "big.tsv", *HOSTILE)):
        path = tmp_path / name
        path.write_bytes(b"x" * (1000 if name == "big.tsv" else number))
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    (tmp_path / "z folder").mkdir()
    (tmp_path / "link").symlink_to("z folder")
    (tmp_path / "broken").symlink_to("nothing")
    return tmp_path


def test_names_come_in_pieces_and_need_no_stat(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a stat")

    monkeypatch.setattr(module.os, "stat", refuse)
    listing = Listing(folder)
    assert [*listing.read()] == [3, 6, 9, 12, 15]
    assert sorted(listing.names) == sorted(path.name for path in folder.iterdir())
    assert set(listing.sizes) == {UNKNOWN}


def test_folders_come_first_then_names_whatever_their_case(folder: Path) -> None:
    shown = names(read(folder), View())
    assert shown[:2] == ["link", "z folder"]
    others = [path.name for path in folder.iterdir() if path.name[0] != "." and path.name not in shown[:2]]
    assert shown[2:] == sorted(others, key=str.casefold)
    assert ".hidden" in names(read(folder), View(hidden=True))
    assert names(read(folder), View(backwards=True))[2:] == shown[:1:-1]


def test_the_largest_and_the_newest_come_first(folder: Path) -> None:
    listing = looked(folder)
    assert names(listing, View(by="size", text="*"))[2] == "big.tsv"
    assert names(listing, View(by="size", backwards=True))[2] == "broken"
    assert names(listing, View(by="date", text="tsv"))[0] == "*.tsv"
    assert listing.sizes[listing.names.index("broken")] == GONE


def test_words_of_a_filter_are_all_in_the_name(folder: Path) -> None:
    listing = read(folder)
    assert names(listing, View(text="a.t")) == ["A.tsv"]
    assert names(listing, View(text="T B")) == ["b$(touch y)", "b.tsv", "big.tsv"]
    assert names(listing, View(text="b*g")) == ["big.tsv"]
    assert names(listing, View(text="[")) == ["\x1b[2J.tsv"]
    assert names(listing, View(text="nothing has this")) == []


def test_what_somebody_looks_at_is_looked_at_first(folder: Path) -> None:
    listing = read(folder)
    last = len(listing.names) - 1
    listing.want([last])
    looking = listing.look()
    next(looking)
    assert listing.sizes[last] != UNKNOWN
    assert listing.sizes[last - 1] == UNKNOWN


def test_reading_and_sorting_stop_when_nobody_wants_them(folder: Path) -> None:
    listing = Listing(folder)
    assert [*listing.read(lambda: True)] == [3]
    assert [*read(folder).look(lambda: True)] == [3]
    assert read(folder).ordered(View(), lambda: True) == []


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="is not a folder"):
        [*Listing(tmp_path / "file").read()]
    with pytest.raises(FileError, match="does not exist"):
        [*Listing(tmp_path / "none").read()]
    listing = read(tmp_path)
    (tmp_path / "file").unlink()
    tmp_path.rmdir()
    assert [*listing.look()] == []


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    assert [is_regular(tmp_path / name) for name in ("pipe", "file", "none")] == [False, True, False]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=3), st.integers(0, 3)), max_size=40), st.booleans())
def test_pieces_are_sorted_as_the_whole_would_be(entries: list[tuple[str, int]], backwards: bool) -> None:
    listing = Listing(Path("/"))
    listing.names = [name for name, _ in entries]
    listing.sizes = [size for _, size in entries]
    listing.folders = bytearray(len(entries))
    listing.times = [0.0] * len(entries)
    order = listing.ordered(View(by="size", backwards=backwards, hidden=True))
    by_name = sorted(range(len(entries)), key=lambda index: entries[index][0].casefold())
    assert order == sorted(by_name, key=lambda index: entries[index][1], reverse=not backwards)
