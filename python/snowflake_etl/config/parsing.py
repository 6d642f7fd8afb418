"""The text of configuration files (floor 2): JSON, or YAML by its ending, as it stands, without any merging."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from snowflake_etl.errors import ConfigError

YAML_SUFFIXES = (".yaml", ".yml")


def parsed_file(path: Path) -> dict[str, Any]:
    """The object that the file holds.  Raise ConfigError, which names file and line, where it holds none."""
    document = parsed_text(read_text(path), path)
    if not isinstance(document, dict):
        raise ConfigError(f"{path} holds no object with keys such as 'snowflake' and 'files'. See config/example.json.")
    return document


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}. Choose another with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The configuration file {path} cannot be read: {reason}.") from None


def parsed_text(text: str, path: Path) -> Any:
    """What the text of ``path`` says.  Raise ConfigError with the line of what cannot be read."""
    if path.suffix.lower() not in YAML_SUFFIXES:
        try:
            return json.loads(text, object_pairs_hook=_no_repeated_keys)
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"{path} is not valid JSON: {error.msg} in line {error.lineno}{_hint(text, error)}."
            ) from None
        except ValueError as error:
            raise ConfigError(f"{path}: {error}.") from None
    import yaml

    try:
        loader = _yaml_loader()(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise ConfigError(
            f"{path} is not valid YAML: {getattr(error, 'problem', None) or 'see its syntax'}{where}."
        ) from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None


def _hint(text: str, error: json.JSONDecodeError) -> str:
    """What the usual slips are: a comma too many or too few, a comment, single quotes."""
    if not text.strip():
        return ", the file is empty"
    before, at = text[: error.pos].rstrip(), text[error.pos : error.pos + 2]
    if at[:1] in ("}", "]") and before.endswith(","):
        return ", a comma before it is too many"
    if error.msg.startswith("Illegal trailing comma"):
        return ", take it out"
    if error.msg.startswith("Expecting ',' delimiter"):
        return ", a comma is missing before it"
    if at in ("//", "/*") or at[:1] == "#":
        return ", JSON has no comments: take it out, or write the file as YAML"
    return ", JSON takes double quotes" if at[:1] == "'" else ""


def _no_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key '{key}' stands twice in one object; keep one")
    return dict(pairs)


def _yaml_loader() -> Any:
    """PyYAML's safe loader, which would take the last of two equal keys without a word."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen: set[str] = set()
            for key_node, _ in node.value:
                if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{key_node.value}' stands twice in one object", key_node.start_mark
                    )
                seen.add(str(key_node.value))
            return super().construct_mapping(node, deep=deep)

    return Loader
