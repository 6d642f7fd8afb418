"""A cut file: every record once, in order, under names that prove it, whatever the file is packed and encoded with."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files.packing import SUFFIXES, pack
from snowflake_etl.errors import FileError
from snowflake_etl.files import opening
from snowflake_etl.files.fingerprint import fingerprint
from snowflake_etl.files.layout import Compression, Layout
from snowflake_etl.files.opening import SourceFile
from snowflake_etl.files.parts import Cut, FileCutter, FileRange, compress_cut
from snowflake_etl.files.plan import LARGEST_CUT_BYTES_CARRIED, plan_cuts, plan_of_size
from snowflake_etl.files.unpacking import unpacked as unpack

PLAIN = Layout("\t", None, True, ("a", "b"))
ROWS = b"".join(b"%d\tvalue %d\n" % (number, number * 7) for number in range(5_000))
FILE = b"a\tb\n" + ROWS


def layout_with(**changes: object) -> Layout:
    return Layout(**{**PLAIN.__dict__, **changes})  # type: ignore[arg-type]


def cut(path: Path, layout: Layout, size: int) -> tuple[FileCutter, list[Cut]]:
    cutter = FileCutter(path, layout, size)
    return cutter, list(cutter.cuts())


def unpacked(one: Cut) -> bytes:
    return zstandard.ZstdDecompressor().decompress(compress_cut(one).data)


def write(tmp_path: Path, content: bytes, name: str = "f.tsv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.fixture(params=[64, 1000, 512 << 10])
def block_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(opening, "READ_BYTES", request.param)
    return int(request.param)


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("size", [1, 10, 4_000, 1 << 20])
def test_parts_hold_every_record_once_and_no_header(tmp_path: Path, kind: str, size: int, block_size: int) -> None:
    path = write(tmp_path, pack(FILE[:2_000] if size == 1 else FILE, kind))
    expected = FILE[:2_000][4:] if size == 1 else ROWS
    if not expected.endswith(b"\n"):
        expected += b"\n"
    cutter, cuts = cut(path, layout_with(compression=Compression(kind)), size)
    parts = [unpacked(one) for one in cuts]
    assert b"".join(parts) == expected
    assert [one.number for one in cuts] == list(range(1, len(cuts) + 1))
    assert [one.rows for one in cuts] == [part.count(b"\n") for part in parts]
    assert cutter.rows == expected.count(b"\n")
    assert all(len(part) >= size for part in parts[:-1])
    assert all(len(part) - len(part.splitlines()[-1]) - 1 < size for part in parts), "cut at the first record end"
    assert cutter.bytes_read == cutter.bytes_total == path.stat().st_size


def test_content_hash_and_names_do_not_depend_on_packing_or_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for block in (100, 4_096, 1 << 20):
        monkeypatch.setattr(opening, "READ_BYTES", block)
        for kind in SUFFIXES:
            path = write(tmp_path, pack(FILE, kind), f"f{SUFFIXES[kind]}")
            cutter, cuts = cut(path, layout_with(compression=Compression(kind)), 9_000)
            seen.add((cutter.content_hash, tuple(one.name for one in cuts)))
    assert len(seen) == 1


def same_content(tmp_path: Path, *variants: tuple[bytes, Layout]) -> bool:
    hashes = set()
    for number, (content, layout) in enumerate(variants):
        for size in (50, 1 << 20):
            cutter, _ = cut(write(tmp_path, content, f"v{number}"), layout, size)
            hashes.add(cutter.content_hash)
    return len(hashes) == 1


def test_content_hash_is_of_the_records_alone(tmp_path: Path) -> None:
    assert same_content(
        tmp_path,
        (FILE, PLAIN),
        (FILE.removesuffix(b"\n"), PLAIN),
        (ROWS, layout_with(header=False)),
        (b"A\tB\n" + ROWS, PLAIN),
        (b"\xef\xbb\xbf" + FILE, layout_with(byte_order_mark=True)),
        (FILE.replace(b"\n", b"\r\n"), layout_with(line_ending="\r\n")),
        (FILE.replace(b"\n", b"\r\n").removesuffix(b"\r\n"), layout_with(line_ending="\r\n")),
        (FILE.decode().encode("utf-16"), layout_with(encoding="utf-16", byte_order_mark=True)),
        (FILE.decode().encode("utf-16-be"), layout_with(encoding="utf-16-be")),
        (FILE, layout_with(encoding="latin-1")),
    )
    assert not same_content(tmp_path, (FILE, PLAIN), (FILE.replace(b"value 7", b"value 8", 1), PLAIN))
    assert not same_content(tmp_path, (FILE, PLAIN), (FILE + b"\n", PLAIN))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8"])
def test_parts_are_utf8_whatever_the_file_is(tmp_path: Path, encoding: str, block_size: int) -> None:
    text = "a\tb\n" + "caf\u00e9\t\u00fcber\n" * 300
    path = write(tmp_path, text.encode(encoding))
    cutter, cuts = cut(path, layout_with(encoding=encoding, byte_order_mark=encoding == "utf-16"), 100)
    assert b"".join(map(unpacked, cuts)).decode() == text[4:]
    assert cutter.rows == 300


def test_bytes_that_are_no_text_name_line_and_byte(tmp_path: Path, block_size: int) -> None:
    path = write(tmp_path, FILE + b"x\tcaf\xe9\n" + FILE)
    with pytest.raises(FileError, match=rf"is not utf-8 on line 5,002, at byte {len(FILE) + 5:,} "):
        cut(path, PLAIN, 1000)
    mark = b"\xef\xbb\xbf"
    path = write(tmp_path, mark + FILE + b"\xc3")
    with pytest.raises(FileError, match=rf"on line 5,002, at byte {len(FILE) + 3:,} "):
        cut(path, layout_with(byte_order_mark=True), 1000)
    path = write(tmp_path, ("a\tb\n" * 500).encode("utf-16-le") + b"\x00\xd8\n\x00")
    with pytest.raises(FileError, match=r"is not utf-16-le on line 501, at byte 4,000 "):
        cut(path, layout_with(encoding="utf-16-le"), 1000)


def test_half_a_character_at_a_block_border_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "READ_BYTES", 1)
    path = write(tmp_path, "a\tb\ncaf\u00e9\t\u20ac\n".encode())
    assert unpacked(cut(path, PLAIN, 100)[1][0]).decode() == "caf\u00e9\t\u20ac\n"
    path = write(tmp_path, b"a\tb\ncaf\xc3\tx\n")
    with pytest.raises(FileError, match="is not utf-8 on line 2, at byte 7 "):
        cut(path, PLAIN, 100)


def test_a_byte_order_mark_is_dropped_also_where_the_byte_order_is_configured(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xff\xfe" + "1\t2\n".encode("utf-16-le"))
    layout = layout_with(encoding="utf-16-le", byte_order_mark=True, header=False)
    assert unpacked(cut(path, layout, 100)[1][0]) == b"1\t2\n"


def test_first_line_turns_a_line_of_a_part_into_a_line_of_the_file(tmp_path: Path) -> None:
    content = b'a,b\n1,"two\nlines"\n2,x\n3,"three\n\nlines"\n4,y\n'
    path = write(tmp_path, content)
    _, cuts = cut(path, Layout(",", '"', True, ("a", "b")), 1)
    assert [one.first_line for one in cuts] == [2, 4, 5, 8]
    assert [(one.rows, one.lines) for one in cuts] == [(1, 2), (1, 1), (1, 3), (1, 1)]
    lines = content.split(b"\n")
    for one in cuts:
        assert unpacked(one).startswith(lines[one.first_line - 1])


def test_a_quoted_header_of_several_lines_is_in_no_part(tmp_path: Path) -> None:
    path = write(tmp_path, b'"a\nb",c\n1,2\n')
    cutter, cuts = cut(path, Layout(",", '"', True, ("a b", "c")), 100)
    assert unpacked(cuts[0]) == b"1,2\n"
    assert (cuts[0].first_line, cutter.rows, cutter.lines) == (3, 1, 3)


def test_a_record_longer_than_a_part_stays_whole(tmp_path: Path, block_size: int) -> None:
    long = b"1\t" + b"x" * 30_000 + b"\n"
    path = write(tmp_path, b"a\tb\n1\t2\n" + long + b"3\t4")
    _, cuts = cut(path, PLAIN, 100)
    assert [unpacked(one) for one in cuts] == [b"1\t2\n" + long, b"3\t4\n"]


@given(
    lines=st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=30),
    size=st.integers(1, 60),
    block=st.integers(1, 50),
    crlf=st.booleans(),
    final=st.booleans(),
    kind=st.sampled_from(list(SUFFIXES)),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cutting_any_lines(
    tmp_path: Path, lines: list[bytes], size: int, block: int, crlf: bool, final: bool, kind: str
) -> None:
    end = b"\r\n" if crlf else b"\n"
    content = end.join([b"head", *lines]) + (end if final else b"")
    expected = [line.decode("latin-1").encode() + b"\n" for line in lines]
    if not final and lines and not lines[-1]:
        expected.pop()  # 'x\n' and then nothing is one line, not two
    path = write(tmp_path, pack(content, kind))
    layout = layout_with(compression=Compression(kind), encoding="latin-1", line_ending=end.decode())
    before = opening.READ_BYTES
    opening.READ_BYTES = block
    try:
        cutter, cuts = cut(path, layout, size)
    finally:
        opening.READ_BYTES = before
    assert b"".join(map(unpacked, cuts)) == b"".join(expected)
    assert cutter.rows == len(expected)
    assert [one.first_line for one in cuts] == [2 + sum(c.lines for c in cuts[:at]) for at in range(len(cuts))]


def test_a_plain_file_is_cut_as_ranges_and_others_travel_in_the_cut(tmp_path: Path) -> None:
    path = write(tmp_path, FILE.removesuffix(b"\n"))
    _, cuts = cut(path, PLAIN, 9_000)
    assert all(isinstance(one.pieces[0], FileRange) for one in cuts)
    assert cuts[-1].pieces[1:] == (b"\n",), "the newline that the file lacks"
    _, cuts = cut(write(tmp_path, pack(FILE, "gzip")), layout_with(compression=Compression.GZIP), 9_000)
    assert all(isinstance(piece, bytes) for one in cuts for piece in one.pieces)


def test_cuts_and_parts_can_be_sent_to_other_processes(tmp_path: Path) -> None:
    _, cuts = cut(write(tmp_path, FILE), PLAIN, 40_000)
    _, carried = cut(write(tmp_path, pack(FILE, "zstd"), "f.zst"), layout_with(compression=Compression.ZSTD), 40_000)
    assert pickle.loads(pickle.dumps(cuts)) == cuts
    with ProcessPoolExecutor(1) as pool:
        assert [part.name for part in pool.map(compress_cut, cuts + carried)] == [one.name for one in cuts] * 2


def test_a_part_knows_its_size_and_proves_its_bytes(tmp_path: Path) -> None:
    _, [one] = cut(write(tmp_path, FILE), PLAIN, 1 << 20)
    part = compress_cut(one)
    parameters = zstandard.get_frame_parameters(part.data)
    assert (parameters.content_size, parameters.has_checksum) == (len(ROWS), True)
    assert part.name == f"part-00001-{one.rows_hash}.tsv.zst"
    assert cut(write(tmp_path, b"a,b\n1,2\n"), layout_with(delimiter=","), 9)[1][0].name.endswith(".csv.zst")


@pytest.mark.parametrize("kind", ["gzip", "zstd", "bzip2"])
def test_several_members_are_one_stream(tmp_path: Path, kind: str, block_size: int) -> None:
    content = b"".join(pack(FILE[start : start + 9_999], kind) for start in range(0, len(FILE), 9_999)) + pack(
        b"", kind
    )
    cutter, cuts = cut(write(tmp_path, content), layout_with(compression=Compression(kind)), 10_000)
    assert b"".join(map(unpacked, cuts)) == ROWS
    if kind == "gzip":
        again, _ = cut(write(tmp_path, content + b"\0" * 700), layout_with(compression=Compression.GZIP), 10_000)
        assert again.content_hash == cutter.content_hash, "zero bytes behind gzip data are padding"


@pytest.mark.parametrize("kind", ["gzip", "zstd", "bzip2"])
def test_damage_is_named_with_its_place(tmp_path: Path, kind: str, block_size: int) -> None:
    layout = layout_with(compression=Compression(kind))
    content = pack(FILE, kind)
    with pytest.raises(FileError, match=rf"is cut off: .* last byte, {len(content) - 20:,}\."):
        cut(write(tmp_path, content[:-20]), layout, 10_000)
    broken = bytearray(content)
    broken[len(broken) // 2] ^= 0x10
    with pytest.raises(FileError, match=r"is damaged: .* cannot be unpacked between byte [\d,]+ and byte [\d,]+"):
        cut(write(tmp_path, bytes(broken)), layout, 10_000)
    with pytest.raises(FileError, match=rf"up to about byte {len(content):,} and something else after it"):
        cut(write(tmp_path, content + b"a\tb\n1\t2\n"), layout, 10_000)


def test_a_file_of_zeros_packed_small_is_unpacked_in_bounded_steps(tmp_path: Path) -> None:
    path = write(tmp_path, pack(b"0" * (200 << 20), "zstd"))
    with SourceFile(path) as source:
        sizes = [len(block) for block in unpack(source, Compression.ZSTD)]
    assert sum(sizes) == 200 << 20
    assert max(sizes) <= 16 << 20


def change_while_cutting(path: Path, layout: Layout, change: object) -> None:
    cutter = FileCutter(path, layout, 4_000)
    cuts = cutter.cuts()
    first = next(cuts)
    change(path)  # type: ignore[operator]
    compress_cut(first)
    for one in cuts:
        compress_cut(one)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"9\t9\n")


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def write_into(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"!")
    os.utime(path, (1, 1))


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [grow, shrink, replace, write_into, remove])
@pytest.mark.parametrize("kind", ["none", "gzip"])
def test_a_file_that_changes_while_it_is_read_is_an_error(
    tmp_path: Path, change: object, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "READ_BYTES", 4_096)
    path = write(tmp_path, pack(FILE, kind))
    with pytest.raises(FileError, match="was changed while it was read"):
        change_while_cutting(path, layout_with(compression=Compression(kind)), change)


def test_bytes_that_differ_between_counting_and_compressing_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    before = path.stat()
    _, cuts = cut(path, PLAIN, 4_000)
    path.write_bytes(FILE.replace(b"value 7", b"value 8", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(FileError, match="was changed while it was read"):
        compress_cut(cuts[0])


def test_the_fingerprint_is_of_the_bytes_alone(tmp_path: Path) -> None:
    content = os.urandom(6 << 20)
    one, other = write(tmp_path, content, "one"), write(tmp_path, content, "other name")
    os.utime(other, (1, 1))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(write(tmp_path, content[:-1], "short")) != fingerprint(one)
    assert fingerprint(write(tmp_path, bytes([content[0] ^ 1]) + content[1:], "first")) != fingerprint(one)
    assert fingerprint(write(tmp_path, content[:-1] + bytes([content[-1] ^ 1]), "last")) != fingerprint(one)
    assert fingerprint(write(tmp_path, b"", "empty")) != fingerprint(write(tmp_path, b"\0", "zero"))
    with pytest.raises(FileError, match="cannot be read"):
        fingerprint(tmp_path / "gone")


def test_the_fingerprint_knows_the_size_even_where_all_samples_are_equal(tmp_path: Path) -> None:
    five, six = write(tmp_path, b"", "five"), write(tmp_path, b"", "six")
    os.truncate(five, 5 << 20)
    os.truncate(six, 6 << 20)
    assert fingerprint(five) != fingerprint(six)


def test_a_small_file_is_one_part_and_a_larger_one_several_even_ones(tmp_path: Path) -> None:
    small = write(tmp_path, FILE)
    assert len(cut(small, PLAIN, plan_cuts(small, PLAIN).cut_bytes)[1]) == 1
    large = write(tmp_path, b"a\tb\n" + ROWS * 500, "large")
    cuts = cut(large, PLAIN, plan_cuts(large, PLAIN).cut_bytes)[1]
    assert len(cuts) > 3
    assert min(one.size for one in cuts) > max(one.size for one in cuts) // 2


def test_parts_of_a_very_large_file_come_out_as_planned(tmp_path: Path) -> None:
    path = write(tmp_path, FILE)
    os.truncate(path, 20 << 30)  # sparse: the samples are mostly zeros, which compress well beyond any cap
    assert plan_cuts(path, PLAIN).cut_bytes <= (512 << 20) + (256 << 10)
    with path.open("r+b") as file:
        for number in range(6):
            file.seek(((20 << 30) - (512 << 10)) * number // 5)
            file.write(os.urandom(512 << 10))
    assert 16 << 20 <= plan_cuts(path, PLAIN).cut_bytes <= 17 << 20, "what does not compress is cut at the part size"
    carried = layout_with(line_ending="\r\n")
    assert plan_cuts(path, carried).cut_bytes <= LARGEST_CUT_BYTES_CARRIED + (256 << 10)


def test_the_plan_hash_changes_with_everything_that_moves_cuts(tmp_path: Path) -> None:
    plans = [
        plan_of_size(1000, PLAIN),
        plan_of_size(1001, PLAIN),
        plan_of_size(1000, layout_with(header=False)),
        plan_of_size(1000, layout_with(delimiter=",")),
        plan_of_size(1000, layout_with(quote='"')),
        plan_of_size(1000, layout_with(encoding="cp1252")),
        plan_of_size(1000, layout_with(line_ending="\r\n")),
    ]
    assert len({plan.plan_hash for plan in plans}) == len(plans)
    path = write(tmp_path, FILE)
    assert plan_cuts(path, PLAIN) == plan_cuts(path, layout_with(columns=("x", "y"), notes=("n",)))
