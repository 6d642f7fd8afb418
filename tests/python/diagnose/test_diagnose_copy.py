"""What COPY refused is explained down to the value, and the printed commands mend it."""

from __future__ import annotations

import gzip

import pytest
from planted_faults import (
    BAD,
    GOOD,
    HEADER,
    PLANTED,
    TABLE,
    Planted,
    commands,
    diagnosis,
    file_of,
    plant,
    type_in,
)

from desk import Desk
from snowflake_etl.errors import ConnectError


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


def test_a_column_that_was_widened_by_hand_needs_no_widening(typed: Desk) -> None:
    plant(typed, BAD)
    typed.load("--month", "2024-01", "--qc", "skip")
    typed.sql("ALTER TABLE T ALTER COLUMN NAME SET DATA TYPE VARCHAR(20)")
    found = diagnosis(typed)
    assert "NAME has been widened since: it is VARCHAR(20), the value has 15 characters." in found["why"]
    (again,) = commands(found)
    assert type_in(typed, again).code == 0


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
    assert any("what is shown was staged" in note for note in gone["notes"])
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
