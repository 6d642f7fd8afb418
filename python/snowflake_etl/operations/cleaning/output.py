"""Where ``clean-file`` writes (floor 5): a copy and its rejects, each under its final name only once complete.

Until then they are ``.NAME.clean-part``, locked while a run writes them.  The last line of a file of rejects says
which copy it belongs to, so that a repeated run can tell its own files from those of others.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from snowflake_etl.errors import FileError, Refused, UsageError
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.naming import shown
from snowflake_etl.files.opening import refuse_no_file
from snowflake_etl.files.packing import Writable
from snowflake_etl.quality.clean_records import Reject
from snowflake_etl.result_file import is_no_file

HEADINGS = b"line\treason\trecord\n"
_FOOTER_BYTES = 8192
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Places:
    """The source and the two files made from it."""

    source: Path
    copy: Path
    rejects: Path

    @property
    def partial_copy(self) -> Path:
        return _partial(self.copy)

    @property
    def partial_rejects(self) -> Path:
        return _partial(self.rejects)


def places_of(source: Path, copy: Path | None, rejects: Path | None) -> Places:
    """Decide where to write; by default to the source's name in a folder ``clean`` beside it, for ``load --base-path``.
    Raise FileError when there is no such source, UsageError for places that make no sense, Refused when the copy or
    the rejects would overwrite the source.
    """
    refuse_no_file(source)
    if copy is None:
        copy = source.parent / "clean" / source.name
        copy.parent.mkdir(exist_ok=True)
    rejects = rejects or copy.with_name(copy.name + ".rejects.tsv")
    for target, flag in ((copy, "--to"), (rejects, "--rejects")):
        if target.is_dir():
            raise UsageError(f"{shown(target)} is a folder. Name the file to write with {flag}.")
        if is_no_file(target):
            raise UsageError(f"{shown(target)} is a device or a pipe. Name a file with {flag}.")
        if not target.parent.is_dir():
            raise UsageError(f"There is no folder {shown(target.parent)} to write to. Make it, or correct {flag}.")
        if target.exists() and target.samefile(source):
            raise Refused(
                f"{shown(target)} is the source itself, which is never overwritten. Name another file with {flag}."
            )
    if copy.absolute() == rejects.absolute() or (copy.exists() and rejects.exists() and copy.samefile(rejects)):
        raise UsageError("The copy and the rejects cannot be one file. Correct --to or --rejects.")
    return Places(source, copy, rejects)


@contextlib.contextmanager
def claimed(places: Places, *, force: bool) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open the partial copy and rejects for writing, empty and locked; they are removed when the block fails.
    Raise Refused while another run writes them, or if files that are not ours already have the final names.
    """
    with contextlib.ExitStack() as stack:
        copy = stack.enter_context(_locked(places.partial_copy, places.copy))
        rejects = stack.enter_context(_locked(places.partial_rejects, places.rejects))
        try:
            if not force:
                _refuse_foreign(places)
            os.fchmod(copy.fileno(), places.source.stat().st_mode & 0o666)
            copy.truncate(0)
            rejects.truncate(0)
            yield copy, rejects
        except BaseException:
            for path in (places.partial_copy, places.partial_rejects):
                path.unlink(missing_ok=True)
            raise


def publish(places: Places, copy: BinaryIO, rejects: BinaryIO) -> None:
    """Give both files their final names once everything is on disk; the rejects first, since they identify the copy."""
    for stream in (copy, rejects):
        stream.flush()
        os.fsync(stream.fileno())
    places.partial_rejects.replace(places.rejects)
    places.partial_copy.replace(places.copy)
    for folder in {places.rejects.parent, places.copy.parent}:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class StagedReject:
    """A reject of a first pass: its line in the source, its number of lines, and its text in the rejects."""

    line: int
    lines: int
    text: bytes


