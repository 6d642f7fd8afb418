"""Schema, templates and migration: what files may look like, what to begin with, and what older ones become."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from desk import Desk
from snowflake_etl.config.fields import keys, section_inside
from snowflake_etl.config.json_schema import json_schema
from snowflake_etl.config.layers import written
from snowflake_etl.config.migration import migrated
from snowflake_etl.config.model import Configuration, Section
from snowflake_etl.config.reading import Choice, read_configuration
from snowflake_etl.config.reference import reference
from snowflake_etl.config.sources import META_KEYS
from snowflake_etl.config.templates import TEMPLATES

ROOT = Path(__file__).resolve().parents[2]
TODAY = {
    "snowflake": {"account": "acme", "user": "etl", "password": "hush-hush-hush"},
    "files": [{"file_pattern": "o_{date_range}.tsv", "table_name": "O", "duplicate_key_columns": ["A", "B"]}],
}


def test_the_committed_schema_is_todays() -> None:
    committed = (ROOT / "docs" / "configuration.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == json_schema(), "run: python/config_tool.py schema > docs/configuration.schema.json"


def test_the_committed_reference_is_todays() -> None:
    committed = (ROOT / "docs" / "configuration-reference.md").read_text(encoding="utf-8")
    command = "python/config_tool.py schema --format markdown > docs/configuration-reference.md"
    assert committed == reference(), f"run: {command}"


def test_the_reference_explains_every_key() -> None:
    titles = set(re.findall(r"^##+ (\S+)$", reference(), re.MULTILINE))
    assert titles >= {written(key.place) for key in keys()} | set(META_KEYS)
    for section in Section.__subclasses__():
        for name, field in section.model_fields.items():
            if section_inside(field.annotation):
                continue
            assert (field.description or "").endswith("."), f"{section.__name__}.{name} has no description"
            assert field.examples, f"{section.__name__}.{name} has no example"


@pytest.mark.parametrize("section", Section.__subclasses__())
def test_every_example_of_the_reference_is_a_value_that_the_key_takes(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        key = field.alias or name
        try:
            section.model_validate({key: field.examples[0]} if field.examples else {})
        except ValidationError as error:
            assert not field.examples or [one for one in error.errors() if one["loc"][:1] == (key,)] == []


def test_config_schema_prints_the_reference(desk: Desk) -> None:
    printed = desk.run("config", "schema", "--format", "markdown")
    assert (printed.code, printed.out) == (0, reference())


def test_the_schema_knows_every_key_and_no_other() -> None:
    schema = json_schema()
    own = {field.alias or name for name, field in Configuration.model_fields.items()}
    assert set(schema["properties"]) == own | {"extends", "environments", "default_environment", "$schema"}
    assert schema["additionalProperties"] is False
    assert "required" not in schema
    for name, section in schema["$defs"].items():
        assert section["additionalProperties"] is False, name
    references = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))
    assert references <= set(schema["$defs"])
    workers = schema["$defs"]["LoadSection"]["properties"]["workers"]
    assert any("${" in choice.get("pattern", "").replace("\\", "") for choice in workers["anyOf"])


def test_a_file_may_name_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"$schema": "../docs/configuration.schema.json", **TODAY}))
    assert read_configuration(path, {}).configuration.files[0].table_name == "O"


def test_numbers_and_switches_may_come_out_of_variables(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    entry = {**TODAY["files"][0], "header": "${HEADER}"}
    path.write_text(json.dumps({"files": [entry], "load": {"workers": "${WORKERS}"}}))
    loaded = read_configuration(path, {"HEADER": "false", "WORKERS": "3"}).configuration
    assert (loaded.files[0].header, loaded.load.workers) == (False, 3)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_reads_as_it_stands(name: str, desk: Desk, tmp_path: Path) -> None:
    answer = desk.run("config", "template", name)
    path = tmp_path / "c.yaml"
    path.write_text(answer.out)
    assert max(map(len, answer.out.splitlines())) <= 110
    loaded = read_configuration(path, {})
    assert loaded.configuration.files[0].table_name == "ORDERS"
    for environment in loaded.environments:
        assert read_configuration(path, {}, Choice(environment)).environment == environment


def test_a_template_is_written_to_a_new_file_and_over_none(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    answer = desk.run("config", "template", "local", "--to", str(path))
    assert (answer.code, path.read_text()) == (0, TEMPLATES["local"])
    assert f"config validate --config {path}" in answer.out
    path.write_text("mine")
    answer = desk.run("config", "template", "local", "--to", str(path))
    assert (answer.code, path.read_text()) == (2, "mine")
    assert "is there already" in answer.err
    assert "--to new.yaml" in desk.run("config", "template", "local", "--to", "new.json").err
    assert "cannot be written" in desk.run("config", "template", "local", "--to", "/no/such/new.yaml").err


def test_a_template_that_is_none_and_flags_of_other_actions_are_refused(desk: Desk) -> None:
    assert "one of local, key-pair, connection, environments" in desk.run("config", "template", "x").err
    assert "--yes goes with config generate and migrate, not with show" in desk.run("config", "show", "--yes").err
    assert "takes no name" in desk.run("config", "show", "prod").err


@pytest.mark.parametrize(
    "older",
    [
        TODAY,
        {
            "snowflake_config": {"accountName": "acme", "username": "etl", "pwd": "hush-hush-hush"},
            "files": TODAY["files"],
        },
        {"connection": TODAY["snowflake"], "tables": {"O": {"pattern": "o_{start_date}-{end_date}.tsv", "key": "A"}}},
        {"account": "https://acme.snowflakecomputing.com", "user": "etl", "password": "hush-hush-hush", **TODAY},
        {"snowflake": TODAY["snowflake"], "filePattern": "o_YYYYMMDD-YYYYMMDD.tsv", "table": "O", "primaryKey": "A, B"},
        {
            "snowflake": {**TODAY["snowflake"], "account": "acme.snowflakecomputing.com"},
            "file_configs": [{"filename_pattern": "o_{daterange}.tsv", "target_table": "O", "unique_key": ["A", "B"]}],
        },
    ],
    ids=["today", "other words", "by table", "at the top", "one file alone", "an address"],
)
def test_older_shapes_become_todays(older: dict[str, Any]) -> None:
    found = migrated(older)
    if "key" in json.dumps(older.get("tables", "")):
        assert found["files"][0].pop("key") == "A", "what is not known is left where it is"
        found["files"][0]["duplicate_key_columns"] = ["A", "B"]
    assert found == TODAY
    assert migrated(found) == found


def test_values_get_the_types_of_today() -> None:
    entry = {
        "file_pattern": "o_{yyyy-mm}.tsv",
        "table_name": "O",
        "columns": [{"name": "A", "type": "DATE"}, {"name": "B", "type": "VARCHAR(3)"}],
        "has_header": "yes",
        "format": "tab",
    }
    found = migrated({"files": [entry], "load": {"workers": "4"}})
    assert found["load"] == {"workers": 4}
    assert found["files"] == [
        {
            "file_pattern": "o_{month}.tsv",
            "table_name": "O",
            "expected_columns": ["A", "B"],
            "create_table": {"A": "DATE", "B": "VARCHAR(3)"},
            "header": True,
            "file_format": "TSV",
        }
    ]
    assert migrated([entry])["files"][0]["header"] is True
    assert migrated({**TODAY, "environments": {"prod": {"snowflake": {"username": "p"}}}})["environments"] == {
        "prod": {"snowflake": {"user": "p"}}
    }


@pytest.mark.parametrize(
    "document",
    [{"files": 3}, {"files": "orders.tsv"}, {"environments": ["dev"]}, {"account": "acme", "snowflake": ["acme"]}],
)
def test_what_no_older_shape_has_stays_for_validate_to_name(document: dict[str, Any]) -> None:
    assert migrated(document) == document


def test_migrate_shows_the_difference_and_keeps_a_private_copy(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    older = {"connection": {**TODAY["snowflake"], "db": "SALES"}, "files": TODAY["files"]}
    path.write_text(json.dumps(older))
    path.chmod(0o640)
    before = path.read_text()
    words = ("config", "migrate", "--config", str(path))
    planned = desk.run(*words, "--dry-run")
    assert planned.code == 0
    assert '-    "db": "SALES"' in planned.out
    assert '+    "database": "SALES"' in planned.out
    assert "hush-hush" not in planned.out
    refused = desk.run(*words)
    assert refused.code == 7
    assert path.read_text() == before
    done = desk.run(*words, "--yes", "--json")
    assert done.result["status"] == "migrated"
    assert json.loads(path.read_text())["snowflake"]["database"] == "SALES"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    (copy,) = tmp_path.glob("old.json.*.bak")
    assert copy.read_text() == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    again = desk.run(*words)
    assert again.code == 0
    assert "is up to date already" in again.out


def test_migrate_writes_yaml_as_yaml_and_says_that_comments_go(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("# ours\nfiles:\n  - {pattern: 'o_{month}.tsv', table: O}\n")
    answer = desk.run("config", "migrate", "--config", str(path), "--yes")
    assert "Comments are not kept" in answer.out
    assert read_configuration(path, {}).configuration.files[0].file_pattern == "o_{month}.tsv"
