"""What is no file, what cannot be told, what must not be written: said at once, the same by every file tool."""

from __future__ import annotations

import os

import pytest

from desk import Desk

WAYS = {
    "sample": ("sample", "--file"),
    "compare": ("compare", "--with", "{other}", "--file"),
    "clean-file": ("clean-file", "--file"),
    "generate": ("config", "generate", "--file"),
    "parts": ("load", "--from-parts"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_pipe_is_told_and_not_waited_for(desk: Desk, way: str) -> None:
    """``sample`` and ``load --from-parts`` had waited for somebody who writes into it."""
    other, pipe = desk.month("2024-01-01", "2024-01-31"), desk.files / "pipe"
    os.mkfifo(pipe)
    verb, *words = (word.format(other=other) for word in WAYS[way])
    answer = desk.run(verb, "--config", str(desk.config), *words, str(pipe))
    assert answer.code == 6
    assert "is no manifest of compress" in answer.err or "is a pipe, socket or device, not a file." in answer.err


@pytest.mark.parametrize("way", [name for name in WAYS if name != "parts"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "is a folder. Name a file in it."), ("nothing", "There is no file "), ("x/y", "There is no file ")],
)
def test_no_file_is_told_in_one_way(desk: Desk, way: str, name: str, sentence: str) -> None:
    other = desk.month("2024-01-01", "2024-01-31")
    verb, *words = (word.format(other=other) for word in WAYS[way])
    answer = desk.run(verb, "--config", str(desk.config), *words, str(desk.files / name))
    assert answer.code == 6
    assert sentence in answer.err


@pytest.mark.parametrize(
    ("content", "flag"),
    [(b"name\nx\ny\n", "--header yes (or no)"), (b"a\tb\n1\t\xe4\n", "--encoding NAME")],
)
def test_what_cannot_be_told_of_a_file_names_the_flag_that_tells_it(desk: Desk, content: bytes, flag: str) -> None:
    """The sentence spoke of a configuration alone, which a file that is looked into often has not."""
    path = desk.file("new.tsv", content)
    for verb, *more in (("sample",), ("compare", "--with", str(desk.file("other.tsv", content)))):
        answer = desk.run(verb, "--config", str(desk.config), "--file", str(path), *more)
        assert answer.code == 6
        assert f"For this command alone: {flag}.\n" in answer.err


def test_a_configuration_that_is_read_only_stays_as_it_is(desk: Desk) -> None:
    """It was replaced, which its mode does not keep from."""
    file = desk.file("new_2024-01.tsv", ["20240101\t1\tx"])
    before = desk.config.read_text()
    (desk.folder / "config.json").chmod(0o444)
    words = ("config", "generate", "--file", str(file), "--into", str(desk.folder / "config.json"))
    assert desk.run(*words, "--dry-run").code == 0
    answer = desk.run(*words, "--yes")
    assert answer.code == 7
    assert "is read-only (mode 0444); nothing was written. Make it writable with chmod u+w" in answer.err
    assert (desk.folder / "config.json").read_text() == before
    assert [one.name for one in desk.folder.iterdir() if one.name.endswith(".bak")] == []


def test_a_file_that_differs_in_what_is_no_row_says_so(desk: Desk) -> None:
    """It was "different: rows removed: 0, added: 0, changed: 0."."""
    one, other = desk.file("a.tsv", b"a\tb\n1\t2\n"), desk.file("b.tsv", b"a\tb\n1\t2\n3\n")
    words = ("compare", "--config", str(desk.config), "--file", str(one), "--with", str(other), "--header", "yes")
    answer = desk.run(*words)
    assert answer.code == 6
    assert answer.out.endswith(
        "different: the rows that were compared are the same, and others do not fit the layout.\n"
    )


def test_a_template_that_there_is_not(desk: Desk) -> None:
    answer = desk.run("config", "template", "keypair")
    assert answer.code == 2
    assert "There is no template 'keypair'. Did you mean 'key-pair'? Say which template: " in answer.err
