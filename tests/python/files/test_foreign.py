"""What is no text at all is told as what it is, with what to do, whatever its name says."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from snowflake_etl.errors import FileError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.layout import LayoutWishes
from snowflake_etl.files.opening import SourceFile

ROWS = b"20240101\t1\tname\n" * 100


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, ROWS)
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("t.tsv")
        member.size = len(ROWS)
        archive.addfile(member, io.BytesIO(ROWS))
    return stream.getvalue()


FOREIGN = {
    "a ZIP archive": zipped("t.tsv"),
    "an Excel workbook,": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "an Excel workbook of the old kind": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    "a tar archive": tarred(),
    "packed with xz": lzma.compress(ROWS),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100),
    "a RAR archive": b"Rar!\x1a\x07\0" + bytes(100),
    "a Parquet file": b"PAR1\x15\x04" + bytes(100),
    "packed with lz4": b"\x04\x22\x4d\x18" + bytes(100),
    "encrypted with PGP": b"-----BEGIN PGP MESSAGE-----\n\nabc=\n",
}
PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress, "bzip2": bz2.compress}


@pytest.mark.parametrize("encoding", [None, "latin-1"])
@pytest.mark.parametrize("what", FOREIGN)
def test_another_format_is_told_under_a_plain_and_a_packed_name(
    tmp_path: Path, what: str, encoding: str | None
) -> None:
    for name, content in (
        ("t.tsv", FOREIGN[what]),
        ("t.tsv.gz", FOREIGN[what]),
        ("u.gz", gzip.compress(FOREIGN[what])),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileError, match="not rows of text") as refused:
            read_layout(path, LayoutWishes(encoding=encoding))
        assert f" is {what}" in str(refused.value)
        assert "encoding" not in str(refused.value)


@pytest.mark.parametrize("inner", PACKERS)
@pytest.mark.parametrize("outer", PACKERS)
def test_what_is_packed_twice_is_told(tmp_path: Path, outer: str, inner: str) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(PACKERS[outer](PACKERS[inner](ROWS)))
    with pytest.raises(FileError) as refused:
        read_layout(path, LayoutWishes())
    assert f"once its {outer} packing is undone, is {inner} data again" in str(refused.value)
    assert f"Unpack it once ({outer} -dc) and load the result." in str(refused.value)


@pytest.mark.parametrize("first", ["PAR1", "PK", "Rar!", "7z", "BZh9", "Obj1", "%PDF"])
def test_rows_that_begin_with_the_letters_of_another_format_are_rows(tmp_path: Path, first: str) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(gzip.compress(f"{first}\t1\n{first}\t2\n".encode()))
    assert read_layout(path, LayoutWishes(header=False)).delimiter == "\t"


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_what_is_no_file_is_said_at_once_and_not_waited_for(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's name has to be short
    path = Path("t_20240101-20240131.tsv")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    said = "is a folder. Name a file in it" if kind == "folder" else "is a pipe, socket or device"
    with pytest.raises(FileError, match=said):
        SourceFile(path)
