"""``diagnose``: planted failures are explained down to the value, and the printed commands mend them."""

from __future__ import annotations

import gzip
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crashing import KILLED, crash
from desk import Answer, Desk, days_between
from snowflake_etl.errors import ConnectError
from snowflake_etl.history.run_record import RunRecords
from test_statements import check

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
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


def explained(desk: Desk, planted: Planted, month: str) -> None:
    """Plant, fail, explain, and type in what is printed."""
    number = plant(desk, planted.line, month)
    name = file_of(month)
    assert desk.load("--month", month, "--qc", "skip").code in (5, 6)
    found = diagnosis(desk)
    place = found["place"]
    assert (found["cause"], place["line"], place["column"]) == (planted.cause, number, planted.column), found
    assert place["value"] == planted.value
    assert place["file"] == str(desk.files / name)
    assert [line["number"] for line in found["lines"]] == list(range(number - 2, number + 3))
    assert [line["number"] for line in found["lines"] if line["wrong"]] == [number]
    clean, load = commands(found)[-2:]
    assert type_in(desk, clean).code == 6
    loaded = type_in(desk, load)
    assert loaded.code == 0, loaded
    assert desk.sql(f"SELECT COUNT(*), MAX(ID) FROM T WHERE DAY BETWEEN '{month}-01' AND '{month}-28'") == [(28, 28)]


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])
def test_planted_failures_of_copy_are_named_to_the_value_and_their_cures_work(desk: Desk, half: int) -> None:
    desk.entry |= {"create_table": TABLE, "duplicate_key_columns": ["DAY", "ID"], "quote_char": '"'}
    for number, planted in enumerate(PLANTED[half::2]):
        explained(desk, planted, f"2024-{number + 1:02d}")


BAD = with_field(2, "longer than ten")


@pytest.fixture
def typed(desk: Desk) -> Desk:
    desk.entry |= {"create_table": TABLE, "quote_char": '"'}
    return desk


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


def test_a_column_that_was_widened_by_hand_needs_no_widening(typed: Desk) -> None:
    plant(typed, BAD)
    typed.load("--month", "2024-01", "--qc", "skip")
    typed.sql("ALTER TABLE T ALTER COLUMN NAME SET DATA TYPE VARCHAR(20)")
    found = diagnosis(typed)
    assert "NAME has been widened since: it is VARCHAR(20), the value has 15 characters." in found["why"]
    (again,) = commands(found)
    assert type_in(typed, again).code == 0


def test_what_a_check_found_is_explained_like_what_copy_refused(typed: Desk) -> None:
    """The file's check is the default and comes first: its findings name the same place."""
    for number, (planted, cause) in enumerate(
        [(PLANTED[0], "bad_value"), (PLANTED[2], "too_long"), *((one, "column_count") for one in PLANTED[9:11])], 1
    ):
        month = f"2024-{number:02d}"
        line = plant(typed, planted.line, month)
        assert typed.load("--month", month).code == 6
        found = diagnosis(typed)
        assert (found["cause"], found["place"]["line"], found["place"]["column"]) == (cause, line, planted.column)
        assert found["place"]["value"] == planted.value
        if (cause, planted.value) == ("column_count", None):
            assert found["why"].endswith("The row ends before the column AMOUNT.")
        assert [shown["number"] for shown in found["lines"] if shown["wrong"]] == [line]


def test_other_findings_of_the_check_are_told_as_well(typed: Desk) -> None:
    typed.file(file_of("2024-01"), [with_field(2, "longer than ten").decode()], HEADER)
    assert typed.load("--month", "2024-01").code == 6
    found = diagnosis(typed)
    assert found["cause"] == "too_long"
    assert any("claimed days without rows" in note for note in found["notes"])


def test_warnings_that_stopped_a_strict_load_are_explained(typed: Desk) -> None:
    lines = [
        "\t".join([f"{day:%Y%m%d}", str(day.day * 10 + number), *GOOD[2:]])
        for day in days_between("2024-01-01", "2024-01-28")
        for number in range(2 if day.day == 9 else 6)
    ]
    typed.file(file_of("2024-01"), lines, HEADER)
    assert typed.load("--month", "2024-01", "--strict").code == 6
    found = diagnosis(typed)
    assert (found["cause"], "2024-01-09" in found["said"]) == ("check", True)


def rows_of(days: int, *more: str) -> list[str]:
    january = days_between("2024-01-01", "2024-01-28")[:days]
    return [*("\t".join([f"{day:%Y%m%d}", str(day.day), *GOOD[2:]]) for day in january), *more]


def failed_by(desk: Desk, lines: list[str], *words: str) -> Any:
    desk.file(file_of("2024-01"), lines, HEADER)
    assert desk.load("--month", "2024-01", *words).code == 6
    return diagnosis(desk)


