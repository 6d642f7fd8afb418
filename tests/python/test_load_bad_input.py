"""Bad input through the loader's door: a clear sentence, the right exit code, and nothing published."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from desk import Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def nothing_is_there(desk: Desk) -> None:
    assert desk.sql("SHOW TABLES LIKE 'T'") == [] or desk.count() == 0
    assert desk.work_tables() == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "either --month, --file or --from-parts"),
        (("--month", "2024-01", "--file", "x"), 2, "either --month, --file or --from-parts"),
        (("--month", "2024-13"), 2, "no month 13"),
        (("--month", "january"), 2, "YYYY-MM"),
        (("--month", "2031-07"), 6, "No file of table T for 2031-07"),
        (("--month", "2024-01", "--table", "NOPE"), 2, "It has: T"),
        (("--month", "2024-01", "--workers", "0"), 2, "--workers takes 1 to 64"),
        (("--month", "2024-01", "--workers", "65"), 2, "--workers takes 1 to 64"),
        (("--month", "2024-01", "--jobs", "17"), 2, "--jobs takes 1 to 16"),
        (("--month", "2024-01", "--expect-rows", "many"), 2, "number of rows or 'any'"),
        (("--month", "2024-01", "--allow-shrink"), 2, "--mode replace only"),
        (("--month", "2024-01", "--allow-existing", "--mode", "replace"), 2, "--mode append only"),
        (("--month", "2024-01", "--qc", "maybe"), 2, "invalid choice"),
        (("--month", "2024-01", "--frobnicate"), 2, "--help"),
        (("--month", "2024-01", "--base-path", "/nowhere"), 2, "does not exist. Correct --base-path."),
        (("--month", "2024-01", "--base-path", "/etc/passwd"), 2, "/etc/passwd' is not a folder. Correct --base"),
    ],
)
def test_a_command_that_cannot_be_meant_says_why(desk: Desk, words: tuple[str, ...], code: int, sentence: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    answer = desk.load(*words)
    assert answer.code == code
    assert sentence in answer.err
    assert answer.err.startswith("error: ")
    assert answer.out == ""


def test_an_error_with_json_is_one_document(desk: Desk) -> None:
    answer = desk.load("--json", "--month", "2024-13")
    assert answer.code == 2
    assert answer.result["exit_code"] == 2
    assert "no month 13" in answer.result["message"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "empty"), (b"DAY\tID\tNAME\n", "no rows"), (b"DAY\tID\tNAME", "no rows")],
)
def test_an_empty_file_and_a_header_alone_are_refused(desk: Desk, content: bytes, sentence: str) -> None:
    desk.file(NAME, content)
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    assert sentence in answer.out.lower().replace("no row ", "no rows ").replace("not a single row", "no rows")
    nothing_is_there(desk)


def test_no_final_newline_and_crlf_load_the_same_rows(desk: Desk) -> None:
    lines = ["DAY\tID\tNAME", *rows_for(JANUARY)]
    desk.file(NAME, "\r\n".join(lines).encode())
    result = desk.load_json("--month", "2024-01")
    assert (result["status"], result["rows_published"]) == ("loaded", 310)
    assert desk.count("NAME LIKE '%\r%'") == 0


@pytest.mark.parametrize(
    "folder", ["with blank", "quote'd", 'double"quoted', "$(touch pwned)", "-rf", "new\nline", "a;b", "*?[x]", "%s"]
)
def test_hostile_names_of_folders_are_names_and_nothing_else(desk: Desk, folder: str) -> None:
    base = desk.folder / folder
    base.mkdir()
    (base / NAME).write_text("\n".join(["DAY\tID\tNAME", *rows_for(JANUARY)]) + "\n")
    answer = desk.load("--month", "2024-01", "--base-path", str(base))
    assert answer.code == 0, answer
    assert desk.count() == 310
    assert not (Path.cwd() / "pwned").exists()
    assert not (desk.folder / "pwned").exists()


def test_a_file_that_matches_no_pattern_names_the_patterns(desk: Desk) -> None:
    path = desk.file("other.tsv", rows_for(JANUARY))
    answer = desk.load("--file", str(path))
    assert answer.code == 2
    assert "t_{date_range}.tsv" in answer.err


def test_two_patterns_that_match_one_file_are_an_error(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    document = json.loads(desk.config.read_text())
    document["files"].append({**document["files"][0], "table_name": "U", "file_pattern": "*_{date_range}.tsv"})
    config = desk.folder / "two.json"
    config.write_text(json.dumps(document))
    for months in ("2024-01", "all"):
        answer = desk.run("load", "--config", str(config), "--month", months)
        assert answer.code == 3
        assert "Several file patterns match" in answer.err


@pytest.mark.parametrize(("base_path", "sentence"), [("gone", "does not exist"), ("config.json", "is not a folder")])
def test_a_base_path_that_is_no_folder_is_a_mistake_of_the_configuration(
    desk: Desk, base_path: str, sentence: str
) -> None:
    desk.sections["base_path"] = base_path
    answer = desk.load("--month", "2024-01")
    assert answer.code == 3
    assert sentence in answer.err
    assert f"Correct base_path in {desk.config}" in answer.err


def test_a_plain_file_beside_its_packed_copy_is_an_error(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    desk.file(NAME + ".gz", rows_for(JANUARY))
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    assert "same file, plain and packed" in answer.err
    assert sorted(path.name for path in desk.files.iterdir()) == [NAME, NAME + ".gz"]


@pytest.mark.parametrize(
    ("output", "sentence"), [("nowhere/result.json", "--output cannot be written"), (NAME, "is a file to be loaded")]
)
def test_a_result_that_cannot_be_written_is_known_before_the_load(desk: Desk, output: str, sentence: str) -> None:
    """It had been known after it, and a result written over the very file that was loaded."""
    path = desk.month("2024-01-01", "2024-01-31")
    content = path.read_bytes()
    answer = desk.load("--month", "2024-01", "--output", str(desk.files / output))
    assert answer.code == 2
    assert sentence in answer.err
    assert path.read_bytes() == content
    nothing_is_there(desk)


@pytest.mark.parametrize("other", [NAME + ".gz", "t_20240131-20240131.tsv", "elsewhere/" + NAME])
def test_files_named_one_by_one_that_claim_the_same_day_are_an_error(desk: Desk, other: str) -> None:
    """Named one by one, a file and its packed copy had doubled every row, and so had a second delivery."""
    (desk.files / "elsewhere").mkdir()
    first, second = desk.file(NAME, rows_for(JANUARY)), desk.file(other, rows_for(JANUARY))
    answer = desk.load("--file", str(first), "--file", str(second), "--qc", "skip")
    assert answer.code == 6
    assert "claim the same days of table T. Leave one of them out" in answer.err
    nothing_is_there(desk)


def test_the_same_rows_plain_and_packed_are_not_loaded_for_different_days(desk: Desk) -> None:
    """Without a date column no row can be outside of its days; other bytes have another fingerprint."""
    desk.entry["date_column"] = None
    rows = rows_for(JANUARY)
    desk.file("t_20240101-20240115.tsv", rows)
    desk.file("t_20240116-20240131.tsv.gz", rows)
    answer = desk.load("--month", "2024-01", "--qc", "skip")
    assert answer.code == 6
    assert "hold the same rows for different days" in answer.out
    nothing_is_there(desk)
    (found,) = desk.run("diagnose", "--json").result["diagnoses"]
    assert found["cause"] == "twins"
    assert [cure["command"].split()[1] for cure in found["cures"]] == ["check-file", "check-file", "recover"]


def test_an_unknown_key_in_the_configuration_is_named(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.sections["quaility"] = {}
    answer = desk.load("--month", "2024-01")
    assert answer.code == 3
    assert "did you mean 'quality'?" in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_says_whom_to_ask(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31").chmod(0)
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    assert "may not be read" in answer.err


def test_a_bad_row_in_the_middle_publishes_nothing_and_names_its_place(desk: Desk) -> None:
    lines = rows_for(JANUARY)
    lines[150] = lines[150].replace("\t", "\tnot-a-number-", 1)
    path = desk.file(NAME, lines)
    answer = desk.load("--month", "2024-01", "--qc", "skip")
    assert answer.code == 6
    assert str(path) in answer.out
    assert "line 152" in answer.out
    assert "column ID" in answer.out
    assert "nothing was published" in answer.out
    assert "stay for 7 days" in answer.out
    nothing_is_there(desk)
    assert [name for name in desk.staged() if name.startswith("part-")]
    lines[150] = rows_for(JANUARY)[150]
    desk.file(NAME, lines)
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 0
    assert desk.count() == 310
    assert desk.staged() == [], "the parts of the file before it was corrected are gone too"


def test_nobody_is_advised_to_have_a_bad_row_ignored(desk: Desk) -> None:
    lines = rows_for(JANUARY)
    lines[5] = "20240101\t5"
    desk.file(NAME, lines)
    answer = desk.load("--month", "2024-01", "--qc", "skip")
    assert answer.code == 6
    assert "Number of columns in file (2) does not match that of the corresponding table (3). Correct" in answer.out
    assert "ignore" not in answer.out


def test_parts_of_a_failed_load_are_removed_when_none_are_to_be_kept(desk: Desk) -> None:
    desk.sections["load"] = {"keep_failed": 0}
    lines = rows_for(JANUARY)
    lines[5] = "20240101\tx\ty"
    desk.file(NAME, lines)
    answer = desk.load("--month", "2024-01", "--qc", "skip")
    assert answer.code == 6
    assert "were removed" in answer.out
    assert desk.staged() == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("20240101\t1", "column"),
        ("20240101\t1\ta\tb", "column"),
        ("20240132\t1\ta", "2024"),
        ("20240101\t1\tlonger than ten", "NAME"),
        ("20240101\t1234567890\ta", "ID"),
    ],
)
@pytest.mark.parametrize("quality", ["file", "skip"])
def test_a_damaged_row_is_found_with_and_without_checks(desk: Desk, line: str, sentence: str, quality: str) -> None:
    lines = rows_for(JANUARY)
    lines.insert(100, line)
    desk.file(NAME, lines)
    answer = desk.load("--month", "2024-01", "--qc", quality)
    assert answer.code == 6, answer
    assert sentence in answer.out
    assert "102" in answer.out
    nothing_is_there(desk)


def test_a_replace_by_a_file_that_lacks_a_day_is_refused_by_the_check(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    desk.file(NAME, [line for line in rows_for(JANUARY) if not line.startswith("20240117")])
    answer = desk.load("--month", "2024-01", "--mode", "replace", "--yes", "--expect-rows", "310", "--qc", "file")
    assert answer.code == 6
    assert "2024-01-17" in answer.out
    assert desk.count() == 310
    assert desk.count("DAY = '2024-01-17'") == 10


def test_a_finding_is_said_once_on_the_screen_and_kept_in_the_log(desk: Desk) -> None:
    desk.file(NAME, [line for line in rows_for(JANUARY) if not line.startswith("20240117")])
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    assert (answer.out + answer.err).count("claimed days without rows: 2024-01-17") == 1
    assert "failed: The check found 1 error in " in answer.out
    assert NAME in answer.out.splitlines()[-1]
    assert f"{NAME}: error: " in (desk.state / "snowflake_etl.log").read_text()
    result = desk.load_json("--month", "2024-01")
    assert [finding["code"] for check in result["checks"] for finding in check["findings"]] == ["missing_days"]


def test_a_wrong_header_lists_the_columns(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY), header="DAY\tIDENT\tNAME")
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    assert "not expected: IDENT" in answer.out
    assert "missing: ID" in answer.out


def test_columns_in_another_order_than_the_tables_are_loaded_by_name(desk: Desk) -> None:
    lines = ["\t".join(reversed(line.split("\t"))) for line in rows_for(JANUARY)]
    desk.file(NAME, lines, header="name\tid\tday")
    assert desk.load("--month", "2024-01").code == 0
    assert desk.count("NAME LIKE 'name%'") == 310


def test_a_file_that_changes_while_it_is_read_is_not_published(desk: Desk) -> None:
    path = desk.file(NAME, rows_for(JANUARY, 20_000))
    changed = threading.Event()

    def change() -> None:
        while not changed.wait(0.002):
            with path.open("ab") as stream:
                stream.write(b"20240101\t1\tx\n")

    writer = threading.Thread(target=change)
    writer.start()
    try:
        answer = desk.load("--month", "2024-01", "--qc", "skip")
    finally:
        changed.set()
        writer.join()
    assert answer.code == 6
    assert "changed while it was read" in answer.out
    nothing_is_there(desk)


def test_a_dry_run_shows_everything_and_touches_nothing(desk: Desk) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    answer = desk.load("--month", "2024-01", "--dry-run")
    assert answer.code == 0
    for text in (str(path), "COPY INTO", "INSERT INTO", "2024-01-01..2024-01-31", "Nothing was touched"):
        assert text in answer.out
    assert desk.sql("SHOW TABLES LIKE 'T'") == []
    schemas = desk.sql(f"SELECT SCHEMA_NAME FROM {desk.database}.INFORMATION_SCHEMA.SCHEMATA")
    assert "ETL_WORK" not in {row[0] for row in schemas}


def test_a_dry_run_of_what_would_be_refused_says_so(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load("--month", "2024-01")
    answer = desk.load("--month", "2024-01", "--dry-run")
    assert answer.code == 7
    assert "--mode replace" in answer.out
