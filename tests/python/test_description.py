"""What is written from the parsers is up to date, and bash completes with it without starting anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from desk import ROOT
from snowflake_etl.cli.description.__main__ import written
from snowflake_etl.cli.description.facts import all_verbs

COMPLETION = ROOT / "completions" / "snowflake_etl.bash"


def test_every_flag_stands_in_every_document() -> None:
    files = {path.relative_to(ROOT).as_posix(): text for path, text in written().items()}
    document, words = files["docs/commands.md"], files["completions/snowflake_etl.bash"]
    for verb in all_verbs():
        page = files[f"docs/man/man1/snowflake-etl-{verb.name}.1"]
        assert f"\n## {verb.name}\n" in document
        (flags,) = [line for line in words.splitlines() if line.startswith(f"    {verb.name}) REPLY=")]
        for flag in (name for one in verb.arguments for name in one.names if name.startswith("--")):
            assert flag in document and flag in flags.replace("'", " ").split(), flag
            assert flag.replace("-", "\\-") in page
    assert all(text.isascii() for text in files.values())


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff here")
def test_man_pages_are_roff_without_complaints() -> None:
    pages = [str(path) for path in sorted((ROOT / "docs" / "man" / "man1").iterdir())]
    command = ["groff", "-man", "-Tascii", "-ww", "-z", *pages]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def completed(line: str, folder: Path, program: str = str(ROOT / "snowflake_etl.sh"), **surroundings: str) -> list[str]:
    """What is offered for the last word of a line; no program can be started, since PATH is empty."""
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _snowflake_etl 2>&1; '
        'for word in "${COMPREPLY[@]}"; do printf "%s\\n" "$word"; done'
    )
    bash = shutil.which("bash")
    assert bash
    words = [program, *line.split(" ")]
    run = subprocess.run(
        [bash, "--norc", "-c", script, "bash", str(COMPLETION), *words],
        env={"PATH": "/nowhere", "HOME": str(folder), "ETL_STATE_DIR": str(folder), **surroundings},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


def test_verbs_subcommands_flags_and_choices(tmp_path: Path) -> None:
    assert completed("lo", tmp_path) == ["load", "local"]
    assert set(completed("", tmp_path)) >= {"load", "jobs", "setup", "help", "schedule"}
    assert completed("stage cl", tmp_path) == ["clean"]
    assert completed("jobs re", tmp_path) == ["rerun", "report"]
    assert completed("config --quiet va", tmp_path) == ["validate"]
    assert completed("--limit 3 hi", tmp_path) == ["history"], "a verb's own flag may stand before it"
    assert completed("--limit = 3 hi", tmp_path) == ["history"]
    assert completed("--quiet stage cl", tmp_path) == ["clean"]
    assert completed("load --mode ", tmp_path) == ["append", "replace"]
    assert completed("load --qc = s", tmp_path) == ["snowflake", "skip"], "bash takes --qc=s apart"
    assert completed("load --mode =", tmp_path) == ["append", "replace"]
    assert completed("load --allow", tmp_path) == ["--allow-existing", "--allow-shrink"]
    assert completed("--config a.json lo", tmp_path) == ["load", "local"]
    assert completed("setup --make-w", tmp_path) == ["--make-wheelhouse"]
    assert completed("jobs list --state fa", tmp_path) == ["failed"]
    assert completed("xyzzy --qu", tmp_path) == []
    assert completed("help sch", tmp_path) == ["schedule"]


def test_months_tables_jobs_and_files(tmp_path: Path) -> None:
    months = completed("load --month ", tmp_path)
    assert months[:3] == ["current", "last", "all"] and len(months) == 16
    assert months[3:] == sorted(months[3:], reverse=True)
    assert completed("--month ", tmp_path) == months
    assert completed("load --month 2024-01,la", tmp_path) == ["2024-01,last"]
    newest = months[3]
    assert completed(f"load --month 2024-01,2023-01..{newest}", tmp_path) == [f"2024-01,2023-01..{newest}"]
    assert completed("--qc ", tmp_path) == ["file", "snowflake", "both", "skip"]
    (tmp_path / "one.json").write_text(
        '{"files": [{"table_name": "SALES"},{"table_name":"STOCK"}, {"table_name": "SALES"}]}'
    )
    (tmp_path / "two.yaml").write_text("files:\n- table_name: DB.PUBLIC.ORDERS\n  x: 1\n- table_name: 'ITEMS'\n")
    assert completed("load --config one.json --table ", tmp_path) == ["SALES", "STOCK"]
    assert completed("load --config = two.yaml --table ", tmp_path) == ["DB.PUBLIC.ORDERS", "ITEMS"]
    assert completed("report --config one.json --table ", tmp_path) == ["SALES", "STOCK"]
    assert completed("--config one.json --table ST", tmp_path) == ["STOCK"], "before the verb, too"
    assert completed("validate --table ST", tmp_path, ETL_CONFIG=str(tmp_path / "one.json")) == ["STOCK"]
    assert completed("validate --table ", tmp_path) == ["FLIGHTS"], "the example's"
    (tmp_path / "preferences").mkdir()
    (tmp_path / "preferences" / "config").write_text(f"{tmp_path}/two.yaml\n")
    assert completed("validate --table I", tmp_path) == ["ITEMS"]
    assert completed("jobs show ", tmp_path) == ["last"]
    for name in ("20240101-000000-load-1", "20240102-000000-report-2", ".new.3"):
        (tmp_path / "jobs" / name).mkdir(parents=True)
    assert completed("jobs log ", tmp_path) == ["last", "20240102-000000-report-2", "20240101-000000-load-1"]
    assert completed("diagnose 20240101", tmp_path) == ["20240101-000000-load-1"]
    assert completed("jobs move last d", tmp_path) == ["down"]
    (tmp_path / "two words.tsv").write_text("")
    assert completed("check-file --file tw", tmp_path) == ["two words.tsv", "two.yaml"]
    assert completed("compress --to ", tmp_path) == ["jobs", "preferences"]


def test_it_is_registered_for_the_script_and_the_installed_command(tmp_path: Path) -> None:
    command = ["bash", "--norc", "-c", f"source {COMPLETION}; complete -p snowflake_etl.sh snowflake-etl"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.count("-F _snowflake_etl ") == 2
