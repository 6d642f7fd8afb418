"""Typing commands: the nearest word is named, flags stand anywhere, and every example of the help is one that works."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from desk import ROOT, parser_of
from snowflake_etl.cli.examples import EXAMPLES
from snowflake_etl.cli.main import VERBS, WITH_VALUE, main

LINES = [(verb, words) for verb, examples in EXAMPLES.items() for _, words in examples]


@pytest.mark.parametrize(("verb", "words"), LINES, ids=lambda value: value or "alone")
def test_an_example_is_a_command_that_works(verb: str, words: str) -> None:
    parser_of(verb).parse_intermixed_args(shlex.split(words))
    assert len(f"  ./snowflake_etl.sh {verb} {words}") <= 80


@pytest.mark.parametrize("verb", VERBS)
def test_help_ends_with_the_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    for what, words in EXAMPLES[verb]:
        assert f"  # {what}\n" in shown
        assert f" {verb} {words}".rstrip() + "\n" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["load", "--mont", "2024-01"], "Unrecognized arguments: --mont 2024-01. Did you mean '--month'? See "),
        (["load", "--dryrun", "--month", "2024-01"], "Did you mean '--dry-run'? See "),
        (["sample", "--file", "-a$b.tsv"], "A value that begins with '-' is written --file='-a$b.tsv'. See "),
        (["sample", "--file", "--rows", "3"], "Argument --file: expected one argument. See "),
        (["load", "--mode", "replce"], "(choose from append, replace). Did you mean 'replace'? See "),
        (["stage", "lst"], "(choose from list, clean, performance). Did you mean 'list'? See "),
        (["config", "valdate"], "Did you mean 'validate'? See "),
        (["history", "LIST"], "Did you mean 'list'? See "),
        (["raport"], "There is no verb 'raport'. Did you mean 'report'?"),
        (["--json", "raport", "--month", "last"], "There is no verb 'raport'. Did you mean 'report'?"),
        (["load", "--xyzzy"], "Unrecognized arguments: --xyzzy. See "),
    ],
)
def test_the_nearest_word_is_named(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["config", "target", "--config", "config/example.json"],
        ["--config", "config/example.json", "config", "target"],
        ["config", "--config=config/example.json", "--quiet", "target"],
        ["--quiet", "--config=config/example.json", "config", "target"],
    ],
)
def test_flags_stand_in_any_place(
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ETL_STATE_DIR", str(tmp_path_factory.mktemp("state")))
    assert main(words) == 0
    assert capsys.readouterr().out == "local\n"


def test_a_verbs_own_flag_with_its_value_stands_before_it_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ETL_STATE_DIR", str(tmp_path))
    assert main(["--limit", "3", "--json", "history", "list"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_bash_and_python_know_the_same_flags_before_a_verb() -> None:
    script = (ROOT / "snowflake_etl.sh").read_text(encoding="utf-8")
    (line,) = [line for line in script.splitlines() if line.strip().startswith("--config | ")]
    assert {word.strip() for word in line.strip().rstrip(")").split("|")} == WITH_VALUE
    taking = {
        flag
        for verb in VERBS
        for action in parser_of(verb)._actions
        if action.nargs is None
        for flag in action.option_strings
    }
    assert taking >= WITH_VALUE
