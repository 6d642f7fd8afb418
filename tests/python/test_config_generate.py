"""config generate: entries from files and tables, merged without losing what the operator wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from desk import ROOT, Answer, Desk, days_between, rows_for
from snowflake_etl.cli.config_actions import generate as generate_action
from snowflake_etl.config import file_change
from snowflake_etl.reports.json_text import json_text

JANUARY = days_between("2024-01-01", "2024-01-31")


def generate(desk: Desk, *words: str) -> Answer:
    return desk.run("config", "generate", *words)


def sales(desk: Desk, month: str = "2024-01", header: str = "day,id,amount") -> Path:
    return desk.file(f"sales_{month}.csv", [f"{month}-0{day},{day},{day}.5" for day in (1, 2, 3)], header)


def new(desk: Desk) -> Path:
    return desk.folder / "new.json"


def test_a_new_configuration_is_made_and_loads_the_files(desk: Desk) -> None:
    path = desk.file("t_2024-01.csv", [f"{day},{day.day},n{day.day}" for day in JANUARY], "day,id,name")
    config = new(desk)
    answer = generate(desk, "--file", str(path), "--into", str(config), "--yes")
    assert (answer.code, config.stat().st_mode & 0o777) == (0, 0o600), answer
    assert '+      "table_name": "T",' in answer.out
    document = json.loads(config.read_text())
    assert document["base_path"] == str(desk.files)
    document["snowflake"]["database"] = desk.database
    config.write_text(json.dumps(document))
    assert desk.run("load", "--config", str(config), "--month", "2024-01").code == 0
    assert desk.count(table="PUBLIC.T") == 31


def test_without_into_nothing_is_written(desk: Desk) -> None:
    path, config = sales(desk), desk.config
    before = sorted(desk.folder.rglob("*"))
    answer = generate(desk, "--config", str(config), "--file", str(path), "--json")
    assert answer.code == 0
    assert answer.result["files"][0]["table_name"] == "SALES"
    assert sorted(desk.folder.rglob("*")) == before
    text = generate(desk, "--config", str(config), "--file", str(path)).out
    assert json.loads(text[: text.index("\n}") + 2])["files"] == answer.result["files"]


def test_it_is_merged_with_a_backup_and_only_what_is_new(desk: Desk) -> None:
    config = desk.config
    config.write_text(json_text(json.loads(config.read_text())) + "\n")
    config.chmod(0o640)
    before = config.read_text()
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes", "--json")
    result = answer.result
    assert (answer.code, result["status"]) == (0, "written")
    backup = Path(result["backup"])
    assert (backup.read_text(), backup.parent, backup.suffix) == (before, config.parent, ".bak")
    assert (config.stat().st_mode & 0o777, backup.stat().st_mode & 0o777) == (0o640, 0o600)
    old, after = json.loads(before), json.loads(config.read_text())
    assert after == {**old, "files": [*old["files"], *result["files"]]}
    added = [line for line in config.read_text().splitlines() if line not in before.splitlines()]
    assert len(before.splitlines()) + len(added) <= len(config.read_text().splitlines()) + 2
    planned = generate(desk, "--file", str(sales(desk, "2024-02")), "--into", str(config), "--dry-run")
    assert (planned.code, "unchanged" in planned.out) == (7, True)
    again = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes", "--json").result
    assert (again["status"], len(list(desk.folder.glob("*.bak")))) == ("unchanged", 1)


def test_what_the_operator_wrote_stays(desk: Desk) -> None:
    desk.entry["create_table"] = {"day": "DATE", "id": "NUMBER(38,0)", "gone": "DATE"}
    desk.entry |= {"date_format": None, "duplicate_key_columns": ["id"]}
    config = desk.config
    path = desk.file("t_20240101-20240131.tsv", [f"{line}\t1" for line in rows_for(JANUARY)], "DAY\tID\tNAME\tMORE")
    result = generate(desk, "--file", str(path), "--into", str(config), "--yes", "--json").result
    (entry,) = json.loads(config.read_text())["files"]
    assert entry["create_table"] == {
        "day": "DATE",
        "id": "NUMBER(38,0)",
        "gone": "DATE",
        "NAME": "VARCHAR(6)",
        "MORE": "NUMBER(9,0)",
    }
    assert (entry["date_format"], entry["duplicate_key_columns"]) == ("YYYYMMDD", ["id"])
    notes = " ".join(result["notes"])
    assert "T.ID: its type stays NUMBER(38,0); NUMBER(9,0) was found." in notes
    assert "the files have no column gone" in notes


@pytest.mark.parametrize("answer", ["no", None])
def test_without_consent_nothing_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    config = desk.config
    before = config.read_text()
    if answer:
        monkeypatch.setattr(generate_action, "confirmed", lambda *_: False)
    planned = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--dry-run")
    assert (planned.code, config.read_text(), "nothing was" in planned.out) == (0, before, True)
    refused = generate(desk, "--file", str(sales(desk)), "--into", str(config))
    assert (refused.code, config.read_text()) == (7, before)
    assert '+      "table_name": "SALES",' in refused.out
    assert "is unchanged" in refused.err
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.json", "files"]


def test_types_are_the_tables_own_where_it_is_there(desk: Desk) -> None:
    desk.sql("CREATE TABLE SALES (DAY DATE NOT NULL, ID NUMBER(12,0), PRICE FLOAT)")
    config = desk.config
    words = ("--config", str(config), "--file", str(sales(desk)), "--json")
    result = generate(desk, *words, "--table", "SALES").result
    types = {"day": "DATE NOT NULL", "id": "NUMBER(12,0)", "amount": "NUMBER(9,1)"}
    assert result["files"][0]["create_table"] == types
    notes = " ".join(result["notes"])
    assert "has no column amount of the files" in notes
    assert "The files have no column PRICE" in notes
    absent = generate(desk, *words, "--table", "OTHER").result
    assert absent["files"][0]["table_name"] == "OTHER"
    assert any("There is no table" in note for note in absent["notes"])
    bare = desk.file("bare_2024-01.csv", ["2024-01-01,1,2.5"], None)
    named = generate(desk, "--config", str(config), "--file", str(bare), "--header", "no", "--table", "SALES", "--json")
    assert named.result["files"][0]["expected_columns"] == ["DAY", "ID", "PRICE"]


def test_without_a_warehouse_the_files_have_to_do(desk: Desk) -> None:
    document = json.loads(desk.config.read_text())
    document["snowflake"] = {
        "account": "x",
        "user": "u",
        "password": "geheim99",
        "host": "127.0.0.1",
        "port": 9,
        "protocol": "http",
        "database": "D",
        "schema": "S",
        "login_timeout": 1,
        "network_timeout": 1,
    }
    config = new(desk)
    config.write_text(json.dumps(document))
    config.chmod(0o600)
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--table", "SALES", "--yes")
    assert answer.code == 0, answer
    assert "The warehouse could not be asked" in answer.out
    assert "geheim99" not in answer.out + answer.err
    assert json.loads(config.read_text())["files"][-1]["create_table"]["id"] == "NUMBER(9,0)"


def test_several_files_are_one_entry_wide_enough_for_all(desk: Desk) -> None:
    sales(desk)
    february = desk.file("sales_2024-02.csv", ["2024-02-01,12345678901,NA"], "day,id,amount")
    words = ("--config", str(desk.config), "--file", str(desk.files / "sales_2024-01.csv"), "--file", str(february))
    (entry,) = generate(desk, *words, "--json").result["files"]
    assert entry["create_table"] == {"day": "DATE", "id": "NUMBER(18,0)", "amount": "NUMBER(9,1)"}
    assert entry["null_values"] == ["", "\\N", "NA"]
    other = desk.file("sales_2024-03.csv", ["2024-03-01,1,2"], "day,id,price")
    answer = generate(desk, *words, "--file", str(other))
    assert (answer.code, "have one pattern but different columns (AMOUNT, PRICE)" in answer.err) == (6, True)
    two = generate(desk, *words, "--file", str(desk.month("2024-01-01", "2024-01-02")), "--json").result["files"]
    assert [each["table_name"] for each in two] == ["SALES", "T"]
    words = (*words, "--file", str(desk.files / "t_20240101-20240102.tsv"))
    assert generate(desk, *words, "--table", "X").code == 2


def yaml_config(desk: Desk, text: str) -> Path:
    path = desk.folder / "c.yaml"
    path.write_text(text)
    return path


YAML = """# ours
snowflake:
  connection: local  # for now
