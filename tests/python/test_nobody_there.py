"""Where nobody can be asked nothing goes: every verb with its standard input closed, and behind ``yes |``."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest

from desk import ROOT, Desk, days_between, rows_for
from snowflake_etl.cli.main import VERBS

MONTH = ("--month", "2024-01")
TABLE = ("--table", "T")
FILE = ("--file", "files/t_20240101-20240131.tsv")
# What each verb can be told to do away with, or the most that it does, without full consent.
ORDERS: dict[str, list[tuple[str, ...]]] = {
    "load": [
        (*MONTH, "--mode", "replace"),
        (*MONTH, "--mode", "replace", "--yes"),
        (*MONTH, "--mode", "replace", "--expect-rows", "any"),
        ("--resume",),
    ],
    "recover": [(), ("--clean",), ("--clean", "--staged"), ("--widen",)],
    "diagnose": [()],
    "stage": [("list",), ("clean", *TABLE), ("clean", "--older-than", "0d", "--foreign"), ("performance",)],
    "ledger": [("list",), ("adopt", *MONTH)],
    "check-file": [(*MONTH,)],
    "clean-file": [(*FILE, "--to", "files/t_20240101-20240131.tsv")],
    "compare": [()],
    "compress": [()],
    "sample": [()],
    "browse": [("--action", "load")],
    "validate": [TABLE],
    "duplicates": [(*TABLE, "--delete-sql")],
    "report": [()],
    "history": [("--audit",)],
    "metrics": [("--live",)],
    "schedule": [("cron",)],
    "drop-month": [
        (*TABLE, *MONTH),
        (*TABLE, *MONTH, "--yes"),
        ("--all-tables", *MONTH, "--expect-rows", "any"),
        (*TABLE, "--month", "2024-01..2024-02"),
    ],
    "restore-month": [
        (*TABLE, *MONTH, "--mode", "replace"),
        (*TABLE, *MONTH, "--mode", "replace", "--yes"),
        (*TABLE, *MONTH, "--mode", "replace", "--expect-rows", "any"),
        (*TABLE, *MONTH, "--allow-existing"),
        ("--drop-copies", "--older-than", "0d"),
    ],
    "local": [("reset",)],
    "table-info": [()],
    "doctor": [()],
    "notify": [("list",), ("silence",), ("retry",)],
    "prune": [()],
    "config": [("target",)],
}
WITHOUT_CONFIG = {"local", "history", "compare", "compress", "sample"}


@pytest.fixture
def everything(desk: Desk) -> Desk:
    """January loaded, dropped and loaded again, February staged, another file of January waiting to replace it."""
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load(*MONTH).code == 0
    words = ("drop-month", "--config", str(desk.config), *TABLE, *MONTH, "--yes", "--expect-rows", "any")
    assert desk.run(*words).code == 0
    assert desk.load(*MONTH).code == 0
    desk.month("2024-02-01", "2024-02-29")
    assert desk.load("--month", "2024-02", "--stage-only").code == 0
    desk.file("t_20240101-20240131.tsv", rows_for(days_between("2024-01-01", "2024-01-31"), 11))
    return desk


def all_there_is(desk: Desk) -> dict[str, Any]:
    return {
        "rows": desk.sql("SELECT * FROM T ORDER BY DAY, ID, NAME"),
        "ledger": desk.ledger(),
        "copies": desk.safety_copies(),
        "staged": sorted(desk.staged()),
        "files": {path.name: path.read_bytes() for path in desk.files.iterdir()},
    }


def test_every_verb_is_driven() -> None:
    assert ORDERS.keys() == VERBS.keys()


def test_no_verb_deletes_anything(everything: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = all_there_is(everything)
    monkeypatch.chdir(everything.folder)
    for standard_input in (None, io.StringIO("yes\n" * 1000)):
        monkeypatch.setattr(sys, "stdin", standard_input)
        for verb, orders in ORDERS.items():
            for words in orders:
                config = () if verb in WITHOUT_CONFIG else ("--config", str(everything.config))
                answer = everything.run(verb, *words, *config)
                assert answer.code != 1, (verb, words, answer.err)
                assert "Traceback" not in answer.err
            assert all_there_is(everything) == before, verb


@pytest.mark.parametrize("shell", ['exec "$@" <&-', 'exec "$@" <&- 2>&-', 'yes | "$@"'])
def test_the_same_as_a_process(desk: Desk, shell: str) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("INSERT INTO T SELECT '2024-01-05', 1, 'x'")
    script = [sys.executable, str(ROOT / "python" / "drop_month.py"), "--config", str(desk.config), *TABLE, *MONTH]
    environment = {**os.environ, "ETL_STATE_DIR": str(desk.state)}
    ended = subprocess.run(
        ["bash", "-c", shell, "bash", *script], env=environment, capture_output=True, timeout=120, check=False
    )
    assert (ended.returncode, desk.count()) == (7, 1), ended
    assert b"bug" not in ended.stderr
