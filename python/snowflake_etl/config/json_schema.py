"""Configuration files as JSON Schema (floor 2), for editors that complete and validate while typing."""

from __future__ import annotations

import re
from typing import Any

from snowflake_etl.config.model import Configuration
from snowflake_etl.config.sources import DEFAULT_ENVIRONMENT, ENVIRONMENTS, EXTENDS, SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What a file says about files: words and an example for each.
ABOUT_META_KEYS: dict[str, tuple[str, Any]] = {
    EXTENDS: (
        "Path of another configuration, or a list of them, relative to this file's folder; keys in this file win.",
        "account.json",
    ),
    ENVIRONMENTS: (
        "Names, each with the keys that differ in that environment; any key of a configuration may stand there.",
        {"prod": {"snowflake": {"account": "ACME-PROD"}}},
    ),
    DEFAULT_ENVIRONMENT: ("The environment to use if none is asked for.", "dev"),
    SCHEMA: (
        "For editors, which complete and check with [configuration.schema.json](configuration.schema.json).",
        "../docs/configuration.schema.json",
    ),
}
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
_VARIABLE = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}
_NO_TEXTS = ("integer", "number", "boolean")
_TEXT = {"type": "string", "minLength": 1}


def json_schema() -> dict[str, Any]:
    """One file's schema: every key is optional, since extended files and environments may provide it."""
    schema = Configuration.model_json_schema(by_alias=True)
    sections = {name: _section(section) for name, section in schema["$defs"].items()}
    # An entry that modifies one of an extended file only needs the pattern they share.
    sections["FileSection"]["required"] = ["file_pattern"]
    # Words are accepted as well, and lower case.
    entry = sections["FileSection"]["properties"]
    entry["delimiter"] = {**entry["delimiter"], "anyOf": [_TEXT, {"type": "null"}]}
    entry["file_format"] = {
        "enum": ["TSV", "CSV", "tsv", "csv", None],
        "description": entry["file_format"]["description"],
    }
    properties = _section({"properties": schema["properties"]})["properties"]
    sections["Environment"] = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
    return {
        "$schema": DIALECT,
        "title": "A configuration of the Snowflake ETL Pipeline Manager",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            SCHEMA: {"type": "string", **_about(SCHEMA)},
            EXTENDS: {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}], **_about(EXTENDS)},
            DEFAULT_ENVIRONMENT: {**_TEXT, **_about(DEFAULT_ENVIRONMENT)},
            ENVIRONMENTS: {
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/Environment"},
                **_about(ENVIRONMENTS),
            },
            **properties,
        },
        "$defs": sections,
    }


def _about(key: str) -> dict[str, str]:
    return {"description": _LINK.sub(r"\1", ABOUT_META_KEYS[key][0])}


def _section(section: dict[str, Any]) -> dict[str, Any]:
    """Remove what editors do not need, and add what merging and variables allow."""
    found = {key: value for key, value in section.items() if key not in ("title", "description", "properties")}
    if words := section.get("description"):
        found["description"] = words.split("\n\n")[0].replace("``", "'").replace("\n", " ")
    found["properties"] = {name: _value(value) for name, value in section.get("properties", {}).items()}
    return found


def _value(value: dict[str, Any]) -> dict[str, Any]:
    found = {key: item for key, item in value.items() if key != "title"}
    if "description" in found:
        found["description"] = _LINK.sub(r"\1", found["description"])
    if "$ref" in found:
        found.pop("default", None)
    if found.get("type") in _NO_TEXTS:
        default = {"default": found.pop("default")} if "default" in found else {}
        return {"anyOf": [found, _VARIABLE], **default}
    if any(choice.get("type") in _NO_TEXTS for choice in found.get("anyOf", ())):
        found["anyOf"] = [*found["anyOf"], _VARIABLE]
    return found
