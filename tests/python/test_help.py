"""What help and usage errors call us can be typed as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snowflake_etl.cli.description.__main__ import written
from snowflake_etl.cli.examples import EXAMPLES
from snowflake_etl.cli.main import VERBS, main
from snowflake_etl.config import places

AGAIN = "PYTHONPATH=python .venv/bin/python -m snowflake_etl.cli.description"
ROOT = Path(__file__).resolve().parents[2]


def help_of(verb: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS)
def test_help_names_the_menu_script_of_a_checkout(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert help_of(verb, capsys).startswith(f"usage: ./snowflake_etl.sh {verb} ")
    assert main([verb, "--frobnicate"]) == 2
    assert f"See ./snowflake_etl.sh {verb} --help." in capsys.readouterr().err


def test_from_another_folder_help_names_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert help_of("load", capsys).startswith(f"usage: {ROOT}/snowflake_etl.sh load ")


def test_an_installed_package_names_its_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "is_checkout", lambda: False)
    assert help_of("load", capsys).startswith("usage: snowflake-etl load ")
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: snowflake-etl VERB ")


def test_a_script_is_its_verb() -> None:
    # In a process of its own: a script may end its process at once, whatever threads there are.
    words = [sys.executable, "python/loader.py", "--frobnicate"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "See ./snowflake_etl.sh load --help." in done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from snowflake_etl.cli.main import VERBS, main\n"
        "for verb in VERBS:\n"
        "    try:\n        main([verb, '--help'])\n    except SystemExit:\n        pass\n"
        "heavy = {'pydantic', 'snowflake.connector', 'yaml', 'duckdb', 'cryptography', 'keyring', 'textual'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    run = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True)
    assert run.stderr == "[]\n"


def test_every_verb_has_examples() -> None:
    assert set(EXAMPLES) == set(VERBS), "cli/examples.py has what people type most"


def test_everything_that_is_told_from_the_parsers_is_up_to_date() -> None:
    files = written()
    stale = [
        str(path.relative_to(ROOT))
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    pages = {path for path in files if path.suffix == ".1"}
    left = set((ROOT / "docs" / "man" / "man1").iterdir()) - pages
    assert not stale and not left, f"Write them anew: {AGAIN} ({stale}; remove {left})"
