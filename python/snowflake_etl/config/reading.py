"""Read a configuration file into the model (floor 2), with errors that name file, path and nearest key."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from snowflake_etl.config.model import Configuration
from snowflake_etl.errors import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_YAML_SUFFIXES = (".yaml", ".yml")
_WANTED = {
    "string_type": "a text, in quotes",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number, without quotes",
    "float_type": "a number, without quotes",
    "bool_type": "true or false, without quotes",
    "greater_than_equal": "a number that is {ge} or more",
    "greater_than": "a number above {gt}",
    "less_than_equal": "a number that is {le} or less",
    "literal_error": "{expected}",
    "tuple_type": "a list in square brackets",
    "dict_type": "an object with keys, in braces",
    "model_type": "an object with keys, in braces",
}
_WORDS_FOR_DELIMITERS = ", or one of tab, comma, pipe and semicolon"


@dataclass(frozen=True)
class LoadedConfiguration:
    """A configuration, the file it came from and sentences worth a warning."""

    path: Path
    configuration: Configuration
    warnings: tuple[str, ...] = ()

    @property
    def base_path(self) -> Path | None:
        """Where the operator's files are, resolved against the configuration file's folder."""
        base = self.configuration.base_path
        return (self.path.parent / Path(base).expanduser()).resolve() if base else None


def read_configuration(path: Path, environment: Mapping[str, str] = os.environ) -> LoadedConfiguration:
    """Read ``path`` (JSON, or YAML by its ending) and expand ``${VARIABLES}`` in its values.

    Raise ConfigError when the file cannot be read, is no JSON or YAML, or says something that the model
    does not know; every complaint is named at once.
    """
    document = _parse(path, _read_text(path))
    if not isinstance(document, dict):
        raise ConfigError(f"{path} holds no object with keys such as 'snowflake' and 'files'. See config/example.json.")
    expanded = _expand(document, path, environment)
    return LoadedConfiguration(path, _validate(expanded, path), tuple(_warnings(expanded, path)))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}. Choose another with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The configuration file {path} cannot be read: {reason}.") from None


def _parse(path: Path, text: str) -> Any:
    if path.suffix.lower() not in _YAML_SUFFIXES:
        try:
            return json.loads(text, object_pairs_hook=_no_repeated_keys)
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} is not valid JSON: {error.msg} in line {error.lineno}.") from None
        except ValueError as error:
            raise ConfigError(f"{path}: {error}.") from None
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"{path} is not valid YAML: {getattr(error, 'problem', None) or 'see its syntax'}{where}."
        ) from None


def _no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key '{key}' stands twice in one object; keep one")
    return dict(pairs)


def _expand(value: Any, path: Path, environment: Mapping[str, str]) -> Any:
    """Replace ``${NAME}`` in every string value; an unset variable is an error, never an empty text."""
    if isinstance(value, dict):
        return {key: _expand(item, path, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, environment) for item in value]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigError(
                f"{path} uses ${{{match[1]}}}, but that variable is not set. Export it or write the value."
            )
        return environment[match[1]]

    return _VARIABLE.sub(replacement, value)


def _validate(document: dict[str, Any], path: Path) -> Configuration:
    from pydantic import ValidationError

    try:
        return Configuration.model_validate(document)
    except ValidationError as error:
        complaints = [_complaint(dict(item)) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError(f"{path}: " + "; ".join(complaints) + ".") from None


def _complaint(item: dict[str, Any]) -> str:
    location: tuple[str | int, ...] = item["loc"]
    where = _written_path(location)
    if item["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(str(location[-1]), _keys_at(location[:-1]), n=1, cutoff=0.5)
        hint = f", did you mean '{nearest[0]}'?" if nearest else f" (known: {', '.join(_keys_at(location[:-1]))})"
        return f"unknown key '{where}'{hint}"
    if item["type"] == "missing":
        return f"the key '{where}' is missing"
    if wanted := _wanted(str(item["type"]), item.get("ctx", {})):
        words = _WORDS_FOR_DELIMITERS if location[-1] == "delimiter" else ""
        return f"'{where}' takes {wanted}{words}"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"'{where}': {message[:1].lower()}{message[1:]}" if where else message


def _wanted(kind: str, limits: Mapping[str, Any]) -> str:
    """What a value has to be, for pydantic's ``kind`` of error and its limits; "" for other errors."""
    if kind in _WANTED:
        return _WANTED[kind].format(**limits)
    if kind == "string_too_long":
        most = limits["max_length"]
        return "one character" if most == 1 else f"at most {most} characters"
    return ""


def _written_path(location: tuple[str | int, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys that the model knows at ``location``, as an operator writes them."""
    model: Any = Configuration
    for part in location:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = next(
                (argument for argument in get_args(annotation) if hasattr(argument, "model_fields")), annotation
            )
    return [field.alias or name for name, field in model.model_fields.items()]


def _warnings(document: dict[str, Any], path: Path) -> Iterator[str]:
    snowflake = document.get("snowflake") or {}
    if not snowflake.get("password"):
        return
    yield (
        f"{path} signs in with a plain password. Snowflake is switching that off: "
        "use private_key_file or a connection by name."
    )
    if os.name == "posix" and path.stat().st_mode & 0o077:
        yield f"{path} holds a password and others may read it. Run: chmod 600 {path}"
