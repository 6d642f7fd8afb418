"""Several files, environments, variables and flags: who wins, who is named, and what is shown."""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from snowflake_etl.cli.common import Context, confirmed, confirmed_by_typing
from snowflake_etl.cli.main import main
from snowflake_etl.config.reading import Choice, LoadedConfiguration, read_configuration
from snowflake_etl.config.showing import shown_values
from snowflake_etl.errors import ConfigError, UsageError

FILES = [{"file_pattern": "a_{month}.tsv", "table_name": "A"}]
ENVIRONMENTS = {
    "dev": {"snowflake": {"connection": "local"}},
    "prod": {"snowflake": {"account": "acme", "user": "etl"}, "load": {"workers": 5}},
}


def write(path: Path, **document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def read(path: Path, environment: str | None = None, *settings: str, **variables: str) -> LoadedConfiguration:
    return read_configuration(path, variables, Choice(environment, settings))


def complaint(path: Path, environment: str | None = None, *settings: str, **variables: str) -> str:
    with pytest.raises((ConfigError, UsageError)) as caught:
        read(path, environment, *settings, **variables)
    return str(caught.value)


def test_each_layer_wins_over_the_ones_before_it(tmp_path: Path) -> None:
    base = write(tmp_path / "base.json", files=FILES)
    path = write(tmp_path / "c.json", extends="base.json", environments={"prod": {}})
    variables: dict[str, str] = {}
    settings: tuple[str, ...] = ()

    def workers() -> tuple[int | None, str]:
        loaded = read(path, "prod", *settings, **variables)
        origins = {one.key: one.origin for one in shown_values(loaded)}
        return loaded.configuration.load.workers, origins.get("load.workers", "")

    assert workers() == (None, "")
    write(base, files=FILES, load={"workers": 1})
    assert workers() == (1, str(base))
    write(path, extends="base.json", load={"workers": 2}, environments={"prod": {}})
    assert workers() == (2, str(path))
    write(base, files=FILES, load={"workers": 1}, environments={"prod": {"load": {"workers": 3}}})
    assert workers() == (3, f"{base} (environment prod)")
    write(path, extends="base.json", load={"workers": 2}, environments={"prod": {"load": {"workers": 4}}})
    assert workers() == (4, f"{path} (environment prod)")
    variables = {"ETL_LOAD_WORKERS": "5"}
    assert workers() == (5, "ETL_LOAD_WORKERS")
    settings = ("load.workers=6",)
    assert workers() == (6, "--set load.workers")


def test_variables_and_flags_are_read_as_what_the_key_takes(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", files=FILES)
    loaded = read(
        path,
        None,
        "quality.calendar.weekend=friday,saturday",
        'quality.calendar.tables=["A"]',
        ETL_QUALITY_NORMAL_SHARE="0.2",
        ETL_QUALITY_CALENDAR_ONLY_BUSINESS_DAYS="true",
        ETL_SNOWFLAKE_ACCOUNT="12",
        ETL_LOAD_WORKERS="",
    ).configuration
    assert loaded.quality.normal_share == 0.2
    assert loaded.quality.calendar is not None
    assert loaded.quality.calendar.only_business_days
    assert loaded.quality.calendar.weekend == ("friday", "saturday")
    assert loaded.snowflake.account == "12"
    assert loaded.load.workers is None


def test_what_a_variable_or_flag_says_wrongly_is_told_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", files=FILES, load={"via": "mail"})
    assert complaint(path, ETL_LOAD_WORKERS="many") == (
        f"{path}: 'load.via' takes 'work_table' or 'direct'. "
        "ETL_LOAD_WORKERS: 'load.workers' takes a whole number, without quotes."
    )
    assert "Did you mean ETL_LOAD_WORKERS?" in complaint(path, ETL_LOAD_WORKRES="2")
    assert "--set knows no key 'load.workres'. Did you mean 'load.workers'?" in complaint(path, None, "load.workres=2")
    assert "--set takes KEY=VALUE" in complaint(path, None, "load.workers")
    told = complaint(path, None, "snowflake.password=hush-hush")
    assert "ETL_SNOWFLAKE_PASSWORD" in told
    assert "hush-hush" not in told
    assert "load.via" in complaint(path, ETL_TEST_CONNECTION="not ours", ETL_TODAY="2024-01-01")


def test_a_section_without_keys_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("snowflake:\nload:\nfiles:\n  - {file_pattern: 'a_{month}.tsv', table_name: A}\n")
    assert read(path).configuration.load.via == "work_table"
    path.write_text("files:\n")
    assert complaint(path) == f"{path}: the key 'files' is missing."


def test_a_variable_that_is_nearly_one_of_ours_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", files=FILES, environments={"dev": {}, "prod": {}}, default_environment="dev")
    variables = {"ETL_ENVIROMENT": "prod", "ETL_BASEPATH": "/data", "ETL_PAGER_URL": "x", "ETL_STATE_DIR": "/state"}
    loaded = read_configuration(path, variables)
    assert loaded.environment == "dev"
    assert loaded.warnings == (
        "The environment variable ETL_BASEPATH means nothing here. Did you mean ETL_BASE_PATH?",
        "The environment variable ETL_ENVIROMENT means nothing here. Did you mean ETL_ENVIRONMENT?",
    )


def test_files_are_laid_over_those_of_the_same_pattern_and_rules_are_added(tmp_path: Path) -> None:
    rule = {"table": "A", "check": "row_count", "minimum": 1}
    write(tmp_path / "base.json", files=[{**FILES[0], "header": True}], quality={"rules": [rule]})
    more = {"file_pattern": "b_{month}.tsv", "table_name": "B"}
    path = write(
        tmp_path / "c.json",
        extends="base.json",
        files=[{"file_pattern": FILES[0]["file_pattern"], "encoding": "cp1252"}, more],
        quality={"rules": [{**rule, "table": "B"}]},
    )
    loaded = read(path).configuration
    assert [(entry.table_name, entry.header, entry.encoding) for entry in loaded.files] == [
        ("A", True, "cp1252"),
        ("B", None, None),
    ]
    assert [one.table for one in loaded.quality.rules] == ["A", "B"]


def test_a_pattern_of_two_tables_is_told_apart_by_the_table(tmp_path: Path) -> None:
    write(tmp_path / "base.json", files=[FILES[0], {**FILES[0], "table_name": "B"}])
    path = write(tmp_path / "c.json", extends="base.json", files=[{**FILES[0], "table_name": "B", "header": False}])
    assert [entry.header for entry in read(path).configuration.files] == [None, False]


def test_null_takes_away_and_naming_a_connection_forgets_the_account(tmp_path: Path) -> None:
    environments = {"dev": {"snowflake": {"connection": "local", "user": None}}}
    path = write(tmp_path / "c.json", files=FILES, snowflake={"account": "a", "user": "u"}, environments=environments)
    section = read(path, "dev").configuration.snowflake
    assert (section.account, section.user, section.connection) == (None, None, "local")


def test_the_environment_is_chosen_by_flag_variable_or_file_and_never_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", files=FILES, environments=ENVIRONMENTS)
    assert "has the environments dev, prod and none is chosen. Add --environment NAME" in complaint(path)
    assert read(path, ETL_ENVIRONMENT="dev").configuration.snowflake.target == "local"
    assert read(path, "prod", ETL_ENVIRONMENT="dev").environment == "prod"
    assert "no environment 'prd' (--environment); there are: dev, prod. Did you mean 'prod'?" in complaint(path, "prd")
    assert "(ETL_ENVIRONMENT)" in complaint(path, ETL_ENVIRONMENT="x")
    write(path, files=FILES, environments=ENVIRONMENTS, default_environment="prod")
    assert read(path).configuration.load.workers == 5
    assert "has no 'environments', but --environment" in complaint(write(path, files=FILES), "prod")


def test_paths_are_told_from_the_file_that_says_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path / "shared" / "base.json",
        files=FILES,
        base_path="in",
        snowflake={"account": "a", "user": "u", "private_key_file": "keys/etl.p8"},
    )
    path = write(tmp_path / "own" / "c.json", extends="../shared/base.json")
    loaded = read(path)
    assert loaded.base_path == tmp_path / "shared" / "in"
    assert Path(loaded.configuration.snowflake.private_key_file or "").resolve() == tmp_path / "shared/keys/etl.p8"
    monkeypatch.chdir(tmp_path)
    assert read(path, ETL_BASE_PATH="here").base_path == tmp_path / "here"


def test_files_that_extend_each_other_or_nothing_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.json", extends="b.json")
    path = write(tmp_path / "b.json", extends=["a.json"])
    assert "in a circle" in complaint(path)
    write(path, extends="nowhere.json")
    assert f"{path}: 'extends' names {tmp_path / 'nowhere.json'}, and there is no such file" in complaint(path)
    write(path, extends=7)
    assert "'extends' takes the path of a configuration file" in complaint(path)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"environments": ["dev"]}, "'environments' takes an object with keys"),
        ({"environments": {"dev": 1}}, "'environments.dev' takes an object"),
        ({"environments": {"dev": {"extends": "x"}}}, "'environments.dev.extends' is not possible"),
        ({"default_environment": 1}, "'default_environment' takes the name of an environment"),
    ],
)
def test_the_shape_of_environments_is_checked(tmp_path: Path, document: dict[str, Any], expected: str) -> None:
    assert expected in complaint(write(tmp_path / "c.json", files=FILES, **document), "dev")


