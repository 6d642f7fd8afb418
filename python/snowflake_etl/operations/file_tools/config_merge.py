"""Puts generated entries into a configuration file (floor 5): what the operator wrote stays, and a backup is kept."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snowflake_etl.config.file_change import Change, temporary_file
from snowflake_etl.config.parsing import YAML_SUFFIXES, parsed_text, read_text
from snowflake_etl.config.reading import Choice, read_configuration
from snowflake_etl.errors import ConfigError, UsageError
from snowflake_etl.files.naming import shown
from snowflake_etl.quality.names import stored
from snowflake_etl.reports.json_text import WIDTH, json_text

_PATTERN, _TABLE, _TYPES = "file_pattern", "table_name", "create_table"
# An entry has one of these keys.
_INSTEAD = {"file_format": "delimiter", "delimiter": "file_format"}


def planned_change(path: Path, entries: Sequence[Mapping[str, Any]], base_path: Path | None, choice: Choice) -> Change:
    """Return what the file would be with the entries in it; nothing is written.
    Raise ConfigError for a file that cannot be read, or that would no longer be a valid configuration.
    """
    target = path.resolve()
    if target.is_dir():
        raise UsageError(f"{shown(path)} is a folder. Name the configuration file to write with --into.")
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {shown(target.parent)}. Make it, or correct --into.")
    notes: list[str] = []
    if not target.exists():
        change = Change(target, None, _rendered(_new_document(entries, base_path), target, None), ())
    else:
        before = read_text(target)
        document = parsed_text(before, target)
        if not isinstance(document, dict):
            raise ConfigError(f"{path} contains no object with keys such as 'snowflake' and 'files'.")
        loaded = read_configuration(target, choice=choice)
        inherited = {entry.file_pattern for entry in loaded.configuration.files}
        merged, added = _merged(document, entries, inherited, path, notes)
        after = before if merged == document else _written(before, document, merged, added, target, notes)
        change = Change(target, before, after, tuple(notes))
    if change.is_one:
        _validate(change, choice)
    return change


def _new_document(entries: Sequence[Mapping[str, Any]], base_path: Path | None) -> dict[str, Any]:
    document: dict[str, Any] = {"snowflake": {"connection": "local"}}
    if base_path is not None:
        document["base_path"] = str(base_path)
    return {**document, "files": [dict(entry) for entry in entries]}


def _merged(
    document: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    inherited: set[str],
    path: Path,
    notes: list[str],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document with the entries, and those that are new in it."""
    files = [dict(each) if isinstance(each, dict) else each for each in document.get("files") or []]
    added = []
    for entry in entries:
        alike = [each for each in files if isinstance(each, dict) and each.get(_PATTERN) == entry[_PATTERN]]
        same = [each for each in alike if each.get(_TABLE) == entry[_TABLE]] or alike
        if len(same) > 1:
            raise ConfigError(
                f"{path} has {len(same)} entries for {shown(entry[_PATTERN])}. Say which table you mean with --table."
            )
        if same:
            _complete(same[0], entry, notes)
        elif entry[_PATTERN] in inherited:
            raise ConfigError(
                f"{path} has the entry for {shown(entry[_PATTERN])} from a file that it extends. Name that one with "
                "--into."
            )
        else:
            files.append(dict(entry))
            added.append(dict(entry))
    return {**document, "files": files}, added


def _complete(entry: dict[str, Any], suggested: Mapping[str, Any], notes: list[str]) -> None:
    """Add what the entry does not say; what it says stays, and differences from the files are reported."""
    name = entry.get(_TABLE)
    for key, value in suggested.items():
        if key == _TYPES and isinstance(entry.get(_TYPES), dict):
            _complete_types(entry, value, notes)
        elif key not in entry:
            depends = key == "date_format" and entry.get("date_column", suggested.get("date_column")) != suggested.get(
                "date_column"
            )
            if _INSTEAD.get(key) not in entry and not depends:
                entry[key] = value
        elif entry[key] != value:
            notes.append(f"{name}: {key} stays {_short(entry[key])}; the files look like {_short(value)}.")


def _complete_types(entry: dict[str, Any], types: Mapping[str, str], notes: list[str]) -> None:
    known = {stored(name): name for name in entry[_TYPES]}
    found = {stored(name) for name in types}
    entry[_TYPES] = dict(entry[_TYPES])
    for name, kind in types.items():
        if stored(name) not in known:
            entry[_TYPES][name] = kind
        elif (declared := entry[_TYPES][known[stored(name)]]) != kind:
            notes.append(f"{entry.get(_TABLE)}.{name}: its type stays {declared}; {kind} was found.")
    for missing in (name for key, name in known.items() if key not in found):
        notes.append(f"{entry.get(_TABLE)}: the files have no column {missing} of its create_table.")


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _written(
    before: str,
    document: Mapping[str, Any],
    merged: Mapping[str, Any],
    added: Sequence[Mapping[str, Any]],
    path: Path,
    notes: list[str],
) -> str:
    if path.suffix.lower() not in YAML_SUFFIXES:
        return _rendered(merged, path, before)
    if len(merged["files"]) == len(document.get("files") or []) + len(added):
        text = _inserted(before, added)
        # The text is only used if it reads back as intended.
        with contextlib.suppress(ConfigError):
            if text is not None and parsed_text(text, path) == merged:
                return text
    if "#" in before:
        notes.append("Comments of the YAML file are not kept; the backup has them.")
    return _rendered(merged, path, before)


def _rendered(document: Mapping[str, Any], path: Path, before: str | None) -> str:
    if path.suffix.lower() in YAML_SUFFIXES:
        return _yaml(document)
    found = re.search(r'^([ \t]+)"', before or "", re.MULTILINE)
    return json_text(document, found[1] if found else "  ") + "\n"


def _yaml(value: object) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=WIDTH))


def _inserted(before: str, added: Sequence[Mapping[str, Any]]) -> str | None:
    """The YAML with the entries after the existing ones, everything else unchanged; None if that is impossible."""
    lines = before.splitlines()
    starts = [number for number, line in enumerate(lines) if re.fullmatch(r"files:\s*(#.*)?", line)]
    if len(starts) != 1:
        return None
    end, margin = starts[0] + 1, None
    for number, line in enumerate(lines[starts[0] + 1 :], starts[0] + 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if margin is None:
            margin = line[: len(line) - len(line.lstrip())]
        if not line.startswith((f"{margin} ", f"{margin}-")):
            break
        end = number + 1
    new = [f"{margin or ''}{line}" for line in _yaml([dict(entry) for entry in added]).splitlines()]
    return "\n".join([*lines[:end], *new, *lines[end:]]) + "\n"


def _validate(change: Change, choice: Choice) -> None:
    """Raise ConfigError when the new text is not a valid configuration."""
    with temporary_file(change) as temporary:
        try:
            read_configuration(temporary, choice=choice)
        except ConfigError as error:
            text = str(error).replace(str(temporary), str(change.path))
            raise ConfigError(
                f"With the generated entries this would be wrong, so nothing was written: {text}"
            ) from None
