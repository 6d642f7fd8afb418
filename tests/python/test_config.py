"""Configuration files: what is accepted, and what a mistake is told."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from snowflake_etl.cli.main import main
from snowflake_etl.config.reading import LoadedConfiguration, read_configuration
from snowflake_etl.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
FILES = [{"file_pattern": "a_{month}.tsv", "table_name": "A"}]


def write(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def read(tmp_path: Path, document: Any, **environment: str) -> LoadedConfiguration:
    return read_configuration(write(tmp_path / "c.json", document), environment)


def complaint(tmp_path: Path, document: Any, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, document, **environment)
    return str(caught.value)


def test_the_example_loads_the_samples_into_the_embedded_warehouse() -> None:
    loaded = read_configuration(ROOT / "config" / "example.json")
    assert loaded.configuration.snowflake.target == "local"
    assert loaded.base_path == ROOT / "samples"
    assert len(loaded.configuration.files[0].columns) == 15


def test_the_keys_that_operators_files_have_keep_working(tmp_path: Path) -> None:
    document = {
        "snowflake": {
            "account": "acme",
            "user": "etl",
            "private_key_file": "key.p8",
            "warehouse": "W",
            "database": "D",
            "schema": "S",
            "role": "R",
        },
        "files": [
            {
                "file_pattern": "prices_{date_range}.tsv",
                "table_name": "PRICES",
                "expected_columns": ["recordDate", "assetId", "price"],
                "date_column": "recordDate",
                "duplicate_key_columns": ["recordDate", "assetId"],
                "file_format": "tsv",
                "delimiter": "\t",
                "quote_char": '"',
            }
        ],
    }
    entry = read(tmp_path, document).configuration.files[0]
    assert entry.columns == ("RECORDDATE", "ASSETID", "PRICE")
    assert entry.wished_delimiter == "\t"


def test_yaml_says_the_same_as_json(tmp_path: Path) -> None:
    text = "files:\n  - file_pattern: a_{month}.tsv\n    table_name: A\n"
    yaml = read_configuration(write(tmp_path / "c.yaml", text), {})
    assert yaml.configuration == read(tmp_path, {"files": FILES}).configuration


def test_keys_in_yaml_are_texts_whatever_else_yaml_takes_them_for(tmp_path: Path) -> None:
    text = (
        "files:\n  - {file_pattern: 'a_{month}.tsv', table_name: A, create_table: {no: DATE, null: DATE, 2024: DATE}}\n"
        "notify:\n  targets:\n    - {name: sink, url: json://127.0.0.1/x, on: [failure]}\n"
    )
    configuration = read_configuration(write(tmp_path / "c.yaml", text), {}).configuration
    assert list(configuration.files[0].create_table or {}) == ["no", "null", "2024"]
    assert configuration.notify.targets[0].on == ("failure",)


def test_dates_in_yaml_are_dates_of_rules_and_calendars(tmp_path: Path) -> None:
    text = (
        "files:\n  - {file_pattern: 'a_{month}.tsv', table_name: A, create_table: {X: DATE}}\n"
        "quality:\n  rules:\n    - {table: A, check: range, column: X, minimum: 2024-01-01}\n"
        "    - {table: A, check: accepted_values, column: X, values: [2024-01-01, '2024-01-02']}\n"
        "  calendar: {closed: [2024-12-24, '2024-12-31']}\n"
    )
    quality = read_configuration(write(tmp_path / "c.yaml", text), {}).configuration.quality
    assert quality.rules[0].minimum == "2024-01-01"
    assert quality.rules[1].values == ("2024-01-01", "2024-01-02")
    assert quality.calendar is not None
    assert [day.day for day in quality.calendar.closed] == [24, 31]
    assert main(["config", "validate", "--config", str(tmp_path / "c.yaml")]) == 0


def test_every_unknown_key_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    document = {"files": [{**FILES[0], "date_colunm": "x"}], "laod": {}, "snowflake": {"passwrd": "hush-hush"}}
    text = complaint(tmp_path, document)
    assert "'files[0].date_colunm', did you mean 'date_column'?" in text
    assert "'laod', did you mean 'load'?" in text
    assert "'snowflake.passwrd', did you mean 'password'?" in text
    assert "c.json" in text
    assert "hush-hush" not in text


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "the key 'files' is missing"),
        ({"files": []}, "the list is empty"),
        ({"files": FILES, "load": {"workers": "3"}}, "'load.workers' takes a whole number, without quotes."),
        ({"files": FILES, "load": {"workers": 65}}, "'load.workers' takes a number that is 64 or less."),
        ({"files": FILES, "load": {"lease_seconds": 1}}, "'load.lease_seconds' takes a number that is 5 or more."),
        ({"files": FILES, "load": {"via": "mail"}}, "'load.via' takes 'work_table' or 'direct'."),
        ({"files": FILES, "load": []}, "'load' takes an object with keys, in braces."),
        ({"files": FILES, "quality": {"band_width": 0}}, "'quality.band_width' takes a number above 0"),
        ({"files": FILES, "quality": {"normal_share": "x"}}, "'quality.normal_share' takes a number, without quotes."),
        ({"files": FILES, "base_path": 7}, "'base_path' takes a text, in quotes."),
        ({"files": FILES, "base_path": ""}, "'base_path' takes a text that is not empty."),
        ({"files": {"a": "b"}}, "'files' takes a list in square brackets."),
        ({"files": [{**FILES[0], "delimiter": "||"}]}, "'files[0].delimiter' takes one character, or one of tab,"),
        ({"files": [{**FILES[0], "quote_char": "''"}]}, "'files[0].quote_char' takes one character."),
        ({"files": [{**FILES[0], "header": "yes"}]}, "'files[0].header' takes true or false, without quotes."),
        ({"files": [{**FILES[0], "create_table": ["A"]}]}, "'files[0].create_table' takes an object with keys"),
        ({"files": [{**FILES[0], "create_table": {"A": "VARCHAR(x)"}}]}, "'VARCHAR(x)' is not a column type"),
        (
            {"files": [{**FILES[0], "expected_columns": ["A"], "date_column": "DAY"}]},
            "column 'DAY' is not among the columns",
        ),
        ({"files": FILES, "snowflake": {"account": "a", "connection": "b"}}, "not both"),
        (
            {"files": FILES, "quality": {"rules": [{"table": "B", "check": "not_null", "column": "X"}]}},
            "quality.rules[0].table: 'B' is no table of 'files' (A)",
        ),
        ({"files": FILES, "quality": {"rules": [{"table": "A", "check": "regex", "column": "X"}]}}, "needs 'pattern'"),
        (
            {"files": FILES, "quality": {"rules": [{"table": "A", "check": "not_null", "column": "X", "values": [1]}]}},
            "has no 'values'",
        ),
        ({"files": FILES, "quality": {"rules": [{"table": "A", "check": "uniq", "column": "X"}]}}, "'unique'"),
        (
            {"files": FILES, "quality": {"rules": [{"table": "A", "check": "range", "column": "X", "minimum": True}]}},
            "'quality.rules[0].minimum': true is neither a number nor a text",
        ),
        (
            {
                "files": FILES,
                "quality": {"rules": [{"table": "A", "check": "range", "column": "X", "minimum": 10, "maximum": 9}]},
            },
            "'minimum' is above 'maximum' (10 and 9)",
        ),
        ({"files": FILES, "quality": {"calendar": {"closed": ["2024-13-01"]}}}, "write days as YYYY-MM-DD"),
        ({"files": FILES, "quality": {"calendar": {"subdivision": "NY"}}}, "goes with 'country'"),
        ("[]", "contains no object"),
        ("{", "not valid JSON"),
        ('{"files": [], "files": []}', "is there twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, document: Any, expected: str) -> None:
    assert expected in complaint(tmp_path, document)


def test_variables_are_expanded_and_an_unset_one_is_an_error(tmp_path: Path) -> None:
    document = {"base_path": "${DATA}/in", "files": FILES}
    assert read(tmp_path, document, DATA="/data").base_path == Path("/data/in")
    assert "${DATA}" in complaint(tmp_path, document)


def test_a_missing_file_and_bad_yaml_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        read_configuration(tmp_path / "absent.json", {})
    with pytest.raises(ConfigError, match=r"not valid YAML.*line 3"):
        read_configuration(write(tmp_path / "c.yml", "files:\n  - [\n"), {})


def test_a_plain_password_warns_and_never_shows(tmp_path: Path) -> None:
    document = {"snowflake": {"account": "a", "user": "u", "password": "hush-hush"}, "files": FILES}
    path = write(tmp_path / "c.json", document)
    path.chmod(0o644)
    loaded = read_configuration(path, {})
    assert any("plain password" in warning for warning in loaded.warnings)
    assert any(f"chmod 600 {path}" in warning for warning in loaded.warnings)
    assert "hush-hush" not in repr(loaded) + " ".join(loaded.warnings)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert not any("chmod" in warning for warning in read_configuration(path, {}).warnings)


def test_a_base_path_is_relative_to_the_configuration_file(tmp_path: Path) -> None:
    assert read(tmp_path, {"base_path": "in", "files": FILES}).base_path == tmp_path / "in"


def documented_variables() -> set[str]:
    """The environment variables in the first columns of the documentation's tables."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `ETL_")]
    return {name.strip(" `") for row in rows for name in row.split(",")}


def test_every_environment_variable_stands_in_the_documentation_and_no_other() -> None:
    # Those that only tests set, to stand in for parts of a host, are no settings.
    stand_ins = {"ETL_LINGER_DIR", "ETL_SYSTEMD_ROOT"}
    read_by_python = re.compile(
        r"""environ(?:ment)?(?:\.get|\.pop)?[(\[]"(ETL_\w+)|_seconds\("(ETL_\w+)|_VARIABLE = "(ETL_\w+)"""
    )
    found = {"ETL_VENV", "ETL_PYTHON"} | {
        next(filter(None, match.groups()))
        for path in (ROOT / "python").rglob("*.py")
        for match in read_by_python.finditer(path.read_text(encoding="utf-8"))
    }
    for path in [ROOT / "snowflake_etl.sh", *(ROOT / "lib").rglob("*.sh")]:
        found |= set(re.findall(r"\$\{(ETL_[A-Z_]+):-", path.read_text(encoding="utf-8")))
    # What the entries make for the other files under these names is no setting either.
    assert documented_variables() == found - stand_ins - {"ETL_ROOT", "ETL_BASE_PYTHON", "ETL_INSTALLED_PYTHON"}
