"""Turns older shapes of operators' files into the current one (floor 2, pure): other words, other places, other types.
Unknown keys are left where they are: reading the file afterwards reports them, and nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from snowflake_etl.config.fields import key_at
from snowflake_etl.config.layers import Place
from snowflake_etl.config.model import Configuration, FileSection, SnowflakeSection
from snowflake_etl.config.sections.snowflake import account_identifier
from snowflake_etl.config.sources import META_KEYS

Document = dict[str, Any]

_SECTIONS = {
    "snowflake_config": "snowflake",
    "snowflake_connection": "snowflake",
    "connection": "snowflake",
    "credentials": "snowflake",
    "file_configs": "files",
    "tables": "files",
    "mappings": "files",
    "data_path": "base_path",
    "data_dir": "base_path",
    "data_directory": "base_path",
    "base_dir": "base_path",
    "base_directory": "base_path",
    "input_dir": "base_path",
    "input_path": "base_path",
    "source_path": "base_path",
}
_SNOWFLAKE = {
    "username": "user",
    "user_name": "user",
    "passwd": "password",
    "pwd": "password",
    "db": "database",
    "account_name": "account",
    "warehouse_name": "warehouse",
    "private_key_path": "private_key_file",
    "private_key": "private_key_file",
    "private_key_passphrase": "private_key_file_pwd",
    "private_key_password": "private_key_file_pwd",
    "passphrase": "private_key_file_pwd",
    "token_file": "token_file_path",
    "connection_name": "connection",
}
_FILES = {
    "pattern": "file_pattern",
    "filename_pattern": "file_pattern",
    "file_name": "file_pattern",
    "filename": "file_pattern",
    "table": "table_name",
    "target_table": "table_name",
    "columns": "expected_columns",
    "column_names": "expected_columns",
    "date_col": "date_column",
    "date_field": "date_column",
    "duplicate_keys": "duplicate_key_columns",
    "duplicate_key": "duplicate_key_columns",
    "key_columns": "duplicate_key_columns",
    "unique_key": "duplicate_key_columns",
    "primary_key": "duplicate_key_columns",
    "separator": "delimiter",
    "sep": "delimiter",
    "field_delimiter": "delimiter",
    "format": "file_format",
    "file_type": "file_format",
    "quotechar": "quote_char",
    "quote": "quote_char",
    "has_header": "header",
    "skip_header": "header",
    "null_if": "null_values",
    "file_encoding": "encoding",
}
_DAY = "YYYYMMDD|yyyymmdd"
_HOLDERS = (
    (re.compile(rf"\{{?(start_date|start|from|{_DAY})\}}?-\{{?(end_date|end|to|{_DAY})\}}?"), "{date_range}"),
    (re.compile(r"\{daterange\}|\{date-range\}|\{dates\}"), "{date_range}"),
    (re.compile(r"\{?(YYYY-MM|yyyy-mm)\}?|\{year\}-\{month\}"), "{month}"),
)
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FORMATS = {"TAB": "TSV", "TXT": "TSV", "TAB_DELIMITED": "TSV"}


def migrated(document: Any) -> Document:
    """The document in the current shape; one that already has it comes back equal."""
    if isinstance(document, list):
        document = {"files": document}
    found = _one_file_alone({_snake(key): value for key, value in document.items()})
    found = _renamed(found, _SECTIONS, lambda old, value: old != "connection" or isinstance(value, dict))
    found = _account_beside_files(found)
    if isinstance(found.get("snowflake"), dict):
        found["snowflake"] = _snowflake(found["snowflake"])
    if isinstance(found.get("files"), list | dict):
        found["files"] = [_entry(entry) for entry in _listed(found["files"])]
    if isinstance(found.get("environments"), dict):
        found["environments"] = {
            name: migrated(section) if isinstance(section, dict) else section
            for name, section in found["environments"].items()
        }
    return {key: _retyped((key,), value) for key, value in found.items()}


def _snake(key: Any) -> str:
    text = str(key)
    if text in META_KEYS:
        return text
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).replace("-", "_").lower()


def _renamed(
    section: Mapping[str, Any],
    names: Mapping[str, str],
    is_meant: Callable[[str, Any], bool] = lambda _key, _value: True,
) -> Document:
    """Rename keys to their current names; if a section has both, both stay."""
    found: Document = {}
    for key, value in section.items():
        new = names.get(key, key) if is_meant(key, value) else key
        found[key if new in section and new != key else new] = value
    return found


def _one_file_alone(document: Document) -> Document:
    """Handle a file about one pattern, with its keys at the top level."""
    if "files" in document or not ({"file_pattern", "pattern"} & set(document)):
        return document
    known = {*FileSection.model_fields, *_FILES}
    entry = {key: value for key, value in document.items() if key in known}
    return {**{key: value for key, value in document.items() if key not in known}, "files": [entry]}


def _account_beside_files(document: Document) -> Document:
    """Handle keys for signing in at the top level."""
    known = {*_SNOWFLAKE, *(field.alias or name for name, field in SnowflakeSection.model_fields.items())}
    own = set(Configuration.model_fields) | set(META_KEYS)
    loose = {key: value for key, value in document.items() if key in known and key not in own}
    section = document.get("snowflake") or {}
    if not loose or not ("account" in loose or "snowflake" in document or "account_name" in loose):
        return document
    if not isinstance(section, dict):
        return document
    rest = {key: value for key, value in document.items() if key not in loose}
    return {
        "snowflake": {**loose, **section},
        **{k: v for k, v in rest.items() if k != "snowflake"},
    }


def _snowflake(section: Document) -> Document:
    found = _renamed({_snake(key): value for key, value in section.items()}, _SNOWFLAKE)
    account = found.get("account")
    if isinstance(account, str):
        account = account_identifier(account)
        region = found.pop("region", None)
        found["account"] = f"{account}.{region}" if region and "." not in account else account
    return found


def _listed(files: list[Any] | Document) -> list[Any]:
    """The entries as a list, also from an object that has them by table."""
    if isinstance(files, list):
        return list(files)
    return [
        {**entry, "table_name": entry.get("table_name", entry.get("table", name))} if isinstance(entry, dict) else entry
        for name, entry in files.items()
    ]


def _entry(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    found = _renamed({_snake(key): value for key, value in entry.items()}, _FILES)
    found.pop("table", None) if found.get("table") == found.get("table_name") else None
    if isinstance(found.get("file_pattern"), str):
        for expression, holder in _HOLDERS:
            if "{date_range}" not in found["file_pattern"] and "{month}" not in found["file_pattern"]:
                found["file_pattern"] = expression.sub(holder, found["file_pattern"])
    columns = found.get("expected_columns")
    if isinstance(columns, list) and columns and all(isinstance(one, dict) and "name" in one for one in columns):
        found["expected_columns"] = [one["name"] for one in columns]
        if all(one.get("type") for one in columns):
            found.setdefault("create_table", {one["name"]: one["type"] for one in columns})
    if isinstance(found.get("file_format"), str):
        found["file_format"] = _FORMATS.get(found["file_format"].upper(), found["file_format"])
    return found


def _retyped(place: Place, value: Any) -> Any:
    """Convert numbers, switches and lists that were written as texts."""
    if isinstance(value, dict) and key_at(place) is None:
        return {key: _retyped((*place, key), item) for key, item in value.items()}
    if isinstance(value, list) and key_at(place) is None:
        return [_retyped((*place, number), item) for number, item in enumerate(value)]
    key = key_at(place)
    if key is None:
        return value
    if key.takes_list and isinstance(value, str) and not value.startswith("${"):
        return [item.strip() for item in value.split(",")]
    if isinstance(value, str) and key.types[0] is bool:
        return True if value.lower() in _YES else False if value.lower() in _NO else value
    if key.types[0] is bool and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and re.fullmatch(r"\d+", value) and key.types[0] is int:
        return int(value)
    return value


def texts_of_secrets(document: Any) -> Iterable[str]:
    """Values that look like secrets by the names of their keys, in any shape, so that no diff shows them."""
    if isinstance(document, dict):
        for key, value in document.items():
            if (
                isinstance(value, str)
                and re.search(r"pass|pwd|secret|token$", _snake(key))
                and not value.startswith("${")
            ):
                yield value
            yield from texts_of_secrets(value)
    elif isinstance(document, list):
        for item in document:
            yield from texts_of_secrets(item)