class FileSink:
    """Writes kept records to the copy and rejects to theirs."""

    def __init__(self, copy: Writable, rejects: Writable, line_ending: str) -> None:
        self._copy = copy
        self._rejects = rejects
        self._ending = line_ending.encode()
        rejects.write(HEADINGS)

    def header(self, record: bytes) -> None:
        self._copy.write(record + self._ending)

    def keep(self, records: list[bytes]) -> None:
        self._copy.write(self._ending.join(records) + self._ending)

    def reject(self, reject: Reject) -> None:
        self._rejects.write(_text_of(reject))

    def reject_text(self, text: bytes) -> None:
        """Write a reject whose text was made before."""
        self._rejects.write(text)


class StagingSink(FileSink):
    """Writes a first pass: each reject is preceded by its number of lines, for ``staged_rejects``."""

    def reject(self, reject: Reject) -> None:
        self.reject_text(b"%d\t" % reject.lines + _text_of(reject))


def staged_rejects(path: Path) -> Iterator[StagedReject]:
    """Yield what a first pass rejected, in order."""
    with path.open("rb") as file:
        next(file)  # the headings
        for text in file:
            lines, _, reject = text.partition(b"\t")
            yield StagedReject(int(reject.partition(b"\t")[0]), int(lines), reject)


def _text_of(reject: Reject) -> bytes:
    return f"{reject.line}\t{_one_line(reject.reason)}\t{escaped(reject.record)}\n".encode()


def escaped(record: bytes) -> str:
    """A record on one line: tab, line ends, backslashes, control codes and bytes that are not text are escaped."""
    plain = record.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return _one_line(plain)


def _one_line(text: str) -> str:
    for character, written in (("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, written)
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def write_footer(rejects: Writable, about: Mapping[str, object]) -> None:
    """End the rejects with a line that says which copy they belong to."""
    rejects.write(f"# {json.dumps(about, ensure_ascii=True)}\n".encode())


def _footer_of(path: Path) -> dict[str, Any]:
    """The last line of a file of rejects; {} for any other file."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - _FOOTER_BYTES, 0))
            last = file.read().rstrip(b"\n").rsplit(b"\n", 1)[-1]
        about = json.loads(last.removeprefix(b"# ")) if last.startswith(b"# {") else {}
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def _refuse_foreign(places: Places) -> None:
    """Refuse files that are not ours: a copy is ours if the rejects beside it, final or partial, name its content."""
    about = _footer_of(places.rejects)
    ours = about.get("copy") == places.copy.name
    if os.path.lexists(places.rejects) and not ours:
        raise _foreign(places.rejects)
    if os.path.lexists(places.copy):
        written = [path for path in (places.copy, places.partial_copy) if path.is_file()]
        if not ours or about.get("fingerprint") not in [fingerprint(path) for path in written]:
            raise _foreign(places.copy)


def _foreign(path: Path) -> Refused:
    return Refused(
        f"{shown(path)} is there already and was not written by clean-file, or was changed since. Move it away, name "
        "another file with --to and --rejects, or overwrite it with --force."
    )


@contextlib.contextmanager
def first_pass(places: Places) -> Iterator[tuple[Path, BinaryIO, Path, BinaryIO]]:
    """Open a second pair of files beside the partial ones, for data that is read again; removed afterwards."""
    paths = [path.with_name(f"{path.name}-1") for path in (places.partial_copy, places.partial_rejects)]
    try:
        with contextlib.ExitStack() as stack:
            streams = []
            for path in paths:
                path.unlink(missing_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                streams.append(stack.enter_context(os.fdopen(descriptor, "r+b")))
            yield paths[0], streams[0], paths[1], streams[1]
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(partial: Path, target: Path) -> Iterator[BinaryIO]:
    while True:
        try:
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise FileError(f"{shown(target)} cannot be written: {error.strerror}. Check the folder.") from None
        with os.fdopen(descriptor, "r+b") as stream:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(f"Another clean-file is writing {shown(target)} right now. Wait for it.") from None
            # Another run may have given the file its name between the opening and the lock.
            if _is_still(partial, descriptor):
                yield stream
                return


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return now.st_ino == os.fstat(descriptor).st_ino


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.clean-part")
