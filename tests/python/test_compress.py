"""compress and load --from-parts: a file that travels in parts is loaded as if it had come itself."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from crashing import KILLED, crash_of, right
from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.errors import Stopped
from snowflake_etl.files import part_files
from snowflake_etl.operations.file_tools import parts_manifest

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"
LINES = rows_for(JANUARY)
TEXT = "DAY\tID\tNAME\n" + "".join(f"{line}\n" for line in LINES)


def compress(desk: Desk, path: Path, *words: str) -> Answer:
    return desk.run("compress", "--config", str(desk.config), "--file", str(path), *words)


def carried(desk: Desk, path: Path, *words: str) -> Path:
    """Compress a file, carry the parts away and delete the file; return the manifest where it is now."""
    answer = compress(desk, path, "--part-size", "64K", *words)
    assert answer.code == 0, answer
    other_host = desk.folder / "carried" / path.name
    shutil.copytree(path.with_name(f"{path.name}.parts"), other_host)
    path.unlink()
    return other_host / "manifest.json"


def load(desk: Desk, manifest: Path, *words: str) -> Answer:
    return desk.load("--from-parts", str(manifest), *words)


def identity(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.sql("SELECT FINGERPRINT, CONTENT_HASH, FILE_NAME, ROW_COUNT, STATE FROM ETL_WORK.ETL_LOAD_LEDGER")


def as_it_is(desk: Desk) -> Path:
    return desk.file(NAME, TEXT.encode())


def many_parts(desk: Desk) -> Path:
    """310 rows are small: long names make several parts of 64 KiB, 400 characters each."""
    desk.entry["create_table"] = {"DAY": "DATE", "ID": "NUMBER(9,0)", "NAME": "VARCHAR(500)"}
    padded = [f"{line} {hashlib.sha256(line.encode()).hexdigest() * 6}" for line in LINES]
    return desk.file(NAME, padded)


def latin_with_crlf(desk: Desk) -> Path:
    desk.entry["encoding"] = "latin-1"
    return desk.file(NAME, TEXT.replace("name", "n\u00e4me").replace("\n", "\r\n").encode("latin-1"))


def marked(desk: Desk) -> Path:
    return desk.file(NAME, b"\xef\xbb\xbf" + TEXT.encode())


def without_header(desk: Desk) -> Path:
    desk.entry |= {"header": False, "expected_columns": None, "create_table": None}
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    return desk.file(NAME, LINES, header=None)


def quoted(desk: Desk) -> Path:
    desk.entry |= {"file_pattern": "t_{date_range}.csv", "file_format": "CSV", "quote_char": '"'}
    rows = [line.split("\t") for line in LINES]
    text = "DAY,ID,NAME\n" + "".join(f'{day},{number},"a,\n{number}"\n' for day, number, _ in rows)
    return desk.file("t_20240101-20240131.csv", text.encode())


def zstd(desk: Desk) -> Path:
    return desk.file(f"{NAME}.zst", zstandard.ZstdCompressor().compress(TEXT.encode()))


def gz(desk: Desk) -> Path:
    return desk.file(f"{NAME}.gz", LINES)


KINDS = [as_it_is, many_parts, latin_with_crlf, marked, without_header, quoted, zstd, gz]


@pytest.mark.parametrize(
    ("make", "packing"),
    [*((make, "zstd") for make in KINDS), (many_parts, "gz"), (quoted, "gz")],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_ledger_knows_it_as_the_file_itself(desk: Desk, make: Callable[[Desk], Path], packing: str) -> None:
    path = make(desk)
    content = path.read_bytes()
    manifest = carried(desk, path, "--packing", packing)
    result = load(desk, manifest, "--json").result
    assert (result["status"], result["rows_published"]) == ("loaded", 310), result
    by_parts = identity(desk)
    right(desk)
    rows = desk.sql("SELECT * FROM T ORDER BY ID")
    path.write_bytes(content)
    again = desk.load("--file", str(path))
    assert (again.code, desk.count()) == (7, 310), again
    assert load(desk, manifest).code == 7
    # Replaced by the file itself, the ledger's new row differs in nothing that identifies it.
    assert desk.load("--file", str(path), "--mode", "replace", "--yes", "--expect-rows", "310").code == 0
    assert sorted(row[:4] for row in identity(desk)) == sorted([by_parts[0][:4]] * 2)
    assert desk.sql("SELECT * FROM T ORDER BY ID") == rows


def test_what_compress_writes_is_private_and_proven_by_common_tools(desk: Desk) -> None:
    path = many_parts(desk)
    answer = compress(desk, path, "--part-size", "64K", "--packing", "gz", "--json")
    (one,) = answer.result["files"]
    folder = path.with_name(f"{NAME}.parts")
    files = sorted(folder.iterdir())
    assert (one["status"], one["rows"], one["parts"], len(files)) == (
        "compressed",
        310,
        one["parts_written"],
        one["parts"] + 2,
    )
    assert one["parts"] > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    parts = [gzip.decompress(file.read_bytes()) for file in files if file.suffix == ".gz"]
    assert b"".join(parts) == path.read_bytes().split(b"\n", 1)[1]


@pytest.mark.parametrize("section", [{"via": "direct"}, {"stage": "user"}], ids=["direct", "user stage"])
def test_other_ways_of_loading_take_parts_too(desk: Desk, section: dict[str, str]) -> None:
    desk.sections |= {"load": section}
    manifest = carried(desk, many_parts(desk), "--packing", "gz")
    assert load(desk, manifest).code == 0
    assert load(desk, manifest).code == 7
    assert desk.count() == 310


def test_several_manifests_of_one_month_are_one_load(desk: Desk) -> None:
    first = carried(desk, desk.file("t_20240101-20240115.tsv", rows_for(JANUARY[:15])))
    second = carried(desk, desk.file("t_20240116-20240131.tsv", rows_for(JANUARY[15:])))
    result = load(desk, second, "--from-parts", str(first.parent), "--json").result
    assert (result["status"], result["rows_published"], len(result["files"])) == ("loaded", 310, 2)
    assert len(desk.ledger()) == 2


def test_one_that_is_loaded_already_is_left_out(desk: Desk) -> None:
    first = carried(desk, desk.file("t_20240101-20240115.tsv", rows_for(JANUARY[:15])))
    second = carried(desk, desk.file("t_20240116-20240131.tsv", rows_for(JANUARY[15:])))
    assert load(desk, first).code == 0
    assert load(desk, first, "--from-parts", str(second)).code == 0
    assert desk.count() == 310


def test_a_plan_tells_the_parts_and_touches_nothing(desk: Desk) -> None:
    manifest = carried(desk, as_it_is(desk))
    answer = load(desk, manifest, "--dry-run")
    assert answer.code == 0
    assert f"'{NAME}': 310 rows in 1 part file, zstd, in" in answer.out
    assert desk.sql("SHOW TABLES IN DATABASE") == []


def spoil(manifest: Path, how: str) -> None:
    document = json.loads(manifest.read_text())
    parts = sorted(manifest.parent.glob("part-*"))
    content = parts[0].read_bytes()
    if how == "missing":
        parts[0].unlink()
    elif how == "torn":
        parts[0].write_bytes(content[:-5])
    elif how == "corrupt":
        parts[0].write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    elif how == "foreign":
        document["files"][0]["bytes"] = parts[1].stat().st_size
        parts[0].write_bytes(parts[1].read_bytes())
        sealed(manifest, document)
    elif how == "a digit":
        manifest.write_text(manifest.read_text().replace('"rows": 310', '"rows": 311'))
    elif how == "version":
        manifest.write_text(json.dumps({**document, "version": 2}))
    elif how == "stage version":
        document["source"]["version"] = 9
        sealed(manifest, document)
    elif how == "content":
        document["source"]["content_hash"] = "0" * 32
        sealed(manifest, document)
    elif how == "outside":
        document["files"][0]["name"] = f"../{document['files'][0]['name']}"
        sealed(manifest, document)
    elif how == "no json":
        manifest.write_text("{")
    elif how == "other json":
        manifest.write_text("[1]")
    elif how == "gone":
        manifest.unlink()


def sealed(manifest: Path, document: dict[str, Any]) -> None:
    """Write a manifest as somebody would who knows how seals are made."""
    body = {key: value for key, value in document.items() if key not in ("kind", "version", "seal")}
    manifest.write_text(json.dumps({**document, "seal": parts_manifest._seal(body)}))


SPOILT = [
    ("missing", "missing: part-00001-"),
    ("torn", "not whole: part-00001-"),
    ("corrupt", "opy it again"),
    ("foreign", "its checksum differs"),
    ("a digit", "was changed or damaged since compress wrote it"),
    ("version", "written by another version of compress (its format is 2, this one reads 1)"),
    ("stage version", "written by another version of compress"),
    ("content", "together they hold other content than was compressed"),
    ("outside", "was changed or damaged"),
    ("no json", "is no manifest of compress"),
    ("other json", "is no manifest of compress"),
    ("gone", "There is no manifest"),
]


@pytest.mark.parametrize(("how", "says"), SPOILT, ids=[how for how, _ in SPOILT])
def test_what_is_not_what_was_compressed_is_not_loaded(desk: Desk, how: str, says: str) -> None:
    manifest = carried(desk, many_parts(desk))
    spoil(manifest, how)
    answer = load(desk, manifest)
    assert answer.code == 6, answer
    assert says in answer.out + answer.err
    there = desk.sql("SHOW TABLES LIKE 'T' IN SCHEMA PUBLIC")
    assert not there or desk.count() == 0
    assert "Traceback" not in answer.err


def test_a_part_that_nobody_named_is_said_and_left_alone(desk: Desk) -> None:
    manifest = carried(desk, as_it_is(desk))
    stranger = manifest.parent / f"part-00009-{'0' * 32}.tsv.zst"
    stranger.write_bytes(b"x")
    answer = load(desk, manifest)
    assert (answer.code, desk.count()) == (0, 310)
    assert stranger.name in answer.err
    assert stranger.exists()


def test_a_file_of_other_patterns_is_not_guessed(desk: Desk) -> None:
    manifest = carried(desk, as_it_is(desk))
    desk.entry["file_pattern"] = "u_{date_range}.tsv"
    answer = load(desk, manifest)
    assert answer.code == 2
    assert "matches no file pattern here" in answer.err


@pytest.mark.parametrize(
    "words",
    [("--from-stage",), ("--verify",), ("--qc", "file"), ("--month", "2024-01"), ("--resume",), ("--base-path", "x")],
)
def test_what_needs_the_file_cannot_be_meant(desk: Desk, words: tuple[str, ...]) -> None:
    assert load(desk, Path("manifest.json"), *words).code == 2


def test_a_killed_load_of_parts_is_resumed(desk: Desk) -> None:
    manifest = carried(desk, as_it_is(desk))
    assert crash_of(lambda: load(desk, manifest), lambda _, sql: sql.startswith("INSERT INTO"), after=False) == KILLED
    assert desk.count() == 0
    assert desk.load("--resume").code == 0
    right(desk)


def test_parts_that_are_staged_already_are_proven_and_not_sent_again(desk: Desk) -> None:
    path = many_parts(desk)
    content = path.read_bytes()
    manifest = carried(desk, path)
    assert load(desk, manifest, "--stage-only").code == 0
    result = load(desk, manifest, "--json").result
    assert (result["status"], result["files"][0]["parts_sent"]) == ("loaded", 0)
    assert identity(desk)[0][1] == result["files"][0]["content_hash"]
    path.write_bytes(content)


def test_again_it_keeps_whole_parts_and_mends_the_others(desk: Desk) -> None:
    path = many_parts(desk)
    assert compress(desk, path, "--part-size", "64K").code == 0
    folder = path.with_name(f"{NAME}.parts")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert compress(desk, path, "--part-size", "64K", "--json").result["files"][0]["status"] == "complete"
    victim = sorted(folder.glob("part-*"))[1]
    victim.write_bytes(b"damaged")
    (folder / ".part-00001-half.tsv.zst.77").write_bytes(b"")
    refused = compress(desk, path, "--part-size", "64K")
    assert (refused.code, "did not write" in refused.out) == (7, True)
    (folder / ".part-00001-half.tsv.zst.77").unlink()
    (folder / f".{victim.name}.77").write_bytes(b"of a killed run")
    assert compress(desk, path, "--part-size", "64K", "--json").result["files"][0]["parts_written"] == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_nothing_is_written_over_what_is_not_its_own(desk: Desk) -> None:
    path = as_it_is(desk)
    folder = desk.folder / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert compress(desk, path, "--to", str(folder)).code == 7
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    assert compress(desk, path, "--to", str(folder)).code == 0
    kept = sorted(file.name for file in folder.iterdir())
    desk.file(NAME, LINES[:-1])
    answer = compress(desk, path, "--to", str(folder))
    assert answer.code == 7
    assert "other parts, or of another file" in answer.out
    assert sorted(file.name for file in folder.iterdir()) == kept
    assert compress(desk, path, "--to", str(path)).code == 2
    assert compress(desk, path, "--to", str(desk.folder / "no" / "such")).code == 2


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Stopped("Stopped by SIGTERM.")])
def test_a_full_disk_or_a_signal_leaves_what_the_next_run_uses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = many_parts(desk)
    genuine, calls = os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise error
        genuine(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(part_files.os, "fsync", fsync)
        answer = compress(desk, path, "--part-size", "64K", "--workers", "1")
    folder = path.with_name(f"{NAME}.parts")
    assert answer.code in (1, 130)
    assert "disk is full while writing" in answer.err or "Stopped" in answer.err
    assert not (folder / "manifest.json").exists()
    assert "There is no manifest" in load(desk, folder).err
    result = compress(desk, path, "--part-size", "64K", "--json").result["files"][0]
    assert (result["status"], result["rows"]) == ("compressed", 310)
    assert result["parts_written"] < result["parts"]
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"DAY\tID\tNAME\n", "not a single row"), (b"DAY\tID\tNAME\n\xff\t1\tx\n", "is not utf-8")],
)
def test_a_bad_file_leaves_nothing(desk: Desk, content: bytes, says: str) -> None:
    path = desk.file(NAME, content)
    answer = compress(desk, path)
    assert answer.code == 6
    assert says in answer.out
    assert sorted(desk.files.iterdir()) == [path]


def test_a_month_goes_on_after_a_file_that_fails(desk: Desk) -> None:
    as_it_is(desk)
    desk.file("t_20240201-20240229.tsv", b"")
    answer = desk.run("compress", "--config", str(desk.config), "--month", "2024-01..2024-03")
    assert answer.code == 6
    assert "failed: 1 of 3 files in parts." in answer.out


@pytest.mark.parametrize(
    "words",
    [("--part-size", "1K"), ("--part-size", "x"), ("--workers", "0"), ("--month", "2024-01")],
)
def test_what_cannot_be_meant(desk: Desk, words: tuple[str, ...]) -> None:
    assert compress(desk, as_it_is(desk), *words).code == 2
