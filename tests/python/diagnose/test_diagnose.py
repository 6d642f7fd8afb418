"""``diagnose``: by job, run, log or table, on the screen, and where nothing can be explained."""

from __future__ import annotations

import gzip

import pytest
from planted_faults import (
    BAD,
    commands,
    diagnosis,
    job_of,
    plant,
    type_in,
    with_field,
)

from desk import Desk
from snowflake_etl.history.run_record import RunRecords
from snowflake_sql import assert_snowflake_sql


def test_a_job_its_run_its_log_and_its_table_lead_to_the_same_explanation(
    typed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(typed, BAD)
    job = job_of(typed, monkeypatch, "--month", "2024-01", "--qc", "skip")
    found = diagnosis(typed, job.name)
    assert (found["cause"], found["place"]["line"], found["job_id"]) == ("too_long", 22, job.name)
    assert found["place"]["type"] == "VARCHAR(10)"
    assert found["place"]["part"].startswith(f"@{typed.database}.ETL_WORK.ETL_STAGE/")
    assert diagnosis(typed)["job_id"] == job.name, "what failed last is the job, not its run alone"
    by_table = diagnosis(typed, "--config", str(typed.config), "--table", "t")
    by_run = diagnosis(typed, found["run_id"])
    by_log = diagnosis(typed, str(job / "output.log"))
    copied = typed.folder / "a log.txt"
    copied.write_text((job / "output.log").read_text())
    by_copy = diagnosis(typed, str(copied))
    for other in (by_table, by_run, by_log, by_copy):
        assert (other["cause"], other["place"], other["lines"]) == (found["cause"], found["place"], found["lines"])


def test_the_screen_shows_place_record_cause_and_commands(typed: Desk) -> None:
    plant(typed, BAD)
    typed.load("--month", "2024-01", "--qc", "skip")
    out = typed.run("diagnose").out
    run_id = RunRecords(typed.state).all()[-1].run_id
    for line in (
        "A value is too long for its column",
        "  line    22",
        "  column  NAME  VARCHAR(10)",
        "  value   'longer than ten'  (15 characters)",
        f"     $ ./snowflake_etl.sh recover --widen {run_id}",
    ):
        assert line in out.splitlines()
    shown = [line for line in out.splitlines() if "$" not in line and "/" not in line]
    # A long text in whiptail has 68 columns; what is broken once more there has lines of one word.
    assert max(len(line) for line in shown if not line.startswith("  part ")) <= 68
    assert out.isascii()
    (marked,) = [line for line in out.splitlines() if line.startswith("  >")]
    assert marked.startswith("  > 22  20240120\\t99\\tlonger")


def test_what_a_later_load_made_good_is_no_failure_any_more(typed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(typed, BAD)
    job = job_of(typed, monkeypatch, "--month", "2024-01", "--qc", "skip")
    found = diagnosis(typed, job.name)
    assert type_in(typed, f"{commands(found)[0]} --yes").code == 0
    # Other tests share the state folder: what they left may be explained.
    newest = typed.run("diagnose", "--json").result["diagnoses"]
    assert found["run_id"] not in {one["run_id"] for one in newest}
    again = diagnosis(typed, found["run_id"])
    assert (again["cause"], again["cures"]) == ("too_long", [])
    assert RunRecords(typed.state).all()[-1].run_id in again["notes"][-1]


@pytest.mark.parametrize(
    "content",
    [
        b"root:x:0:0:root:/root:/bin/bash\n",
        b"",
        b"\x7fELF\0\0 an error of a program\0",
        gzip.compress(b"INFO all well\n"),
    ],
    ids=("accounts", "empty", "program", "packed"),
)
def test_a_file_that_is_no_log_is_not_said_to_have_ended_well(own_desk: Desk, content: bytes) -> None:
    path = own_desk.folder / "passwd"
    path.write_bytes(content)
    answer = own_desk.run("diagnose", str(path))
    assert (answer.code, answer.out) == (2, "")
    assert f"{path} is not a log of a job or a run" in answer.err
    assert "jobs list --all" in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("20240101-000000-load-1",), "There is no job"),
        (("20240101-000000-00000000",), "There is no run"),
        (("no such thing",), "is not a job, a run or a file"),
        (("x", "--table", "T"), "not both"),
        (("--table", "NOTHING_OF_IT"), ".PUBLIC.NOTHING_OF_IT of local/"),
        (("--table", "a.b.c.d.e"), "is not a table name"),
    ],
)
def test_what_is_not_there_cannot_be_explained(typed: Desk, words: tuple[str, ...], sentence: str) -> None:
    answer = typed.run("diagnose", "--config", str(typed.config), *words)
    assert answer.code == 2
    assert sentence in answer.err


def test_nothing_failed_says_so(own_desk: Desk) -> None:
    answer = own_desk.run("diagnose")
    assert (answer.code, answer.out) == (
        0,
        "Nothing failed here: no job and no load ended badly, unless a later load of the month made up for it.\n",
    )


def test_every_statement_of_diagnose_and_recover_is_snowflakes(typed: Desk, sent: list[str]) -> None:
    plant(typed, with_field(7, ""))
    typed.load("--month", "2024-01", "--qc", "skip")
    del sent[:]
    assert diagnosis(typed)["cause"] == "null_in_not_null"
    assert typed.run("recover", "--config", str(typed.config)).code == 0
    plant(typed, BAD, "2024-02")
    typed.load("--month", "2024-02", "--qc", "skip")
    assert typed.run("recover", "--widen", "--yes", "--config", str(typed.config)).code == 0
    assert sum("VALIDATION_MODE=RETURN_ERRORS" in statement for statement in sent) == 1
    assert sum(statement.startswith("ALTER TABLE") for statement in sent) == 1
    for statement in sent:
        assert_snowflake_sql(statement)
