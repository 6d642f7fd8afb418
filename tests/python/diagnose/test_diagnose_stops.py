"""What ended before COPY or a check could say anything: unreadable files, killed jobs, lost connections, bare logs."""

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

from crashing import KILLED, crash
from desk import Desk
from snowflake_etl.history.run_record import RunRecords

NAME = "t_20240101-20240131.tsv"


@pytest.mark.parametrize(
    ("name", "content", "cause", "said"),
    [
        (NAME + ".gz", gzip.compress(b"DAY\tID\tNAME\n" + b"20240101\t1\tx\n" * 99)[:-9], "damaged_file", "is cut off"),
        (NAME, b"\0" * 99, "damaged_file", "nothing but NUL bytes"),
        (NAME, b"DAY\tID\tNAME\n", "empty_file", "not a single row"),
        (NAME, b"", "empty_file", "is empty"),
        (NAME, b"DAY\tID\tID\n20240101\t1\tx\n", "layout", "twice"),
        (
            NAME,
            b"20240101\t1\tx\n20240102\t2\ty\n",
            "columns_differ",
            "If its first line is a row, write 'header': false",
        ),
    ],
    ids=("cut off", "NUL", "header only", "empty", "a name twice", "no header"),
)
def test_a_file_that_cannot_be_read_is_explained(desk: Desk, name: str, content: bytes, cause: str, said: str) -> None:
    (desk.files / name).write_bytes(content)
    assert desk.load("--month", "2024-01").code == 6
    answer = desk.run("diagnose", "--json")
    assert answer.code == 0, answer
    (found,) = answer.result["diagnoses"]
    assert (found["cause"], said in found["said"]) == (cause, True), found
    assert commands(found)[-1].startswith("./snowflake_etl.sh recover --retry ")


def test_of_several_loads_of_a_job_each_failed_one_is_explained(typed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for month, line in (("2024-01", BAD), ("2024-02", with_field(1, "12a"))):
        plant(typed, line, month)
    job = job_of(typed, monkeypatch, "--month", "2024-01,2024-02", "--qc", "skip", "--continue-on-error")
    result = typed.run("diagnose", job.name, "--json").result
    assert [one["cause"] for one in result["diagnoses"]] == ["too_long", "not_numeric"]


def test_a_lost_job_says_what_is_certain_and_how_to_go_on(typed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(typed, monkeypatch, "--month", "2024-01", ended=False)
    (job / "boot_id").write_text("another\n")
    found = diagnosis(typed, job.name)
    assert found["cause"] == "lost_job"
    assert "restarted" in found["why"]
    assert commands(found) == [f"./snowflake_etl.sh jobs rerun {job.name}"]
    (job / "cancelled").touch()
    (job / "exit_code").write_text("143\n")
    assert diagnosis(typed, job.name)["cause"] == "cancelled"
    (job / "exit_code").write_text("137\n")
    (job / "cancelled").unlink()
    assert diagnosis(typed, job.name)["cause"] == "killed"


def test_a_load_that_was_cut_off_is_carried_on_with_the_printed_command(typed: Desk) -> None:
    plant(typed, with_field(2, "fits"))
    assert crash(typed, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    found = diagnosis(typed, RunRecords(typed.state).interrupted()[-1].run_id)
    assert (found["cause"], "'copy'" in found["why"]) == ("interrupted", True)
    carried_on = type_in(typed, commands(found)[0])
    assert carried_on.code == 0, carried_on
    assert "carries on" in carried_on.out
    assert typed.count() == 29


def test_where_the_log_is_all_there_is_its_last_error_is_explained(typed: Desk) -> None:
    log = typed.folder / "old.log"
    log.write_text("2024-01-01 INFO all well\nOSError: [Errno 28] No space left on device: '/x'\n")
    assert diagnosis(typed, str(log))["cause"] == "disk_full"
    log.write_text("error: Something that nobody has ever seen\n")
    unknown = typed.run("diagnose", str(log))
    assert unknown.code == 6
    assert "Something that nobody has ever seen" in unknown.out
    log.write_text("2024-01-01 06:00:00+00:00 INFO 20240101-060000-0a1b2c3d 77 all well\n")
    well = typed.run("diagnose", str(log))
    assert (well.code, "Nothing failed" in well.out) == (0, True)
