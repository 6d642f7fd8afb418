"""Files with one planted fault, for the tests of ``diagnose``, and what is asked and typed in then."""

from __future__ import annotations

import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk import Answer, Desk, days_between

HEADER = "DAY\tID\tNAME\tSEEN\tOK\tDOC\tBIN\tAMOUNT"
TABLE = {
    "DAY": "DATE",
    "ID": "NUMBER(9,0)",
    "NAME": "VARCHAR(10)",
    "SEEN": "TIMESTAMP_NTZ",
    "OK": "BOOLEAN",
    "DOC": "VARIANT",
    "BIN": "BINARY",
    "AMOUNT": "NUMBER(9,2) NOT NULL",
}
GOOD = ["20240120", "99", "name", "2024-01-20 10:00:00", "true", "{}", "FF", "1.50"]


@dataclass(frozen=True)
class Planted:
    """A record with one fault, and what has to be said of it."""

    cause: str
    column: str
    value: str | None
    line: bytes


def with_field(place: int, value: str) -> bytes:
    return "\t".join([*GOOD[:place], value, *GOOD[place + 1 :]]).encode()


PLANTED = (
    Planted("not_numeric", "ID", "12a", with_field(1, "12a")),
    Planted("out_of_range", "ID", "1234567890", with_field(1, "1234567890")),
    Planted("too_long", "NAME", "longer than ten", with_field(2, "longer than ten")),
    Planted("bad_date", "DAY", "20240132", with_field(0, "20240132")),
    Planted("bad_timestamp", "SEEN", "2024-01-20 25:00:00", with_field(3, "2024-01-20 25:00:00")),
    Planted("bad_boolean", "OK", "perhaps", with_field(4, "perhaps")),
    Planted("bad_json", "DOC", "{oh", with_field(5, "{oh")),
    Planted("bad_binary", "BIN", "XY", with_field(6, "XY")),
    Planted("null_in_not_null", "AMOUNT", "", with_field(7, "")),
    Planted("column_count", "AMOUNT", "1.50\\textra", b"\t".join([*map(str.encode, GOOD), b"extra"])),
    Planted("column_count", "AMOUNT", None, "\t".join(GOOD[:7]).encode()),
    Planted("encoding", "NAME", "caf\\xe9", with_field(2, "cafE").replace(b"cafE", b"caf\xe9")),
    Planted("quotes", "NAME", '"never closed', with_field(2, '"never closed')),
    Planted("quotes", "NAME", '"closed" early', with_field(2, '"closed" early')),
)
BAD = with_field(2, "longer than ten")


def file_of(month: str) -> str:
    digits = month.replace("-", "")
    return f"t_{digits}01-{digits}28.tsv"


def plant(desk: Desk, line: bytes, month: str = "2024-01", at: int = 20) -> int:
    """Write four weeks of a month with a line in the middle; return the line's number."""
    days = days_between(f"{month}-01", f"{month}-28")
    lines = ["\t".join([f"{day:%Y%m%d}", str(day.day), *GOOD[2:]]).encode() for day in days]
    lines.insert(at, line.replace(GOOD[0].encode(), f"{days[19]:%Y%m%d}".encode()))
    desk.file(file_of(month), b"".join(each + b"\n" for each in [HEADER.encode(), *lines]))
    return at + 2


def diagnosis(desk: Desk, *words: str) -> Any:
    answer = desk.run("diagnose", "--json", *words)
    assert answer.code == 0, desk.run("diagnose").out
    (found,) = answer.result["diagnoses"]
    return found


def commands(found: Any) -> list[str]:
    return [cure["command"] for cure in found["cures"] if cure["command"]]


def type_in(desk: Desk, command: str) -> Answer:
    """Run a printed command as it is printed."""
    _, *words = shlex.split(command)
    return desk.run(*words)


def job_of(desk: Desk, monkeypatch: pytest.MonkeyPatch, *words: str, verb: str = "load", ended: bool = True) -> Path:
    """Run a command as a job whose folder is as bash makes it; a job that did not end has no exit code."""
    folder = desk.state / "jobs" / f"20240201-000000-{verb}-{int(desk.database[1:]) + 1000}"
    folder.mkdir(parents=True)
    arguments = [verb, "--config", str(desk.config), *words]
    (folder / "command").write_text("\0".join(["python", "script", *arguments[1:], ""]))
    (folder / "started_at").write_text("1706745600\n")
    (folder / "host").write_text(f"{socket.gethostname()}\n")
    (folder / "directory").write_text(f"{desk.folder}\n")
    (folder / "title").write_text("Load 2024-01\n")
    (folder / "lock").touch()
    if not ended:
        return folder
    monkeypatch.setenv("ETL_JOB_DIR", str(folder))
    answer = desk.run(*arguments)
    monkeypatch.delenv("ETL_JOB_DIR")
    (folder / "output.log").write_text(answer.out + answer.err)
    (folder / "exit_code").write_text(f"{answer.code}\n")
    return folder
