"""An operator's desk for tests: a folder of files, a configuration, the tools, and a look into the warehouse.

Commands run in this process through the same door as the scripts, so that a test takes a fraction of a second;
tests that kill, signal or time use real processes.
"""

from __future__ import annotations

import gzip
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

from no_secrets import assert_not_in, login_secret
from snowflake_etl.cli.main import VERBS, main
from snowflake_etl.cli.parser import Parser

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = {"DAY": "DATE", "ID": "NUMBER(9,0)", "NAME": "VARCHAR(10)"}


@dataclass(frozen=True)
class Answer:
    """What a command left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        return json.loads(self.out)


def parser_of(verb: str) -> Parser:
    """The parser of a verb, with all of its flags."""
    parser = Parser(prog=verb)
    importlib.import_module(f"snowflake_etl.cli.commands.{VERBS[verb]}").add_arguments(parser)
    return parser


def rows_for(days: Iterable[date], per_day: int = 10) -> list[str]:
    """Tab-delimited records: DAY, ID, NAME; the id is unique in the month."""
    return [
        f"{text}\t{first + number}\tname {number}"
        for text, first in [(f"{day:%Y%m%d}", day.day * 1000) for day in days]
        for number in range(per_day)
    ]


def days_between(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=offset) for offset in range((end - start).days + 1)]


@dataclass
class Desk:
    """One test's own database and folder on the worker's shared embedded warehouse."""

    folder: Path
    state: Path
    database: str
    entry: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = self.folder / "files"
        self.files.mkdir(parents=True)
        self.entry = {
            "file_pattern": "t_{date_range}.tsv",
            "table_name": "T",
            "file_format": "TSV",
            "header": True,
            "date_column": "DAY",
            "date_format": "YYYYMMDD",
            "duplicate_key_columns": ["DAY", "ID"],
            "create_table": COLUMNS,
            **self.entry,
        }

    @property
    def config(self) -> Path:
        document = {
            "snowflake": {"connection": "local", "database": self.database, "schema": "PUBLIC", "network_timeout": 20},
            "base_path": "files",
            "files": [{key: value for key, value in self.entry.items() if value is not None}],
            **self.sections,
        }
        path = self.folder / "config.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def file(self, name: str, lines: Sequence[str] | bytes, header: str | None = "DAY\tID\tNAME") -> Path:
        """Write a file below the base path; ``.gz`` names are packed."""
        path = self.files / name
        if isinstance(lines, bytes):
            content = lines
        else:
            content = "".join(f"{line}\n" for line in ([header] if header else []) + list(lines)).encode()
        path.write_bytes(gzip.compress(content, 1) if name.endswith(".gz") else content)
        return path

    def month(self, first: str, last: str, per_day: int = 10) -> Path:
        """Write the file that claims these days and has ``per_day`` rows for each."""
        days = days_between(first, last)
        return self.file(f"t_{days[0]:%Y%m%d}-{days[-1]:%Y%m%d}.tsv", rows_for(days, per_day))

    def load(self, *words: str) -> Answer:
        """``load`` with this desk's configuration."""
        return self.run("load", "--config", str(self.config), *words)

    def load_json(self, *words: str) -> Any:
        """``load --json``; the document, whatever the exit code."""
        return self.load("--json", *words).result

    def run(self, *words: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        before = os.environ.get("ETL_STATE_DIR")
        os.environ["ETL_STATE_DIR"] = str(self.state)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main(words)
        finally:
            if before is None:
                del os.environ["ETL_STATE_DIR"]
            else:
                os.environ["ETL_STATE_DIR"] = before
        answer = Answer(int(code), out.getvalue(), err.getvalue())
        assert_not_in(answer.out + answer.err, login_secret(self.state), f"what {' '.join(words)} says")
        return answer

    def process(self, *words: str, output: IO[str] | None = None, **environment: str) -> subprocess.Popen[str]:
        """The same as a real process, for tests that signal it; what it says goes to pipes or all to ``output``."""
        verb, *rest = words
        command = [sys.executable, str(ROOT / "python" / f"{VERBS[verb]}.py"), *rest]
        surroundings: Mapping[str, str] = {**os.environ, "ETL_STATE_DIR": str(self.state), **environment}
        return subprocess.Popen(
            command,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=output or subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def sql(self, statement: str, *binds: object) -> list[tuple[Any, ...]]:
        """Ask the warehouse directly, past the tools."""
        from snowflake_etl.config.model import LoadSection, SnowflakeSection
        from snowflake_etl.warehouse.signin import Warehouse

        section = SnowflakeSection(connection="local", database=self.database, schema="PUBLIC", network_timeout=20)
        with Warehouse(section, LoadSection(), self.state, sweeps=False).open("test") as session:
            return session.query(statement, binds)

    def count(self, condition: str = "TRUE", table: str = "T") -> int:
        return int(self.sql(f"SELECT COUNT(*) FROM {table} WHERE {condition}")[0][0])

    def work_tables(self) -> list[str]:
        """Work tables that are still there."""
        return [name for name in self._made_by_runs() if not name.endswith("_COPY")]

    def safety_copies(self) -> list[str]:
        """Safety copies that are still there."""
        return [name for name in self._made_by_runs() if name.endswith("_COPY")]

    def _made_by_runs(self) -> list[str]:
        rows = self.sql(
            f"SELECT TABLE_NAME FROM {self.database}.INFORMATION_SCHEMA.TABLES "
            "WHERE TABLE_SCHEMA = 'ETL_WORK' AND TABLE_NAME NOT LIKE 'ETL%' ORDER BY TABLE_NAME"
        )
        return [row[0] for row in rows]

    def staged(self, stage: str = "ETL_WORK.ETL_STAGE") -> list[str]:
        """Base names of everything on the stage."""
        rows = self.sql(f"LIST @{stage}")
        return [str(row[0]).rsplit("/", 1)[-1] for row in rows]

    def ledger(self) -> list[tuple[Any, ...]]:
        """(month, file, rows, mode, state), in the order of loading."""
        return self.sql(
            "SELECT MONTH, FILE_NAME, ROW_COUNT, MODE, STATE FROM ETL_WORK.ETL_LOAD_LEDGER "
            "ORDER BY PUBLISHED_AT, FILE_NAME"
        )
