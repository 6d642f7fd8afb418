"""``compress`` (floor 5): files cut and packed into numbered parts, for hosts that cannot reach the warehouse.

The parts are those that a load of the file would stage, cut by the same plan and named by the same hashes, so that
``load --from-parts`` on another host leaves the same row in the ledger as a load of the file itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.model import Configuration, FileSection
from snowflake_etl.errors import EtlError, ExitCode, FileError, Refused, UsageError
from snowflake_etl.files.detect import read_layout
from snowflake_etl.files.find import FoundFile
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.naming import shown
from snowflake_etl.files.part_files import (
    PART_FILE,
    STAGED_SUFFIX,
    SUFFIXES,
    FolderSink,
    PartFile,
    proven_part,
)
from snowflake_etl.files.parts import FileCutter, compress_cut, gzip_cut
from snowflake_etl.files.plan import CutPlan, plan_cuts, plan_of_size
from snowflake_etl.operations.file_tools.parts_manifest import (
    CHECKSUMS_NAME,
    MANIFEST_NAME,
    PackedParts,
    parse_parts,
)
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.operations.load_plan import PlannedLoad
from snowflake_etl.operations.manifest import VERSION, Manifest, ManifestPart
from snowflake_etl.operations.memory import give_back_freed_blocks, plan_memory
from snowflake_etl.operations.staging import StagedFile, stage_cuts
from snowflake_etl.plural import counted
from snowflake_etl.progress import Progress
from snowflake_etl.results_files import CompressedFile, CompressResult

SMALLEST_PART_BYTES = 64 << 10
LARGEST_PART_BYTES = 512 << 20
_CLAIM = ".compress"
_UNFINISHED = "Parts of compress; without a manifest they are not complete.\n"


@dataclass(frozen=True)
class CompressWishes:
    """How to pack: ``to`` None means a folder ``NAME.parts`` beside each file; ``part_bytes`` is the size of a part,
    uncompressed.
    """

    to: Path | None = None
    packing: Compression = Compression.ZSTD
    part_bytes: int | None = None
    workers: int | None = None


def compress(
    loads: Sequence[PlannedLoad],
    configuration: Configuration,
    wishes: CompressWishes,
    progress: Progress,
    on_file: Callable[[CompressedFile], None],
) -> CompressResult:
    """Compress every file of the loads, one after the other; a failure does not stop the others.
    ``on_file`` is called for each that is done.  Raise UsageError for an unsuitable folder, Stopped after a signal: the
    complete parts then stay, and the same command carries on.
    """
    orders = [(found, load.entry) for load in loads for found in load.files]
    if wishes.to and len(orders) > 1:
        raise UsageError(f"--to takes the parts of one file, and {len(orders)} were found. Leave --to out.")
    results = []
    for found, entry in orders:
        try:
            result = _compressed(found, entry, configuration, wishes, progress)
        except EtlError as error:
            result = _failed(found, error)
        results.append(result)
        on_file(result)
    for load in loads:
        if load.problem:
            found = FoundFile(Path(f"{load.entry.table_name} {load.month}"), 0, load.month, load.month.days(), "", 0)
            results.append(_failed(found, FileError(load.problem)))
            on_file(results[-1])
    failed = [one for one in results if one.status == "failed"]
    message = f"{len(results) - len(failed)} of {counted(len(results), 'file')} in parts."
    return CompressResult(
        "failed" if failed else "ok", tuple(results), message, failed[0].exit_code if failed else int(ExitCode.OK)
    )


def _compressed(
    found: FoundFile, entry: FileSection, configuration: Configuration, wishes: CompressWishes, progress: Progress
) -> CompressedFile:
    began = time.monotonic()
    layout = read_layout(found.path, layout_wishes(entry, entry.columns))
    plan = plan_of_size(wishes.part_bytes, layout) if wishes.part_bytes else plan_cuts(found.path, layout)
    mark = fingerprint(found.path)
    folder = wishes.to or found.path.with_name(f"{found.path.name}.parts")
    with _claimed(folder, f"{mark}-{plan.plan_hash} {wishes.packing}"):
        present = _present(folder, wishes.packing)
        written: dict[str, PartFile] = {}
        staged = _pack(found, layout, plan, folder, configuration, wishes, frozenset(present), written, progress)
        files = {**present, **written}
        manifest = _manifest(found, entry, layout, mark, plan, staged)
        parts = PackedParts(folder, wishes.packing, manifest, tuple(files[part.name] for part in manifest.parts))
        _remove_others(parts)
        _write(folder / CHECKSUMS_NAME, parts.checksums)
        # Written last: if it is there, so is every part.
        _write(parts.path, parts.content)
    return _result(found, parts, staged, len(written), time.monotonic() - began, layout.notes)


def _pack(
    found: FoundFile,
    layout: Layout,
    plan: CutPlan,
    folder: Path,
    configuration: Configuration,
    wishes: CompressWishes,
    present: frozenset[str],
    written: dict[str, PartFile],
    progress: Progress,
) -> StagedFile:
    give_back_freed_blocks()
    limit = configuration.load.memory_limit
    workers = wishes.workers or configuration.load.workers
    memory = plan_memory(limit, [(plan, layout)], workers=workers, check_bytes=0)
    return stage_cuts(
        FileCutter(found.path, layout, plan.cut_bytes),
        f"{folder}/",
        lambda: FolderSink(wishes.packing, written),
        concurrency=memory.staging,
        pack=gzip_cut if wishes.packing is Compression.GZIP else compress_cut,
        present=present,
        progress=lambda _, done, total, unit: progress("compress", done, total, unit),
    )


def _manifest(
    found: FoundFile, entry: FileSection, layout: Layout, mark: str, plan: CutPlan, staged: StagedFile
) -> Manifest:
    if not (layout.header or entry.columns):
        # The column names are not known here; the table has them, where the parts are loaded.
        layout = Layout(**{**vars(layout), "columns": ()})
    return Manifest(
        version=VERSION,
        file=found.path.name,
        file_bytes=found.size,
        first_day=found.days.first,
        last_day=found.days.last,
        layout=layout,
        fingerprint=mark,
        content_hash=staged.content_hash,
        folder=f"{mark}-{plan.plan_hash}",
        rows=staged.rows,
        parts=tuple(ManifestPart(part.name, part.rows, part.first_line) for part in staged.parts),
    )


@contextlib.contextmanager
def _claimed(folder: Path, identity: str) -> Iterator[None]:
    """Claim the folder for the parts of this file alone; what an earlier run for it left there is reused.

    Raise Refused while another run writes there, and for a folder that holds anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{shown(folder)} is no folder. Name another one with --to.")
    if not folder.parent.is_dir():
        raise UsageError(f"There is no folder {shown(folder.parent)} to write to. Make it, or correct --to.")
    claim = folder / _CLAIM
    try:
        made = not folder.exists()
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(claim, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileError(f"{shown(folder)} cannot be written: {error.strerror}. Choose another with --to.") from None
    with os.fdopen(descriptor, "r+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Another compress writes to {shown(folder)} right now. Wait for it.") from None
        unfinished = stream.read() == _UNFINISHED
        try:
            _refuse_foreign(folder, identity, unfinished=unfinished)
            stream.seek(0)
            stream.write(_UNFINISHED)
            stream.flush()
            unfinished = True
            yield
        except BaseException:
            # Complete parts stay for the next run, together with the claim; if there are none, nothing stays.
            if not unfinished or _names(folder) == []:
                claim.unlink(missing_ok=True)
                if made:
                    folder.rmdir()
            raise
        claim.unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name != _CLAIM)


