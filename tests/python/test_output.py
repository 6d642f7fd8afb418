"""What a run says and writes: a reader that has gone or a full disk ends no work, and --json stays one document."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from desk import ROOT, Desk
from snowflake_etl.result_file import result_file


def two_months(desk: Desk) -> tuple[str, ...]:
    desk.month("2024-01-01", "2024-01-31")
    desk.month("2024-02-01", "2024-02-29")
    return ("load", "--config", str(desk.config), "--month", "2024-01..2024-02")


def into(desk: Desk, out: int | Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the entry with its standard output at a descriptor or in a file."""
    descriptor = os.open(out, os.O_WRONLY) if isinstance(out, Path) else out
    try:
        return subprocess.run(
            ["bash", str(ROOT / "snowflake_etl.sh"), *words],
            env={**os.environ, "ETL_STATE_DIR": str(desk.state), "ETL_VENV": sys.prefix},
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        os.close(descriptor)


def test_a_reader_that_goes_away_does_not_end_a_batch(desk: Desk) -> None:
    """As with ``| head -1``: the second month had not been loaded, and nothing was said of it."""
    words = two_months(desk)
    reader, writer = os.pipe()
    os.close(reader)
    run = into(desk, writer, *words, "--quiet")
    assert (run.returncode, run.stderr) == (0, "")
    assert desk.count() == 600


@pytest.mark.parametrize("flags", [(), ("--json",)], ids=" ".join)
def test_a_full_disk_behind_standard_output_does_not_end_a_batch(desk: Desk, flags: tuple[str, ...]) -> None:
    words = two_months(desk)
    run = into(desk, Path("/dev/full"), *words, "--quiet", *flags)
    assert run.returncode == 1
    assert run.stderr == (
        "error: Standard output cannot be written (No space left on device). The work itself went on to its end.\n"
    )
    assert desk.count() == 600


@pytest.mark.parametrize(
    ("verb", "flag"),
    [("sample", "--output"), ("duplicates", "--output"), ("compare", "--differences"), ("check-file", "--rejects")],
)
@pytest.mark.parametrize("name", ["nowhere/x", ""], ids=["no folder", "a folder"])
def test_a_result_that_cannot_be_written_is_known_before_the_work(desk: Desk, verb: str, flag: str, name: str) -> None:
    """It had been told behind the work, by the name of a file of ours, as a second document and with exit code 1."""
    file = str(desk.month("2024-01-01", "2024-01-31"))
    more = {"compare": ("--with", file), "duplicates": ("--key", "DAY,ID")}.get(verb, ())
    answer = desk.run(
        verb, "--config", str(desk.config), "--file", file, *more, flag, str(desk.folder / name), "--json"
    )
    assert answer.code == 2
    assert answer.result["exit_code"] == 2
    assert f"error: {flag} cannot be written: " in answer.err


def test_what_is_no_file_is_written_to_and_not_replaced(desk: Desk) -> None:
    """As root ``--output /dev/null`` had made a file of the device."""
    file = str(desk.month("2024-01-01", "2024-01-31"))
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    answer = desk.run("sample", "--config", str(desk.config), "--file", file, "--output", str(pipe))
    reader.join(timeout=10)
    assert answer.code == 0
    assert json.loads(read[0])["status"] == "ok"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(desk: Desk) -> None:
    file = str(desk.month("2024-01-01", "2024-01-31"))
    link = desk.folder / "newest.json"
    link.symlink_to("2024.json")
    assert desk.run("sample", "--config", str(desk.config), "--file", file, "--output", str(link)).code == 0
    assert link.is_symlink()
    assert json.loads((desk.folder / "2024.json").read_text())["status"] == "ok"
    assert (desk.folder / "2024.json").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_leaves_nothing_behind_and_is_told_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("of yesterday")
    with pytest.raises(OSError) as raised, result_file(path) as stream:  # what it is stands below
        stream.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename == str(path)
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]
    assert path.read_text() == "of yesterday"


def test_an_answer_that_was_given_stays_the_only_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load is published, and then there is no room for its --output: that is an error, and no second document."""
    from snowflake_etl.cli.commands import loader

    def no_room(path: Path, _: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(loader, "write_private", no_room)
    desk.month("2024-01-01", "2024-01-31")
    output = desk.folder / "result.json"
    answer = desk.load("--month", "2024-01", "--json", "--output", str(output))
    assert answer.code == 1
    assert answer.result["status"] == "loaded"
    assert f"error: The disk is full while writing {output}." in answer.err
