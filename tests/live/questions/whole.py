"""The last question: whole loads, by the command that operators use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from asking import Finding, question
from room import Room
from snowflake_etl.sqltext import ObjectName

_LOADER = Path(__file__).resolve().parents[3] / "python" / "loader.py"
_LOAD_SECONDS = 150


def _configuration(room: Room, table: ObjectName) -> dict[str, object]:
    account = room.place.account
    connection = {
        "connection": account.connection,
        "database": room.place.database,
        "schema": room.place.schema,
        "warehouse": account.warehouse,
    }
    return {
        "snowflake": {name: value for name, value in connection.items() if value},
        "base_path": "files",
        "load": {"work_schema": room.place.schema},
        "files": [
            {
                "file_pattern": "t_{date_range}.tsv",
                "table_name": table.name,
                "file_format": "TSV",
                "header": True,
                "date_column": "D",
                "date_format": "YYYYMMDD",
            }
        ],
    }


def _load(room: Room, folder: Path, *words: str) -> tuple[int, str]:
    """``load --month 2024-01``: exit code and the end of what it said."""
    done = subprocess.run(
        [sys.executable, str(_LOADER), "--config", str(folder / "config.json"), "--month", "2024-01", *words],
        env={**os.environ, "ETL_STATE_DIR": room.place.account.state},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LOAD_SECONDS,
        check=False,
    )
    return done.returncode, (done.stderr or done.stdout).strip()[-300:]


@question(
    901,
    "Is a month loaded, refused the second time, and replaced on request?",
    assumption="Yes: exit 0, exit 7, exit 0; every row stands there once.",
    source="design 4, the table of situations",
    otherwise="The answer's text says at which step; the questions above say why.",
    seconds=480,
)
def a_whole_load(room: Room) -> Finding:
    for statement in room.objects.create_statements():
        room.main.ensure(statement)
    table = room.table("T", "D DATE, N NUMBER(9,0), V VARCHAR(10)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files").mkdir()
        (folder / "config.json").write_text(json.dumps(_configuration(room, table)), encoding="utf-8")
        lines = ["D\tN\tV", *(f"202401{day:02d}\t{number}\tv" for day in range(1, 32) for number in range(20))]
        file = folder / "files" / "t_20240101-20240131.tsv"
        file.write_text("\n".join(lines) + "\n", encoding="ascii")
        steps = [_load(room, folder), _load(room, folder)]
        file.write_text("\n".join(line.replace("\tv", "\tw") for line in lines) + "\n", encoding="ascii")
        steps.append(_load(room, folder, "--mode", "replace", "--yes", "--expect-rows", "620"))
    rows = room.main.query(f"SELECT V, COUNT(*), COUNT(DISTINCT D, N) FROM {table.sql} GROUP BY V")
    codes = [code for code, _ in steps]
    wrong = [text for (code, text), good in zip(steps, (0, 7, 0), strict=True) if code != good]
    return Finding(codes == [0, 7, 0] and rows == [("w", 620, 620)], f"Exit codes {codes}, rows {rows}. {wrong or ''}")
