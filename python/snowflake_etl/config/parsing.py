"""The text of configuration files (floor 2): JSON, or YAML by its ending, unchanged and without merging."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from snowflake_etl.config.slips import cure_of_json, cure_of_yaml, line_of
from snowflake_etl.errors import ConfigError

YAML_SUFFIXES = (".yaml", ".yml")
# Far more than a configuration has.
_DEEPEST = 50


def parsed_file(path: Path) -> dict[str, Any]:
    """The object that the file holds.  Raise ConfigError, naming file and line, if it does not hold one."""
    document = parsed_text(read_text(path), path)
    if isinstance(document, list) and any(isinstance(item, dict) for item in document):
        raise ConfigError(
            f"{path} contains a list, as files of an older shape do. Bring it up to date: config migrate --config "
            f"{shlex.quote(str(path))}"
        )
    if not isinstance(document, dict):
        raise ConfigError(
            f"{path} contains no object with keys such as 'snowflake' and 'files'. See config/example.json."
        )
    return document


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}. Choose another with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {path} cannot be read: {_why_unreadable(error)}.") from None


def _why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text; save it as UTF-8"
    if isinstance(error, IsADirectoryError):
        return "it is a folder; name a file in it"
    return f"{error.strerror}; correct its mode, or name another file"


def parsed_text(text: str, path: Path) -> Any:
    """What the text of ``path`` says.  Raise ConfigError with the line that cannot be read."""
    too_deep = ConfigError(f"{path}: lists and objects are nested too deeply; remove some levels.")
    try:
        document = _document(text, path)
    except RecursionError:
        raise too_deep from None
    if _depth_is_more_than(_DEEPEST, document):
        raise too_deep
    return document


def _depth_is_more_than(levels: int, value: Any) -> bool:
    """Code that walks a document recurses for each level, and Python limits the recursion depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not levels or any(_depth_is_more_than(levels - 1, item) for item in inner)


def _document(text: str, path: Path) -> Any:
    if path.suffix.lower() not in YAML_SUFFIXES:
        try:
            return json.loads(text, object_pairs_hook=_no_repeated_keys)
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"{path} is not valid JSON: {error.msg} in line {error.lineno}{cure_of_json(text, error)}."
            ) from None
        except ValueError as error:
            raise ConfigError(f"{path}: {error}.") from None
    import yaml

    from snowflake_etl.config.yaml_loader import data_of

    try:
        return data_of(text)
    except yaml.YAMLError as error:
        line = line_of(text, error)
        where = f" in line {line}" if line else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "see its syntax"
        raise ConfigError(f"{path} is not valid YAML: {problem}{where}{cure_of_yaml(problem)}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None


def _no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key '{key}' is there twice in one object; keep one")
    return dict(pairs)