def texts(found: Any) -> str:
    return " ".join(cure["text"] for cure in found["cures"])


@pytest.mark.parametrize("is_corrected", [True, False])
def test_a_file_that_lacks_a_day_is_got_anew_before_it_is_loaded_or_accepted_by_a_flag(
    typed: Desk, is_corrected: bool
) -> None:
    found = failed_by(typed, rows_of(27))
    assert "Get the file anew, with the days that are missing; then load it." in texts(found)
    assert "with what is staged already" not in texts(found)
    _, again, accept = commands(found)
    if is_corrected:
        typed.file(file_of("2024-01"), rows_of(28), HEADER)
        assert type_in(typed, again).code == 0
    else:
        assert type_in(typed, again).code == 6, "as it is it fails again"
        assert type_in(typed, accept).code == 0
    assert typed.count() == (28 if is_corrected else 27)


def test_rows_of_one_key_are_corrected_left_out_or_accepted(typed: Desk) -> None:
    typed.entry |= {"duplicate_key_columns": ["DAY", "ID"]}
    found = failed_by(typed, rows_of(28, rows_of(28)[3]))
    assert "which of the rows are right" in texts(found)
    _, _, clean, copy, accept = commands(found)
    assert "--duplicates" in clean
    assert accept.endswith("--qc skip")
    assert type_in(typed, clean).code == 6
    assert type_in(typed, copy).code == 0
    assert typed.count() == 28


def test_days_that_nobody_claimed_are_accepted_by_the_flag_for_them_alone(typed: Desk) -> None:
    found = failed_by(typed, rows_of(28, with_field(0, "20240130").decode()))
    accept = commands(found)[-1]
    assert accept.endswith("--outside keep")
    assert type_in(typed, accept).code == 0
    assert typed.count() == 29


def test_without_the_part_the_file_is_read_and_without_the_file_the_part(typed: Desk) -> None:
    plant(typed, BAD)
    typed.load("--month", "2024-01", "--qc", "skip")
    path = typed.files / file_of("2024-01")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"longer than ten", b"corrected"))
    changed = diagnosis(typed)
    assert any("was changed since it was staged: its line was" in note for note in changed["notes"])
    path.unlink()
    gone = diagnosis(typed)
    assert any("cannot be found again" in note for note in gone["notes"])
    assert any("shown is what was staged" in note for note in gone["notes"])
    assert (gone["place"]["line"], gone["place"]["value"]) == (22, "longer than ten")
    path.write_bytes(content)
    typed.run("recover", "--config", str(typed.config), "--clean", "--yes")
    cleaned = diagnosis(typed)
    assert any("not on the stage any more" in note for note in cleaned["notes"])
    assert (cleaned["place"]["value"], cleaned["place"]["part"]) == ("longer than ten", "")


def test_a_warehouse_out_of_reach_is_no_obstacle(typed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(typed, BAD)
    typed.load("--month", "2024-01", "--qc", "skip")

    def refuse(*_: object, **__: object) -> None:
        raise ConnectError("Cannot sign in to acme: Connection refused.")

    monkeypatch.setattr("snowflake_etl.warehouse.signin.connect", refuse)
    found = diagnosis(typed)
    assert (found["place"]["column"], found["place"]["value"]) == ("NAME", "longer than ten")
    assert found["notes"] == ["The warehouse was not asked: Cannot sign in to acme: Connection refused."]


def test_a_packed_file_in_another_encoding_is_read_like_the_load_reads_it(typed: Desk) -> None:
    typed.entry |= {"encoding": "cp1252"}
    lines = [HEADER, *["\t".join(["20240101", str(number), *GOOD[2:]]) for number in range(5)], BAD.decode()]
    content = ("\r\n".join(lines) + "\r\n").replace("longer", "l\u00e4nger").encode("cp1252")
    (typed.files / (file_of("2024-01") + ".gz")).write_bytes(gzip.compress(content))
    assert typed.load("--month", "2024-01", "--qc", "skip").code == 6
    found = diagnosis(typed)
    assert (found["place"]["line"], found["place"]["value"]) == (7, "l\\xe4nger than ten")
    assert not [note for note in found["notes"] if "changed" in note]


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
    assert "started anew" in found["why"]
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
    assert f"{path} is no log of a job or a run" in answer.err
    assert "jobs list --all" in answer.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("20240101-000000-load-1",), "There is no job"),
        (("20240101-000000-00000000",), "There is no run"),
        (("no such thing",), "no job, no run and no file"),
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
        "Nothing failed here: no job and no load ended badly, unless a later load of the month made it good.\n",
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
        check(statement)