files:
{margin}# January
{margin}- file_pattern: t_{{month}}.tsv
{margin}  table_name: T

# the rest
load:
  workers: 1
"""


@pytest.mark.parametrize("margin", ["", "  "])
def test_a_yaml_file_keeps_its_comments(desk: Desk, margin: str) -> None:
    config = yaml_config(desk, YAML.format(margin=margin))
    before = yaml.safe_load(config.read_text())
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes", "--json")
    assert answer.code == 0, answer
    text = config.read_text()
    assert yaml.safe_load(text) == {**before, "files": [*before["files"], *answer.result["files"]]}
    assert all(line in text.splitlines() for line in YAML.format(margin=margin).splitlines())


def test_a_yaml_entry_that_grows_says_that_comments_go(desk: Desk) -> None:
    config = yaml_config(desk, YAML.replace("t_", "sales_").replace(".tsv", ".csv").format(margin="  "))
    result = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes", "--json").result
    assert any("Comments of the YAML file are not kept" in note for note in result["notes"])
    assert yaml.safe_load(config.read_text())["files"][0]["date_column"] == "day"
    assert "# ours" in Path(result["backup"]).read_text()


def test_an_entry_of_an_extended_file_is_not_doubled(desk: Desk) -> None:
    base = desk.folder / "base.json"
    base.write_text(json.dumps({"files": [{"file_pattern": "sales_{month}.csv", "table_name": "SALES"}]}))
    config = new(desk)
    config.write_text(json.dumps({"extends": "base.json"}))
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes")
    assert (answer.code, "from a file that it extends" in answer.err) == (3, True)
    assert generate(desk, "--file", str(sales(desk)), "--into", str(base), "--yes").code == 0


def test_a_file_that_somebody_changes_meanwhile_is_left_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    config = desk.config

    def meanwhile(*_: Any) -> bool:
        config.write_text(config.read_text() + "\n")
        return True

    monkeypatch.setattr(generate_action, "confirmed", meanwhile)
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config))
    assert (answer.code, "changed by somebody else meanwhile" in answer.err) == (7, True)
    assert not list(desk.folder.glob("*.bak"))


def test_a_full_disk_leaves_the_configuration_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    config = desk.config
    before = config.read_text()

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(file_change.os, "fsync", full)
    answer = generate(desk, "--file", str(sales(desk)), "--into", str(config), "--yes")
    assert (answer.code, "disk is full" in answer.err, config.read_text()) == (1, True, before)
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.json", "files"]


def test_what_cannot_be_meant(desk: Desk) -> None:
    path, config = sales(desk), desk.config
    assert generate(desk).code == 2
    assert generate(desk, "--file", str(path), "--rows", "0").code == 2
    assert generate(desk, "--file", str(desk.files / "none.csv")).code == 6
    assert generate(desk, "--file", str(path), "--into", str(path)).code == 2
    assert generate(desk, "--file", str(path), "--into", str(desk.folder), "--config", str(config)).code == 2
    assert generate(desk, "--file", str(path), "--into", str(desk.folder / "no" / "c.json")).code == 2
    broken = new(desk)
    broken.write_text("{")
    assert generate(desk, "--file", str(path), "--into", str(broken), "--yes").code == 3
    assert broken.read_text() == "{"
    assert generate(desk, "--file", str(desk.file("sales_2024-02.csv", b"")), "--into", str(config)).code == 6


def test_the_example_configuration_is_written_as_it_stands() -> None:
    text = (ROOT / "config" / "example.json").read_text()
    assert json_text(json.loads(text)) + "\n" == text
