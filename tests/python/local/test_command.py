"""``local start|stop|status|sql|reset`` as an operator uses it."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = [sys.executable, str(ROOT / "python" / "local_warehouse.py")]


def environment(state: Path) -> dict[str, str]:
    return {**os.environ, "ETL_STATE_DIR": str(state)}


@pytest.fixture
def local(warehouse_state: Path, database: str) -> Run:
    """The command on the worker's warehouse, in a database of this test's own."""

    def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        place = ["--database", database] if words[0] == "sql" else []
        return subprocess.run(
            [*SCRIPT, *words, *place],
            input=given,
            capture_output=True,
            text=True,
            env=environment(warehouse_state),
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Run]:
    """The command on a warehouse of this test's own."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*SCRIPT, *words], capture_output=True, text=True, env=environment(tmp_path), timeout=60, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    yield run
    run("stop")


def test_sql_prints_a_table(local: Run) -> None:
    done = local("sql", "SELECT 1 AS ONE, 'x' AS TEXT, NULL AS NOTHING UNION ALL SELECT 20, 'yy', NULL ORDER BY 1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "ONE  TEXT  NOTHING",
        "---  ----  -------",
        "  1  x",
        " 20  yy",
        "(2 rows)",
    ]


def test_sql_as_json_and_as_csv(local: Run) -> None:
    sql = "SELECT 1 AS A, 2 AS A, '2013-01-01'::DATE AS D, 1.50::NUMBER(9,2) AS N, 'a,\"b\"\nc' AS S, TRUE AS B, "
    sql += "NULL AS X"
    done = local("sql", sql, "--json")
    row = {"A": 1, "A_2": 2, "D": "2013-01-01", "N": 1.5, "S": 'a,"b"\nc', "B": True, "X": None}
    assert json.loads(done.stdout) == [row]
    rows = list(csv.reader(io.StringIO(local("sql", sql, "--csv").stdout)))
    assert rows == [["A", "A", "D", "N", "S", "B", "X"], ["1", "2", "2013-01-01", "1.50", 'a,"b"\nc', "true", ""]]
    assert json.loads(local("sql", "SELECT 1 AS A WHERE 1 = 0", "--json").stdout) == []


def test_sql_changes_data_and_reads_from_stdin(local: Run) -> None:
    assert local("sql", "CREATE TABLE T (A INT)").returncode == 0
    assert "3" in local("sql", "-", given="INSERT INTO T VALUES (1), (2), (3);\n").stdout
    assert json.loads(local("sql", "SELECT COUNT(*) AS N FROM T", "--json").stdout) == [{"N": 3}]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("sql", "SELECT * FROM NOSUCH"), 5, "NOSUCH"),
        (("sql", "SELEC 1"), 5, ""),
        (("sql", "SELECT 1; SELECT 2"), 5, "statement count"),
        (("sql", "SELECT * FROM READ_TEXT('/etc/passwd')"), 5, "READ_TEXT"),
        (("sql",), 2, "sql takes one statement"),
        (("sql", " "), 2, "sql takes one statement"),
        (("status", "x"), 2, "Only sql takes a statement"),
        (("restart",), 2, "restart"),
    ],
)
def test_errors_are_one_sentence_and_a_code(local: Run, words: tuple[str, ...], code: int, sentence: str) -> None:
    done = local(*words)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_control_codes_never_reach_a_terminal(warehouse_state: Path, database: str) -> None:
    sql = "SELECT CHR(27) || '[2J' || CHR(7) AS BAD, CHR(228) AS UMLAUT"
    for options in ([], ["--csv"]):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [*SCRIPT, "sql", sql, "--database", database, *options],
            stdout=follower, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(warehouse_state),
        )  # fmt: skip
        process.communicate(timeout=60)
        os.close(follower)
        shown = os.read(leader, 65536)
        os.close(leader)
        assert b"\\x1b[2J\\x07" in shown
        assert all(32 <= byte < 127 or byte in b"\r\n" for byte in shown), shown


def test_start_status_stop(own: Run) -> None:
    stopped = own("status")
    assert (stopped.returncode, "not running" in stopped.stdout) == (0, True)
    started = json.loads(own("start", "--json").stdout)
    assert started["status"] == "running"
    now = json.loads(own("status", "--json").stdout)
    assert (now["running"], now["port"], now["sessions"]) == (True, started["port"], 0)
    assert "running on port" in own("start").stdout, "starting it twice is no mistake"
    assert "has stopped" in own("stop").stdout
    assert "was not running" in own("stop").stdout


def test_reset_asks_and_without_a_terminal_needs_yes(own: Run) -> None:
    own("sql", "CREATE TABLE T AS SELECT 1 AS A")
    refused = own("reset")
    assert refused.returncode == 7
    assert "--yes" in refused.stderr
    assert json.loads(own("sql", "SELECT COUNT(*) AS N FROM T", "--json").stdout) == [{"N": 1}]
    assert own("reset", "--yes").returncode == 0
    assert own("sql", "SELECT COUNT(*) FROM T").returncode == 5


def test_help_is_quick_and_loads_no_driver(warehouse_state: Path) -> None:
    code = (
        "import sys; sys.argv=['local_warehouse.py', '--help']\n"
        "from snowflake_etl.cli.main import run_script\n"
        "try: run_script('local_warehouse.py')\n"
        "except SystemExit: pass\n"
        "heavy = ('duckdb', 'fakesnow', 'snowflake.connector', 'pyarrow', 'sqlglot')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**environment(warehouse_state), "PYTHONPATH": str(ROOT / "python")},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
