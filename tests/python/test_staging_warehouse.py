"""Staging with the genuine driver into the embedded warehouse, and the bench that measures it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.files.plan import plan_of_size
from snowflake_etl.operations.memory import concurrency
from snowflake_etl.operations.staging import StagedFile, stage_file
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.stage import StageWriter

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "flights_20130101-20130131.tsv.gz"


def test_staged_parts_are_listed_and_copied_row_by_row(connect: Callable[..., Any]) -> None:
    session = Session(connect, "local", manages_own_objects=True)
    session.execute("CREATE STAGE PARTS")
    layout = read_layout(SAMPLE, LayoutWishes())

    def stage_sample(present: frozenset[str] = frozenset()) -> StagedFile:
        plan = plan_of_size(300_000, layout)
        return stage_file(
            SAMPLE,
            layout,
            plan,
            "@PARTS/january/",
            lambda: StageWriter(Session(connect, "local", manages_own_objects=True)),
            concurrency=concurrency(),
            present=present,
        )

    staged = stage_sample()
    listed = {record["name"].rsplit("/", 1)[-1] for record in session.records("LIST @PARTS")}
    assert len(staged.parts) > 5
    assert listed == {part.name for part in staged.parts}
    assert staged.rows == 27_004
    columns = ", ".join(f"{name} VARCHAR" for name in layout.columns)
    session.execute(f"CREATE TABLE JANUARY ({columns})")
    session.execute(
        "COPY INTO JANUARY FROM @PARTS/january/ "
        "FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = '\\t' COMPRESSION = ZSTD) ON_ERROR = ABORT_STATEMENT"
    )
    assert session.query("SELECT count(*), min(FLIGHT_DATE), max(FLIGHT_DATE) FROM JANUARY") == [
        (27_004, "20130101", "20130131")
    ]
    assert stage_sample(frozenset(listed)).bytes_sent == 0


def test_the_bench_measures_all_three_and_ends_with_one_line_of_json(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "bench" / "stage.py"), "--size", "3M", "--peer-size", "1M", "--repeat", "1"]
    command += ["--pipe-size", "2M", "--quoted", "--gzip", "--temporary", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["bench"] == "stage"
    assert facts["bytes"] >= 3 << 20
    assert facts["vs_connector_put"] > 0
    assert facts["vs_zstd"] > 0
    assert facts["vs_gunzip"] > 0
    assert (facts["quoted"], facts["gzip"], facts["parts"]) == (True, True, 1)
    assert list(tmp_path.iterdir()) == [], "the bench leaves nothing behind"