def test_a_mistake_is_told_of_the_file_that_made_it(tmp_path: Path) -> None:
    base = write(tmp_path / "base.json", files=[{**FILES[0], "haeder": True}])
    path = write(tmp_path / "c.json", extends="base.json", environments={"prod": {"load": {"via": 1}}})
    told = complaint(path, "prod")
    assert f"{base}: unknown key 'files[0].haeder', did you mean 'header'?" in told
    assert f"{path} (environment prod): 'load.via' takes" in told


def test_an_unset_variable_of_another_environment_harms_nobody(tmp_path: Path) -> None:
    environments = {"dev": {}, "prod": {"snowflake": {"account": "a", "user": "${PROD_USER}"}}}
    path = write(tmp_path / "c.json", files=FILES, environments=environments)
    assert read(path, "dev").environment == "dev"
    assert complaint(path, "prod") == (
        f"{path} (environment prod): 'snowflake.user' uses ${{PROD_USER}}, but that variable is not set. "
        "Export it or write the value."
    )


def test_yaml_keys_that_stand_twice_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("files:\n  - {file_pattern: 'a_{month}.tsv', table_name: A, table_name: B}\n")
    assert "'table_name' is there twice in one object in line 2" in complaint(path)


def test_show_tells_every_value_and_whose_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_SNOWFLAKE_PASSWORD", "hush-hush")
    monkeypatch.setenv("ETL_STATE_DIR", str(tmp_path / "state"))
    write(tmp_path / "base.json", files=FILES, environments=ENVIRONMENTS)
    path = write(tmp_path / "c.json", extends="base.json", quality={"calendar": {"closed": ["2024-12-24"]}})
    words = ("config", "show", "--config", str(path), "--environment", "prod", "--set", "load.via=direct")
    assert main(words) == 0
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["snowflake.account", '"acme"', "base.json", "[prod]"] in lines
    assert ["snowflake.password", "***", "ETL_SNOWFLAKE_PASSWORD"] in lines
    assert ["load.via", '"direct"', "--set", "load.via"] in lines
    assert ["load.stage", '"named"', "default"] in lines
    assert ["quality.calendar.closed", '["2024-12-24"]', "c.json"] in lines
    assert "hush-hush" not in shown.out + shown.err
    assert max(map(len, shown.out.splitlines())) <= 80 + len(str(tmp_path))
    assert main((*words, "--json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"key": "load.workers", "value": 5, "origin": f"{tmp_path / 'base.json'} (environment prod)"} in document[
        "values"
    ]
    assert "hush-hush" not in json.dumps(document)


# The environment is named wherever something is about to be changed


def context_for(path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> Context:
    arguments = argparse.Namespace(yes=False, json=False, quiet=True, config=path, environment="prod", set=[])
    context = Context(arguments)
    monkeypatch.setattr(Context, "is_interactive", property(lambda _: True))
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer + "\n"))
    assert context.configuration.environment == "prod"
    return context


