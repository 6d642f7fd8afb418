"""Mistakes that operators make in configurations: each gets one sentence with file, place and cure, word for word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from desk import Desk
from no_secrets import planted, planted_in
from snapshot import same_as_before

ENTRY = {"file_pattern": "orders_{month}.tsv", "table_name": "ORDERS"}
ACCOUNT = {"account": "acme", "user": "etl"}
Make = Callable[[Path], Any]


def document(entry: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {"files": [{**ENTRY, **(entry or {})}], **sections}


def with_key(folder: Path) -> dict[str, Any]:
    key = folder / "etl.p8"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    key.chmod(0o644)
    return document(snowflake={**ACCOUNT, "private_key_file": "etl.p8"})


def with_connection(folder: Path) -> dict[str, Any]:
    toml = folder / "home" / "connections.toml"
    toml.parent.mkdir()
    toml.write_text('[acme-prod]\naccount = "acme"\n')
    toml.chmod(0o600)
    return document(snowflake={"connection": "acme_prod"})


def with_files(folder: Path) -> dict[str, Any]:
    (folder / "in").mkdir()
    (folder / "in" / "Orders_2024-01.tsv").write_text("x")
    return document(base_path="in")


def extending(folder: Path) -> dict[str, Any]:
    (folder / "base.json").write_text(json.dumps(document({"heder": True})))
    return {"extends": "base.json", "load": {"workers": 2}}


def with_key_of(key: Any) -> Make:
    def make(folder: Path) -> dict[str, Any]:
        content = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "etl.p8").write_bytes(content)
        (folder / "etl.p8").chmod(0o600)
        return document(snowflake={**ACCOUNT, "private_key_file": "etl.p8"})

    return make


def connection_with(*lines: str) -> Make:
    def make(folder: Path) -> dict[str, Any]:
        toml = folder / "home" / "connections.toml"
        toml.parent.mkdir()
        toml.write_text("\n".join(("[acme]", 'authenticator = "oauth"', *lines)))
        toml.chmod(0o600)
        return document(snowflake={"connection": "acme"})

    return make


def open_password(_: Path) -> dict[str, Any]:
    return document(snowflake={**ACCOUNT, "password": "hush-hush-hush"})


def with_authority(folder: Path) -> dict[str, Any]:
    (folder / "acme.pem").write_text("acme")
    (folder / "token").write_text("hush-hush")
    (folder / "token").chmod(0o600)
    return document(snowflake={**ACCOUNT, "token_file_path": "token", "ca_file": "acme.pem"})


MISTAKES: dict[str, Any] = {
    "a comma behind the last entry": '{"files": [\n  {"file_pattern": "a_{month}.tsv", "table_name": "A"},\n]}',
    "a comma forgotten": '{\n"base_path": "/x"\n"files": []}',
    "a comment in JSON": '{\n// the files\n"files": []}',
    "a folder of Windows": '{"base_path": "C:\\data"}',
    "curly quotes": "{\u201cfiles\u201d: []}",
    "a word of Python": '{"files": [{"header": True}]}',
    "a text without quotes": '{"files": [{"table_name": ORDERS}]}',
    "a key without quotes": "{files: []}",
    "a value forgotten": '{"base_path": }',
    "a bracket forgotten": '{"files": [',
    "a bracket too many": '{"files": []}\n}',
    "quotes that stay open": '{"base_path": "/data,\n"files": []}',
    "YAML in a file of JSON": "files:\n  - file_pattern: x\n",
    "text of another encoding": "{}".encode("utf-16"),
    "yaml: a pattern that begins with a star": "files:\n  - file_pattern: *_{month}.tsv\n",
    "yaml: a pattern that begins with a brace": "files:\n  - file_pattern: {month}.tsv\n",
    "yaml: two braces": "base_path: {{ DATA }}\n",
    "yaml: a per cent sign": "files:\n  - date_format: %Y-%m-%d\n",
    "yaml: a tab": "files:\n\t- file_pattern: x\n",
    "yaml: a line set in otherwise": "files:\n  - file_pattern: 'x'\n   table_name: A\n",
    "yaml: a colon in a value": "snowflake:\n  role: a: b\n",
    "yaml: no blank behind the colon": "files: []\nbase_path:/data\n",
    "yaml: quotes that stay open": "files: []\nbase_path: '/data\n",
    "yaml: a day that is none": "files: []\nquality:\n  calendar:\n    closed: [2024-13-01]\n",
    "yaml: an alias within itself": "files: &all\n  - {columns: *all}\n",
    "yaml: aliases of aliases": "a: &a [x, x, x, x]\n"
    + "".join(f"{two}: &{two} [*{one}, *{one}, *{one}, *{one}]\n" for one, two in pairwise("abcdefghijklmnop")),
    "yaml: merged aliases of aliases": "a: &a {x: 1}\n"
    + "".join(f"{two}: &{two}\n  <<: [*{one}, *{one}, *{one}, *{one}]\n" for one, two in pairwise("abcdefghijklmnop")),
    "yaml: lists in lists": f"files: {'[' * 60}{']' * 60}\n",
    "yaml: many more lists in lists": f"files: {'[' * 3000}{']' * 3000}\n",
    "objects in objects": '{"a":' * 800 + "1" + "}" * 800,
    "a variable with a default": document(base_path="${DATA:-/data}"),
    "a variable with a hyphen in its name": document(snowflake={**ACCOUNT, "role": "${MY-ROLE}"}),
    "a variable whose brace is open": document(snowflake={**ACCOUNT, "role": "${ROLE"}),
    "a secret that looks like a variable": document(snowflake={**ACCOUNT, "password": "${hush-hush}"}),
    "a section of the top misspelt": document(enviroments={"dev": {}}),
    "an older shape": {"snowflake_config": ACCOUNT, "file_configs": [{"pattern": "a_{month}.tsv", "table": "A"}]},
    "an older shape, a list": [{"pattern": "a_{month}.tsv", "table": "A"}],
    "a proxy as an address": document(
        snowflake={**ACCOUNT, "proxy_host": "http://me:hush-hush@proxy:3128", "proxy_port": 3128}
    ),
    "a host as an address": document(snowflake={**ACCOUNT, "host": "https://acme.snowflakecomputing.com/"}),
    "a certificate that is none": with_authority,
    "an address of notices misspelt": document(notify={"targets": [{"url": "mailtoo://me:hush-hush@mail?to=a@b.c"}]}),
    "an address of notices that lacks parts": document(notify={"targets": [{"url": "slack://hush-hush"}]}),
    "an address of notices whose variable is not set": document(notify={"targets": [{"url": "${NO_PAGER}"}]}),
    "a target that is told of nothing": document(notify={"targets": [{"url": "json://localhost", "on": []}]}),
    "a secret of notices that was not set": document(notify={"targets": [{"url": "${secret:mail}"}]}),
    "a type misspelt": document({"create_table": {"ID": "NUMBER(9,0)", "NAME": "VARCHAR2(20)"}}),
    "a column twice": document({"expected_columns": ["ID", "DAY", "id"]}),
    "quotes that are the delimiter": document({"delimiter": ",", "quote_char": ","}),
    "a delimiter that ends lines": document({"delimiter": "\n"}),
    "a schema with its database": document(snowflake={"schema": "SALES.PUBLIC"}),
    "a work schema with its database": document(load={"work_schema": "SALES.ETL_WORK"}),
    "a key misspelt": document({"date_colum": "DAY"}),
    "a key that is needed": {"files": [{"file_pattern": "a_{month}.tsv"}]},
    "four mistakes at once": document(
        {"heder": True, "encoding": 8}, load={"workers": "4"}, snowflake={**ACCOUNT, "private_key_files": "etl.p8"}
    ),
    "a key said twice": '{"files": [], "files": []}',
    "a number in quotes": document(load={"workers": "4"}),
    "yes instead of true": document({"header": "yes"}),
    "a text instead of a list": document({"duplicate_key_columns": "ID"}),
    "two characters between fields": document({"delimiter": "||"}),
    "a pattern without days": document({"file_pattern": "orders.tsv"}),
    "a folder in the pattern": document({"file_pattern": "in/orders_{month}.tsv"}),
    "a base path that is not there": document(base_path="incoming"),
    "a base path with a variable without braces": document(base_path="$HOME/data"),
    "a key file with a variable without braces": document(snowflake={**ACCOUNT, "private_key_file": "$HOME/etl.p8"}),
    "an extended file with a variable without braces": {"extends": "$COMMON/base.json"},
    "megabytes where bytes are meant": document(load={"memory_limit": 500}),
    "a limit for loads without a check": document(load={"memory_limit": 200_000_000}),
    "an upper-case letter in the file names": with_files,
    "a variable that is not set": document(base_path="${DATA_FOLDER}/in"),
    "a date format without a year": document({"date_format": "MM-DD"}),
    "an encoding that is none": document({"encoding": "utf-88"}),
    "a column that is not in the file": document(
        {"expected_columns": ["ID", "ORDER_DATE"], "date_column": "ORDERDATE"}
    ),
    "an account written as an address": document(
        snowflake={**ACCOUNT, "account": "https://acme.snowflakecomputing.com"}
    ),
    "an account written as the address of Snowsight": document(
        snowflake={**ACCOUNT, "account": "https://app.snowflake.com/ACME/PROD/"}
    ),
    "an account with a blank": document(snowflake={**ACCOUNT, "account": "acme prod"}),
    "an account with a slash": document(snowflake={**ACCOUNT, "account": "ACME/PROD"}),
    "connection and account": document(snowflake={**ACCOUNT, "connection": "acme"}),
    "no way to sign in": document(snowflake=ACCOUNT),
    "an authenticator misspelt": document(snowflake={**ACCOUNT, "authenticator": "snowflake-jwt"}),
    "a key file that is not there": document(snowflake={**ACCOUNT, "private_key_file": "nowhere.p8"}),
    "a key file for everybody": with_key,
    "a key of another kind": with_key_of(ed25519.Ed25519PrivateKey.generate()),
    "a key of another curve": with_key_of(ec.generate_private_key(ec.SECP256K1())),
    "a key that is too short": with_key_of(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    "a number as account of a connection": connection_with("account = 12345"),
    "a number as password of a connection": connection_with('account = "acme"', "password = 20240131"),
    "a word as port of a connection": connection_with('account = "acme"', 'port = "https"'),
    "an address as account of a connection": connection_with('account = "https://acme.snowflakecomputing.com"'),
    "a connection of another name": with_connection,
    "a password for everybody": open_password,
    "a secret that was not set": document(snowflake={**ACCOUNT, "password": "${secret:acme}"}),
    "a secret where none is kept": document(snowflake={**ACCOUNT, "user": "${secret:acme}"}),
    "an environment that was not chosen": document(environments={"dev": {}, "prod": {"load": {"via": "copy"}}}),
    "a default environment of another name": document(default_environment="prd", environments={"dev": {}, "prod": {}}),
    "an extended file that is not there": {"extends": "common.json"},
    "a mistake in an extended file": extending,
    "two patterns for the same files": {
        "files": [ENTRY, {"file_pattern": "orders_*{month}.tsv", "table_name": "OTHERS"}]
    },
    "the same pattern twice": {"files": [ENTRY, {**ENTRY, "table_name": "OTHERS"}]},
    "a rule for a table that is none": document(
        quality={"rules": [{"table": "ORDER", "check": "not_null", "column": "ID"}]}
    ),
    "a pattern of a rule that is none": document(
        quality={
            "rules": [
                {"table": "ORDERS", "check": "row_count", "minimum": 1},
                {"table": "ORDERS", "check": "regex", "column": "CODE", "pattern": "[A-Z", "name": "codes"},
            ]
        }
    ),
    "a condition of a rule that is no SQL": document(
        quality={"rules": [{"table": "ORDERS", "check": "condition", "condition": "NET <="}]}
    ),
    "a country that is none": document(quality={"calendar": {"country": "UK1"}}),
    "an empty file": "",
    "a list instead of an object": "[]",
}


def told(desk: Desk, name: str, folder: Path) -> str:
    made = MISTAKES[name](folder) if callable(MISTAKES[name]) else MISTAKES[name]
    path = folder / ("c.yaml" if name.startswith("yaml: ") else "c.json")
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        path.write_text(made if isinstance(made, str) else json.dumps(made))
    path.chmod(0o644)
    answer = desk.run("config", "validate", "--config", str(path))
    text = "".join(line for line in (answer.out + answer.err).splitlines(keepends=True) if " WARNING " not in line)
    return f"{text.replace(str(folder), 'FOLDER')}(exit {answer.code})\n"


def test_each_mistake_is_told_word_for_word(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_FOLDER", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    screens = []
    for number, name in enumerate(MISTAKES):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.setenv("SNOWFLAKE_HOME", str(folder / "home"))
        screens.append(f"## {name}\n{told(desk, name, folder)}")
    same_as_before("config_mistakes", "\n".join(screens))
    everything = "\n".join(screens)
    assert "hush-hush" not in everything
    for screen in screens:
        assert "FOLDER" in screen, "the file is named"
        first = next(line for line in screen.splitlines() if line.startswith(("error: ", "warning: ")))
        # A place in quotes, a line, or the file itself where nothing in it could be read.
        assert re.search(r"'[^']+'|line \d+|contains no object|FOLDER/", first), first


def test_columns_are_held_against_the_table(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-02")
    assert desk.load("--month", "2024-01").code == 0
    desk.entry |= {"create_table": None, "date_column": "DAYS", "duplicate_key_columns": ["DAY", "IDX"]}
    answer = desk.run("config", "validate", "--connect", "--config", str(desk.config))
    assert answer.code == 3
    assert "'files[0].date_column': table" in answer.out
    assert "has no column DAYS; did you mean DAY?" in answer.out
    assert "has no column IDX; did you mean ID?" in answer.out
    desk.entry |= {"date_column": "DAY", "duplicate_key_columns": ["DAY", "ID"], "table_name": "NOWHERE"}
    assert "there is no table" in desk.run("config", "validate", "--connect", "--config", str(desk.config)).out
    desk.entry["table_name"] = "T"
    answer = desk.run("config", "validate", "--connect", "--config", str(desk.config), "--json")
    assert answer.code == 0
    assert answer.result["status"] == "valid"
    assert answer.result["checks"][0]["connected"] is True
    assert answer.result["checks"][0]["patterns"][0]["files"] == 1


def test_show_is_the_same_as_before(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_LOAD_LEASE_SECONDS", "60")
    monkeypatch.setenv("ACME_SECRET", "hush-hush-hush")
    monkeypatch.setenv("ACME_ROLE", "ETL_LOADER")
    monkeypatch.setenv("ACME_KEY", "ORDER_ID")
    (tmp_path / "base.json").write_text(
        json.dumps(
            {
                "snowflake": {**ACCOUNT, "database": "SALES", "schema": "PUBLIC", "role": "${ACME_ROLE}"},
                "base_path": "/data/incoming",
                "environments": {"dev": {"snowflake": {"connection": "local", "user": None}}, "prod": {}},
            }
        )
    )
    path = tmp_path / "orders.yaml"
    path.write_text(
        "extends: base.json\n"
        "environments:\n  prod:\n"
        "    snowflake: {private_key_file: /etc/etl.p8, private_key_file_pwd: '${ACME_SECRET}'}\n"
        "files:\n  - file_pattern: orders_{date_range}.tsv\n    table_name: ORDERS\n    date_column: ORDER_DATE\n"
        "    duplicate_key_columns: [ORDER_DATE, '${ACME_KEY}', LINE_NUMBER]\n"
        "quality:\n  rules:\n    - {table: ORDERS, check: row_count, minimum: 1000}\n"
    )
    words = ("config", "show", "--config", str(path), "--environment", "prod", "--set", "load.via=direct")
    answer = desk.run(*words)
    assert answer.code == 0
    same_as_before("config_show", answer.out.replace(str(tmp_path), "FOLDER"))
    assert "hush-hush" not in answer.out + answer.err + desk.run(*words, "--json").out


def test_commands_to_be_typed_hold_blanks_of_paths_together(desk: Desk) -> None:
    folder = desk.folder / "sales of acme"
    folder.mkdir()
    path, key = folder / "c.json", folder / "etl.p8"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    key.chmod(0o644)
    path.write_text(json.dumps(document(snowflake={**ACCOUNT, "private_key_file": "etl.p8"}, load={"via": "direct"})))
    path.chmod(0o600)
    assert f"Run: chmod 600 '{key}'" in desk.run("config", "validate", "--config", str(path)).out
    path.write_text(json.dumps([ENTRY]))
    assert f"config migrate --config '{path}'" in desk.run("config", "validate", "--config", str(path)).err


def test_show_hides_secrets_of_a_connection_whatever_they_are_called(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, password = planted("refresh-token"), planted("proxy-password")
    toml = tmp_path / "connections.toml"
    toml.write_text(
        f'[pond]\naccount = "acme"\nuser = "etl"\noauth_refresh_token = "{token}"\n'
        f'proxy = "http://me:{password}@proxy:3128"\ntoken_file_path = "there"\n'
    )
    toml.chmod(0o600)
    planted_in(toml)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document(snowflake={"connection": "pond"})))
    answer = desk.run("config", "show", "--config", str(path))
    assert re.search(r"snowflake.oauth_refresh_token +\*\*\*", answer.out)
    assert "http://me:***@proxy:3128" in answer.out
    assert f'"{tmp_path}/there"' in answer.out, "where a token lies is none"
    for text in (answer.out, answer.err, desk.run("config", "show", "--config", str(path), "--json").out):
        assert token not in text and password not in text
    toml.chmod(0o644)
    assert "holds secrets and may be read by others" in desk.run("config", "show", "--config", str(path)).err
