"""Finding a month's files: what is found, and every case in which guessing would load rows twice or not at all."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from snowflake_etl.errors import ConfigError, FileError, UsageError
from snowflake_etl.files.find import find_files, match_file, months_in_words
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.month import DayRange, Month

JANUARY = Month(2024, 1)
FLIGHTS = FilePattern("flights_{date_range}.tsv", "FLIGHTS")
FARES = FilePattern("fares_{month}.csv", "FARES")


def put(path: Path, content: bytes = b"a\tb\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found_paths(base: Path, *patterns: FilePattern, month: Month = JANUARY) -> list[Path]:
    return [file.path for file in find_files(base, patterns or (FLIGHTS,), [month])]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst", ".bz2"])
@pytest.mark.parametrize("folder", ["", "2024-01", "012024"])
def test_files_lie_flat_or_in_a_month_folder_plain_or_packed(tmp_path: Path, folder: str, suffix: str) -> None:
    path = put(tmp_path / folder / f"flights_20240101-20240131.tsv{suffix}")
    put(tmp_path / folder / f"flights_20240201-20240229.tsv{suffix}.old")
    [file] = find_files(tmp_path, [FLIGHTS], [JANUARY])
    assert (file.path, file.size, file.month, file.table, file.pattern_index) == (path, 4, JANUARY, "FLIGHTS", 0)
    assert file.days == JANUARY.days()


def test_partial_month_files_come_in_the_order_of_their_days(tmp_path: Path) -> None:
    late = put(tmp_path / "flights_20240116-20240131.tsv.gz")
    early = put(tmp_path / "2024-01" / "flights_20240101-20240115.tsv")
    files = find_files(tmp_path, [FLIGHTS], [JANUARY])
    assert [file.path for file in files] == [early, late]
    assert files[0].days == DayRange(date(2024, 1, 1), date(2024, 1, 15))


def test_a_month_pattern_claims_the_whole_month(tmp_path: Path) -> None:
    put(tmp_path / "fares_2024-02.csv")
    [file] = find_files(tmp_path, [FARES], [Month(2024, 2)])
    assert file.days == DayRange(date(2024, 2, 1), date(2024, 2, 29))


def test_several_tables_and_months_come_in_order(tmp_path: Path) -> None:
    for name in (
        "flights_20240101-20240131.tsv",
        "flights_20240201-20240229.tsv",
        "fares_2024-01.csv",
        "fares_2024-02.csv",
    ):
        put(tmp_path / name)
    files = find_files(tmp_path, [FLIGHTS, FARES], iter([Month(2024, 2), JANUARY, JANUARY]))
    assert [(file.table, str(file.month)) for file in files] == [
        ("FLIGHTS", "2024-01"),
        ("FLIGHTS", "2024-02"),
        ("FARES", "2024-01"),
        ("FARES", "2024-02"),
    ]


def test_everything_but_the_place_holders_and_the_star_is_literal(tmp_path: Path) -> None:
    odd = FilePattern("f[1]+(x).{month}?.t$", "T")
    assert odd.claim("f[1]+(x).2024-01?.t$") is not None
    assert odd.claim("f1+(x).2024-01?.t$") is None
    assert odd.claim("f[1]+(x)a2024-01?.t$") is None
    star = FilePattern("*_flights_{date_range}*.tsv", "T")
    assert star.claim("ny_flights_20240101-20240131_v2.tsv") is not None
    assert star.claim("flights_20240101-20240131.tsv") is None


@pytest.mark.parametrize(
    "name",
    [
        "my flights_{}.tsv",
        'it\'s "x" {}.tsv',
        "$(touch y){}.tsv",
        "-rf {}.tsv",
        "two\nlines {}.tsv",
        "`id`;{}.tsv",
        "\x1b[31m{}.tsv",
    ],
)
def test_awkward_names_are_found_as_they_are(tmp_path: Path, name: str) -> None:
    pattern = FilePattern(name.format("{date_range}"), "T")
    path = put(tmp_path / name.format("20240101-20240131"))
    assert found_paths(tmp_path, pattern) == [path]
    assert match_file(path, [pattern]).days == JANUARY.days()


def test_a_name_that_is_no_unicode_is_found_and_shown_in_ascii(tmp_path: Path) -> None:
    name = os.fsdecode(b"fl\xff_20240101-20240131.tsv")
    try:
        path = put(tmp_path / name)
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    put(tmp_path / (name + ".gz"))
    with pytest.raises(FileError) as failure:
        found_paths(tmp_path, FilePattern("fl*_{date_range}.tsv", "T"))
    assert str(failure.value).isascii()
    (tmp_path / (name + ".gz")).unlink()
    assert found_paths(tmp_path, FilePattern("fl*_{date_range}.tsv", "T")) == [path]


def test_error_sentences_never_carry_control_codes(tmp_path: Path) -> None:
    pattern = FilePattern("\x1b[31m{date_range}.tsv", "T")
    put(tmp_path / "\x1b[31m20240101-20240131.tsv")
    put(tmp_path / "\x1b[31m20240101-20240131.tsv.gz")
    with pytest.raises(FileError) as failure:
        found_paths(tmp_path, pattern)
    assert "\x1b" not in str(failure.value)


@pytest.mark.parametrize("packed", [".gz", ".zst", ".bz2"])
def test_a_file_beside_its_packed_copy_stops_and_names_both(tmp_path: Path, packed: str) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv")
    put(tmp_path / f"flights_20240101-20240131.tsv{packed}")
    with pytest.raises(FileError, match=rf"20240131\.tsv' and .*20240131\.tsv\{packed}' are the same file"):
        found_paths(tmp_path)


@pytest.mark.parametrize("other", ["flights_20240131-20240131.tsv", "2024-01/flights_20240101-20240131.tsv"])
def test_overlapping_days_stop_and_name_both(tmp_path: Path, other: str) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv")
    put(tmp_path / other)
    with pytest.raises(FileError, match="claim the same days of table FLIGHTS") as failure:
        found_paths(tmp_path)
    assert other in str(failure.value)


def test_the_same_days_of_two_tables_are_no_overlap(tmp_path: Path) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv")
    put(tmp_path / "fares_2024-01.csv")
    assert len(find_files(tmp_path, [FLIGHTS, FARES], [JANUARY])) == 2


def test_two_patterns_for_one_file_stop_and_name_both(tmp_path: Path) -> None:
    path = put(tmp_path / "flights_20240101-20240131.tsv")
    wide = FilePattern("*_{date_range}.tsv", "OTHER")
    with pytest.raises(ConfigError, match=r"flights_\{date_range\}.*\(FLIGHTS\) or .*\(OTHER\)"):
        found_paths(tmp_path, FLIGHTS, wide)
    with pytest.raises(ConfigError, match="OTHER"):
        match_file(path, [FLIGHTS, wide])


def test_nothing_there_says_what_was_looked_for_and_what_there_is(tmp_path: Path) -> None:
    for name in ("20240101-20240131", "20240201-20240229", "20240401-20240430"):
        put(tmp_path / f"flights_{name}.tsv")
    with pytest.raises(FileError) as failure:
        found_paths(tmp_path, month=Month(2024, 3))
    text = str(failure.value)
    assert "No file of table FLIGHTS for 2024-03" in text
    assert "'flights_{date_range}.tsv'" in text
    assert str(tmp_path) in text
    assert "2024-03 and 032024" in text
    assert "There are files for 2024-01..2024-02, 2024-04." in text


def test_one_table_without_a_file_is_an_error_though_the_other_has_one(tmp_path: Path) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv")
    with pytest.raises(FileError, match="No file of table FARES for 2024-01"):
        found_paths(tmp_path, FLIGHTS, FARES)


def test_files_in_deeper_or_other_folders_are_not_found(tmp_path: Path) -> None:
    put(tmp_path / "old" / "flights_20240101-20240131.tsv")
    put(tmp_path / "2024-01" / "2024-01" / "flights_20240101-20240131.tsv")
    put(tmp_path / "2024-13" / "flights_20240101-20240131.tsv")
    with pytest.raises(FileError, match="There are files for no month at all"):
        found_paths(tmp_path)


def test_a_file_in_the_folder_of_another_month_stops_both_months(tmp_path: Path) -> None:
    put(tmp_path / "2024-01" / "flights_20240201-20240229.tsv")
    for month in (JANUARY, Month(2024, 2)):
        with pytest.raises(FileError, match="is in the folder of 2024-01 but claims days of 2024-02"):
            found_paths(tmp_path, month=month)


@pytest.mark.parametrize("digits", ["20240101-20240132", "20240131-20240101", "20240115-20240215", "20240100-20240131"])
def test_days_that_cannot_be_meant_stop_their_month_and_no_other(tmp_path: Path, digits: str) -> None:
    put(tmp_path / f"flights_{digits}.tsv")
    put(tmp_path / "flights_20230101-20230131.tsv")
    with pytest.raises(FileError, match=digits):
        found_paths(tmp_path)
    assert len(found_paths(tmp_path, month=Month(2023, 1))) == 1
    with pytest.raises(FileError, match=digits):
        match_file(tmp_path / f"flights_{digits}.tsv", [FLIGHTS])


def test_a_dangling_link_is_named_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "flights_20240101-20240131.tsv").symlink_to(tmp_path / "gone.tsv")
    with pytest.raises(FileError, match=r"is a link to .*gone\.tsv"):
        found_paths(tmp_path)


def test_links_to_files_and_month_folders_are_followed(tmp_path: Path) -> None:
    real = put(tmp_path / "elsewhere" / "flights_20240101-20240131.tsv")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "2024-01").symlink_to(real.parent)
    assert len(found_paths(tmp_path / "base")) == 1


def test_a_folder_named_like_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "flights_20240101-20240131.tsv").mkdir()
    with pytest.raises(FileError, match="is a folder though"):
        found_paths(tmp_path)


def test_a_pipe_named_like_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "flights_20240101-20240131.tsv")
    with pytest.raises(FileError, match="is a pipe"):
        found_paths(tmp_path)


def test_an_unreadable_file_is_said_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv").chmod(0)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read anything
    with pytest.raises(FileError, match="may not be read"):
        found_paths(tmp_path)


def test_a_missing_base_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        found_paths(tmp_path / "nowhere")
    with pytest.raises(FileError, match="is not a folder"):
        found_paths(put(tmp_path / "file"))


@pytest.mark.parametrize("text", ["flights.tsv", "{month}_{date_range}.tsv", "a/{month}.tsv"])
def test_patterns_that_cannot_be_used_are_configuration_errors(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="pattern"):
        found_paths(tmp_path, FilePattern(text, "T"))


def test_match_file_takes_a_file_wherever_it_lies(tmp_path: Path) -> None:
    path = put(tmp_path / "inbox" / "2023-05" / "fares_2024-01.csv.zst")
    file = match_file(path, [FLIGHTS, FARES])
    assert (file.table, file.pattern_index, file.days) == ("FARES", 1, JANUARY.days())


def test_match_file_refuses_what_no_pattern_knows(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"matches no file pattern.*FLIGHTS"):
        match_file(put(tmp_path / "x.tsv"), [FLIGHTS])
    with pytest.raises(FileError, match="There is no file"):
        match_file(tmp_path / "flights_20240101-20240131.tsv", [FLIGHTS])


def test_available_months_are_those_of_the_names(tmp_path: Path) -> None:
    put(tmp_path / "012024" / "flights_20240101-20240131.tsv")
    put(tmp_path / "flights_20231201-20231231.tsv")
    put(tmp_path / "fares_2024-05.csv")
    put(tmp_path / "flights_20249901-20249931.tsv")
    found = find_files(tmp_path, [FLIGHTS, FARES], None)
    assert [(file.table, file.month) for file in found] == [
        ("FLIGHTS", Month(2023, 12)),
        ("FLIGHTS", JANUARY),
        ("FARES", Month(2024, 5)),
    ]


def test_what_cannot_be_loaded_is_told_and_the_others_are_found(tmp_path: Path) -> None:
    put(tmp_path / "flights_20240101-20240131.tsv")
    put(tmp_path / "flights_20231201-20231215.tsv")
    put(tmp_path / "flights_20231210-20231231.tsv")
    problems: list[tuple[str, Month, str]] = []
    months = [Month(2023, 12), JANUARY]
    found = find_files(
        tmp_path, [FLIGHTS, FARES], months, lambda table, month, error: problems.append((table, month, str(error)))
    )
    assert [(file.table, file.month) for file in found] == [("FLIGHTS", JANUARY)]
    assert [one[:2] for one in problems] == [
        ("FLIGHTS", Month(2023, 12)),
        ("FARES", Month(2023, 12)),
        ("FARES", JANUARY),
    ]
    assert "claim the same days" in problems[0][2]
    assert "No file of table FARES for 2024-01" in problems[2][2]


def test_months_are_told_as_runs() -> None:
    months = [Month(2023, 11), Month(2023, 12), Month(2024, 1), Month(2024, 3)]
    assert months_in_words(months) == "2023-11..2024-01, 2024-03"
