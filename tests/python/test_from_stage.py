"""``load --from-stage``: what --stage-only brought up at night is loaded in the morning, without the files."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest

from crashing import KILLED, crash, right
from desk import Desk, days_between, rows_for
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.operations.manifest import Manifest, is_manifest
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.stage import list_objects, remove

JANUARY = days_between("2024-01-01", "2024-01-31")
MONTH = ("--month", "2024-01")


def open_session(desk: Desk) -> Session:
    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC", network_timeout=20)
    return Warehouse(section, LoadSection(), desk.state).open("test")


def at_night(desk: Desk, *words: str) -> None:
    """Stage, then take the files away."""
    answer = desk.load(*MONTH, "--stage-only", *words)
    assert answer.code == 0, answer
    assert "--from-stage" in answer.out
    shutil.rmtree(desk.files)
    desk.files.mkdir()


def rows(desk: Desk) -> list[str]:
    return [f"{day:%Y%m%d}\t{number}\t{name}" for day, number, name in desk.sql("SELECT * FROM T ORDER BY ID")]


@pytest.mark.parametrize("via", ["work_table", "direct"])
@pytest.mark.parametrize("stage", ["named", "user"])
def test_the_month_is_loaded_without_its_file(desk: Desk, via: str, stage: str) -> None:
    desk.sections |= {"load": {"via": via, "stage": stage}}
    desk.month("2024-01-01", "2024-01-31")
    at_night(desk)
    result = desk.load_json(*MONTH, "--from-stage")
    assert (result["status"], result["rows_published"], result["files"][0]["parts_sent"]) == ("loaded", 310, 0)
    assert [report["engine"] for report in result["checks"]] == ["snowflake"]
    assert rows(desk) == sorted(rows_for(JANUARY), key=lambda row: int(row.split("\t")[1]))
    assert [row[1:] for row in desk.ledger()] == [("t_20240101-20240131.tsv", 310, "append", "live")]
    assert desk.load(*MONTH, "--from-stage").code == 6, "the parts are gone, and it says so"


def test_a_month_that_is_not_staged_is_a_failed_row_where_the_others_are_to_go_on(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    at_night(desk)
    words = ("--month", "2024-01..2024-02", "--from-stage")
    assert desk.load(*words).err.startswith("error: No file of table T for 2024-02 is staged completely")
    answer = desk.load(*words, "--continue-on-error")
    assert answer.code == 6
    assert "failed: No file of table T for 2024-02 is staged completely" in answer.out
    assert desk.count() == 310


def test_the_file_is_known_again_after_it_was_loaded_from_the_stage(desk: Desk) -> None:
    path = desk.month("2024-01-01", "2024-01-31")
    content = path.read_bytes()
    at_night(desk)
    assert desk.load(*MONTH, "--from-stage", "--keep-staged").code == 0
    path.write_bytes(content)
    assert desk.load(*MONTH).code == 7
    assert desk.load(*MONTH, "--from-stage").code == 7
    consent = ("--mode", "replace", "--yes", "--expect-rows", "310")
    assert desk.load(*MONTH, "--from-stage", *consent).code == 0
    assert desk.count() == 310


def swapped(lines: list[str]) -> list[str]:
    """The records with commas and with the columns in another order: NAME, DAY, ID."""
    fields = (line.split("\t") for line in lines)
    return [f"{name},{day},{number}" for day, number, name in fields]


def test_all_months_with_several_files_packed_and_in_a_layout_that_only_the_manifest_knows(desk: Desk) -> None:
    desk.entry |= {"header": None, "file_format": None}
    desk.file("t_20240101-20240115.tsv.gz", swapped(rows_for(JANUARY[:15])), "NAME,DAY,ID")
    desk.file("t_20240116-20240131.tsv.gz", swapped(rows_for(JANUARY[15:])), "NAME,DAY,ID")
    february = days_between("2024-02-01", "2024-02-29")
    desk.file("t_20240201-20240229.tsv", swapped(rows_for(february)), "NAME,DAY,ID")
    assert desk.load("--month", "all", "--stage-only").code == 0
    shutil.rmtree(desk.files)
    results = desk.load_json("--month", "all", "--from-stage")
    assert [(one["month"], one["rows_published"]) for one in results] == [("2024-01", 310), ("2024-02", 290)]
    assert desk.count("NAME LIKE 'name %'") == 600


def test_the_checks_run_in_the_warehouse_and_the_bad_record_is_named_by_the_files_line(desk: Desk) -> None:
    desk.file("t_20240101-20240131.tsv", [line for line in rows_for(JANUARY) if not line.startswith("20240117")])
    at_night(desk, "--qc", "skip")
    answer = desk.load(*MONTH, "--from-stage")
    assert (answer.code, desk.count()) == (6, 0)
    assert "2024-01-17" in answer.out
    assert desk.load(*MONTH, "--from-stage", "--qc", "skip").code == 0
    assert desk.count() == 300


def test_a_rejected_record_is_named_by_the_line_of_the_file(desk: Desk) -> None:
    desk.file("t_20240101-20240131.tsv", [*rows_for(JANUARY), "20240131\tx\tbad"])
    at_night(desk, "--qc", "skip")
    answer = desk.load(*MONTH, "--from-stage")
    assert answer.code == 6
    assert "'t_20240101-20240131.tsv', line 312, column ID" in answer.out


def test_a_file_that_changed_since_stops_it(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load(*MONTH, "--stage-only").code == 0
    assert desk.load(*MONTH, "--from-stage", "--dry-run").code == 0
    path = desk.month("2024-01-01", "2024-01-31", 11)
    answer = desk.load(*MONTH, "--from-stage")
    assert (answer.code, desk.count()) == (7, 0)
    assert "is not what is staged" in answer.err
    path.unlink()
    assert desk.load(*MONTH, "--from-stage").code == 0
    assert desk.count() == 310


def test_days_that_are_staged_twice_stop_it(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    desk.load(*MONTH, "--stage-only")
    desk.month("2024-01-01", "2024-01-31", 11)
    at_night(desk)
    answer = desk.load(*MONTH, "--from-stage")
    assert (answer.code, desk.count()) == (6, 0)
    assert "Two files are staged for the same days" in answer.err


def test_a_renamed_file_replaces_its_manifest(desk: Desk) -> None:
    desk.file("t_20240101-20240130.tsv", rows_for(JANUARY[:30]))
    assert desk.load(*MONTH, "--stage-only").code == 0
    (desk.files / "t_20240101-20240130.tsv").rename(desk.files / "t_20240101-20240131.tsv")
    at_night(desk, "--qc", "skip")
    assert sum(map(is_manifest, desk.staged())) == 1
    assert desk.load(*MONTH, "--from-stage", "--qc", "skip").code == 0
    assert desk.ledger()[0][1] == "t_20240101-20240131.tsv"


def test_nothing_staged_says_what_is_and_how_to_stage(desk: Desk) -> None:
    assert "Nothing is staged" in desk.load(*MONTH, "--from-stage").err
    desk.month("2024-01-01", "2024-01-31")
    at_night(desk)
    answer = desk.load("--month", "2024-02", "--from-stage")
    assert answer.code == 6
    assert "There is 2024-01" in answer.err
    assert "--stage-only" in answer.err


def spoil(desk: Desk, how: str) -> None:
    with open_session(desk) as session:
        root = WorkObjects(desk.database, "ETL_WORK").stage_root
        objects = list_objects(session, root)
        victim = next(one for one in objects if is_manifest(one.name) == (how != "part gone"))
        folder = root.at(victim.folder)
        if how == "foreign":
            document = json.loads(session.get(f"{folder.sql}{victim.name}"))
            session.put(io.BytesIO(json.dumps({**document, "rows": 5}).encode()), "manifest-0.json", folder.sql)
        remove(session, folder, victim.name)


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ("part gone", 5, "LIST does not show it"),
        ("manifest gone", 6, "staged completely"),
        ("foreign", 5, "no manifest"),
    ],
)
def test_what_is_not_wholly_there_is_not_loaded(desk: Desk, how: str, code: int, says: str) -> None:
    desk.month("2024-01-01", "2024-01-31")
    at_night(desk)
    spoil(desk, how)
    answer = desk.load(*MONTH, "--from-stage")
    assert (answer.code, desk.count()) == (code, 0), answer
    assert says in answer.out + answer.err


@pytest.mark.parametrize(
    "words",
    [("--stage-only",), ("--verify",), ("--qc", "file"), ("--qc", "both"), ("--file", "t_20240101-20240131.tsv")],
)
def test_what_needs_the_file_cannot_be_meant(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.load(*MONTH, "--from-stage", *words).code == 2


def test_an_interrupted_load_from_the_stage_is_resumed_from_it(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    at_night(desk)
    assert crash(desk, lambda _, sql: sql.startswith("INSERT INTO"), after=False, words=("--from-stage",)) == KILLED
    assert desk.count() == 0
    assert desk.load("--resume").code == 0
    right(desk)


def test_the_manifest_reads_back_as_it_was_written() -> None:
    from pydantic import TypeAdapter

    from snowflake_etl.files.layout import Compression, Layout
    from snowflake_etl.operations.manifest import ManifestPart

    layout = Layout("\t", '"', True, ("A", "\u00e4"), "cp1252", True, "\r\n", Compression.ZSTD, ("said",))
    part = ManifestPart("part-00001-0a.tsv.zst", 3, 2)
    fingerprint = "0" * 32
    manifest = Manifest(
        1, "a.tsv", 9, JANUARY[0], JANUARY[1], layout, fingerprint, "1" * 32, f"{fingerprint}-{'2' * 16}", 3, (part,)
    )
    assert TypeAdapter(Manifest).validate_json(manifest.content) == manifest
    assert Path(manifest.name).suffix == ".json"