def test_every_question_names_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "c.json", files=FILES, environments=ENVIRONMENTS)
    assert confirmed(context_for(path, monkeypatch, "yes"), "Replace 7 rows?")
    assert confirmed_by_typing(context_for(path, monkeypatch, "DELETE A"), "Delete 7 rows.", "DELETE A")
    asked = capsys.readouterr().err
    assert "Environment: PROD (acme)\nReplace 7 rows? Type yes: " in asked
    assert "Environment: PROD (acme)\nDelete 7 rows.\nType DELETE A to go on: " in asked


def test_nobody_asks_past_the_two_functions_that_name_it() -> None:
    package = Path(__file__).resolve().parents[2] / "python" / "snowflake_etl"
    askers = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"stdin\.readline\(|getpass\.getpass|(?<![\w.])input\(", path.read_text(encoding="utf-8"))
    ]
    # A secret and what to look at are no change, and the embedded warehouse belongs to no environment.
    elsewhere = [
        "cli/commands/file_browser.py",
        "cli/commands/local_warehouse.py",
        "cli/config_actions/set_secret.py",
    ]
    assert sorted(askers) == sorted(["cli/common.py", *elsewhere])


def test_plans_of_what_deletes_name_the_environment(desk: Desk) -> None:
    desk.sections["environments"] = {"prod": {"load": {"keep_failed": 1}}}
    desk.month("2024-01-01", "2024-01-02")
    words = ("--config", str(desk.config), "--environment", "prod", "--month", "2024-01")
    planned = desk.run("load", *words, "--dry-run")
    assert planned.out.startswith("Environment: PROD (local)\n")
    assert desk.run("load", *words).code == 0
    dropped = desk.run("drop-month", *words, "--table", "T", "--dry-run")
    assert dropped.out.startswith("Environment: PROD (local)\n")
    refused = desk.run("load", *words)
    assert "--environment prod" in refused.out, "the command to replace is for the same environment"
    assert desk.run("config", "environments", "--config", str(desk.config)).out == "prod\n"
    target = desk.run("config", "target", "--files", "--config", str(desk.config), "--environment", "prod")
    assert target.out == f"local [PROD]\n{desk.config}\n"


def test_show_tells_what_the_named_connection_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = tmp_path / "connections.toml"
    toml.write_text('[pond]\naccount = "acme"\nuser = "me"\npassword = "hush-hush"\nrole = "THEIRS"\n')
    toml.chmod(0o600)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.setenv("ETL_STATE_DIR", str(tmp_path / "state"))
    path = write(tmp_path / "c.json", files=FILES, snowflake={"connection": "pond", "role": "OURS"})
    assert main(("config", "show", "--config", str(path))) == 0
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["snowflake.account", '"acme"', "connections.toml"] in lines
    assert ["snowflake.password", "***", "connections.toml"] in lines
    assert ["snowflake.role", '"OURS"', "c.json"] in lines
    assert "THEIRS" not in shown.out
    assert "hush" not in shown.out + shown.err
    toml.unlink()
    assert main(("config", "show", "--config", str(path))) == 0
    assert "there is neither" in capsys.readouterr().err