def _of_manifest(folder: Path) -> str:
    """Which file the folder's parts belong to, by its manifest; "" without one."""
    path = folder / MANIFEST_NAME
    if not path.exists():
        return ""
    try:
        parts = parse_parts(path)
    except FileError:
        return "something else"
    return f"{parts.manifest.folder} {parts.packing}"


def _refuse_foreign(folder: Path, identity: str, *, unfinished: bool) -> None:
    """Ours are parts, manifest and checksums, either of exactly this file and cuts or of a run that did not finish."""
    names = _names(folder)
    foreign = [name for name in names if not _is_ours(name)]
    complete = _of_manifest(folder)
    if foreign or (names and complete != identity and (complete or not unfinished)):
        what = f"{shown(foreign[0])}, which compress did not write" if foreign else "other parts, or of another file"
        raise Refused(
            f"{shown(folder)} holds {what}; nothing is overwritten. Move it away, or name another folder with --to."
        )


def _is_ours(name: str) -> bool:
    plain = name.removeprefix(".").rpartition(".")[0] if name.startswith(".") else name
    return plain in (MANIFEST_NAME, CHECKSUMS_NAME) or PART_FILE.fullmatch(plain) is not None


def _present(folder: Path, packing: Compression) -> dict[str, PartFile]:
    """Parts that an earlier run wrote and whose content still matches their names, by their names on the stage."""
    found = {}
    for path in sorted(folder.glob(f"part-*{SUFFIXES[packing]}")):
        if part := proven_part(path, packing):
            found[path.name.removesuffix(SUFFIXES[packing]) + STAGED_SUFFIX] = part
    return found


def _remove_others(parts: PackedParts) -> None:
    """Remove what killed runs left half written, and parts that are not of this file."""
    known = {file.name for file in parts.files}
    with os.scandir(parts.folder) as entries:
        for entry in list(entries):
            is_part = PART_FILE.fullmatch(entry.name) is not None
            if _is_ours(entry.name) and (entry.name.startswith(".") or (is_part and entry.name not in known)):
                Path(entry.path).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _result(
    found: FoundFile, parts: PackedParts, staged: StagedFile, written: int, seconds: float, notes: Sequence[str]
) -> CompressedFile:
    packed = sum(file.bytes for file in parts.files)
    how = f"{staged.rows:,} rows in {counted(len(parts.files), 'part')}"
    if not written:
        how += ", all there already and proven"
    return CompressedFile(
        "compressed" if written else "complete",
        str(found.path),
        str(parts.path),
        found.size,
        staged.rows,
        staged.content_hash,
        packed,
        len(parts.files),
        written,
        round(seconds, 3),
        tuple(notes),
        f"{how}.",
        int(ExitCode.OK),
    )


def _failed(found: FoundFile, error: EtlError) -> CompressedFile:
    return CompressedFile(
        "failed", str(found.path), "", found.size, 0, "", 0, 0, 0, 0.0, (), str(error), int(error.exit_code)
    )
