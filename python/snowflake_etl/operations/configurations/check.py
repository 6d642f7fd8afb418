"""``config validate`` (floor 5): everything that can be known about a configuration before a load uses it.
The model's errors come first; then what only shows when values are used, such as the files of the base path and the
keys for signing in; and, on request, the warehouse itself.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.config.layers import Place, said_at
from snowflake_etl.config.model import FileSection
from snowflake_etl.config.reading import Choice, LoadedConfiguration, configuration_from
from snowflake_etl.config.sources import ENVIRONMENT_VARIABLE, Sources, read_sources
from snowflake_etl.errors import ConfigError, ConfigMistakes, EtlError
from snowflake_etl.files.detect import check_wishes
from snowflake_etl.files.naming import shown
from snowflake_etl.files.patterns import FilePattern
from snowflake_etl.operations.configurations.columns import column_problems
from snowflake_etl.operations.configurations.found_files import FoundByPattern, files_of_patterns
from snowflake_etl.operations.expectations import try_rules
from snowflake_etl.operations.layouts import layout_wishes
from snowflake_etl.operations.memory import BASE_BYTES, LEAST_WITH_CHECK
from snowflake_etl.operations.notices.addresses import address_problems
from snowflake_etl.quality.formats import to_strptime
from snowflake_etl.quality.rule_sql import RuleError
from snowflake_etl.warehouse.signin import Warehouse
from snowflake_etl.warehouse.ways_in import account_arguments

ERROR, WARNING = "error", "warning"
# Samples for a pattern's stars and placeholders, to see whether another pattern matches the same names.
_SAMPLES = {"{date_range}": "20240101-20240131", "{month}": "2024-01"}
_STARS = ("", "x", "x_y-1")


@dataclass(frozen=True)
class ConfigProblem:
    """One sentence that names file, place and remedy; ``severity`` is error or warning."""

    severity: str
    message: str


@dataclass(frozen=True)
class ConfigCheck:
    """One environment of a configuration (None: it has none), its problems, and the files found for it."""

    environment: str | None
    target: str
    problems: tuple[ConfigProblem, ...]
    patterns: tuple[FoundByPattern, ...] = ()
    connected: bool = False

    @property
    def errors(self) -> tuple[ConfigProblem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == ERROR)


class _NobodyToAskError(Exception):
    """Raised when a passphrase or password would have to be typed."""


def check_configuration(
    path: Path,
    choice: Choice,
    state_directory: Path,
    *,
    connect: bool = False,
    variables: Mapping[str, str] = os.environ,
) -> list[ConfigCheck]:
    """Check the chosen environment, or all of them.  Raise ConfigError for a file that is not a configuration."""
    sources = read_sources(path)
    chosen = choice.environment or variables.get(ENVIRONMENT_VARIABLE)
    if sources.default_environment:
        # Checked even when another environment is chosen: the default is used when none is named.
        sources.chosen(None, {})
    wanted: tuple[str | None, ...] = (chosen,) if chosen else sources.environments or (None,)
    return [
        _check(sources, Choice(name, choice.settings), state_directory, connect=connect, variables=variables)
        for name in wanted
    ]


def _check(
    sources: Sources, choice: Choice, state_directory: Path, *, connect: bool, variables: Mapping[str, str]
) -> ConfigCheck:
    try:
        loaded = configuration_from(sources, variables, choice)
    except ConfigError as error:
        said = error.mistakes if isinstance(error, ConfigMistakes) else (str(error),)
        return ConfigCheck(choice.environment, "?", tuple(ConfigProblem(ERROR, text) for text in said))
    problems = [
        *(ConfigProblem(WARNING, text) for text in loaded.warnings),
        *(ConfigProblem(ERROR, text) for text in _value_problems(loaded)),
        *(ConfigProblem(ERROR, text) for text in _unreachable_patterns(loaded)),
        *_memory_problems(loaded),
    ]
    patterns: tuple[FoundByPattern, ...] = ()
    if not any(problem.severity == ERROR for problem in problems) and loaded.base_path is not None:
        patterns = files_of_patterns(loaded.base_path, loaded.configuration.files)
        problems += (ConfigProblem(WARNING, _nothing_found(loaded, number, one)) for number, one in enumerate(patterns))
    problems = [problem for problem in problems if problem.message]
    problems += _sign_in_problems(loaded, variables)
    problems += (ConfigProblem(ERROR, text) for text in address_problems(loaded))
    is_sound = not any(problem.severity == ERROR for problem in problems)
    if connect and is_sound:
        problems += _warehouse_problems(loaded, state_directory)
    target = loaded.configuration.snowflake.target
    return ConfigCheck(choice.environment, target, tuple(problems), patterns, connect and is_sound)


def _said(loaded: LoadedConfiguration, place: Place) -> str:
    """``c.json: 'files[0].encoding'``: the origin of a value."""
    return said_at(loaded.tree, place, str(loaded.path))


def _value_problems(loaded: LoadedConfiguration) -> Iterator[str]:
    """Patterns, formats, encodings, rules and the base path."""
    base = loaded.base_path
    if base is not None and not base.is_dir():
        why = "is not a folder" if base.exists() else "is not a folder: there is nothing of that name"
        hint = hint_of_braces(base)
        yield f"{_said(loaded, ('base_path',))}: {base} {why}. Correct the path or make the folder.{hint}"
    for number, entry in enumerate(loaded.configuration.files):
        for key, sentence in (*_entry_problems(entry), *_layout_problems(entry)):
            yield f"{_said(loaded, ('files', number, key))}: {sentence}"
        try:
            try_rules(entry, loaded.configuration.quality)
        except RuleError as error:
            yield str(error)
        except EtlError as error:
            yield f"{_said(loaded, ('quality',))} (for table {entry.table_name}): {error}"


def _memory_problems(loaded: LoadedConfiguration) -> Iterator[ConfigProblem]:
    """A limit that is too small for any file; what a given file needs only shows when it is loaded."""
    limit, place = loaded.configuration.load.memory_limit, _said(loaded, ("load", "memory_limit"))
    if limit < BASE_BYTES:
        yield ConfigProblem(
            ERROR, f"{place}: no load fits into {limit:,} bytes; write more than {BASE_BYTES}, such as 500000000."
        )
    elif limit < LEAST_WITH_CHECK:
        yield ConfigProblem(
            WARNING,
            f"{place}: into {limit:,} bytes fit only loads without a check of the file; write more than "
            f"{LEAST_WITH_CHECK}.",
        )


def _entry_problems(entry: FileSection) -> Iterator[tuple[str, str]]:
    try:
        FilePattern(entry.file_pattern, entry.table_name).check()
    except EtlError as error:
        yield "file_pattern", str(error)
    for key in ("date_format", "timestamp_format"):
        try:
            to_strptime(getattr(entry, key))
        except EtlError as error:
            yield key, str(error)
    try:
        codecs.lookup(entry.encoding or "utf-8")
    except LookupError:
        yield (
            "encoding",
            f"there is no encoding '{entry.encoding}'. Write one that Python knows, such as utf-8 or cp1252.",
        )


def _layout_problems(entry: FileSection) -> Iterator[tuple[str, str]]:
    try:
        check_wishes(layout_wishes(entry, ()))
    except ConfigError as error:
        key, _, sentence = str(error).partition(" ")
        yield key.strip("'"), f"this {sentence}"


def _unreachable_patterns(loaded: LoadedConfiguration) -> Iterator[str]:
    """Patterns whose every file also matches another pattern, so that a load refuses all of them."""
    entries = loaded.configuration.files
    for number, entry in enumerate(entries):
        for other_number, other in enumerate(entries):
            same = entry.file_pattern == other.file_pattern
            if number == other_number or (same and number < other_number):
                continue
            if _takes_all_of(other, entry):
                yield (
                    f"{_said(loaded, ('files', number, 'file_pattern'))} is never reached: every file of "
                    f"{shown(entry.file_pattern)} ({entry.table_name}) also fits {shown(other.file_pattern)} "
                    f"({other.table_name}, files[{other_number}]). Make that one narrower or remove one of them."
                )
                break


def _takes_all_of(wide: FileSection, narrow: FileSection) -> bool:
    try:
        return all(
            FilePattern(wide.file_pattern, wide.table_name).claim(name) is not None
            for name in _names_of(narrow.file_pattern)
        )
    except ConfigError:
        return False


def _names_of(pattern: str) -> Iterator[str]:
    for stars in _STARS:
        name = pattern.replace("*", stars)
        yield re.sub(r"\{date_range\}|\{month\}", lambda match: _SAMPLES[match[0]], name)


def _nothing_found(loaded: LoadedConfiguration, number: int, found: FoundByPattern) -> str:
    """The warning for a pattern without files; "" if there are some."""
    if found.files:
        return ""
    nearest = f" The nearest name there is {shown(found.nearest)}." if found.nearest else ""
    return (
        f"{_said(loaded, ('files', number, 'file_pattern'))}: no file in {loaded.base_path} and its month folders "
        f"fits {shown(found.pattern)}.{nearest}"
    )


def _sign_in_problems(loaded: LoadedConfiguration, variables: Mapping[str, str]) -> Iterator[ConfigProblem]:
    section = loaded.configuration.snowflake
    if section.is_local:
        return

    def ask(_question: str) -> str:
        raise _NobodyToAskError

    try:
        account_arguments(section, ask, variables)
    except _NobodyToAskError:
        yield ConfigProblem(
            WARNING,
            f"{_said(loaded, ('snowflake',))}: a passphrase or password is asked for at each sign-in, which "
            f"background jobs cannot answer. Store it with config set-secret.",
        )
    except ConfigError as error:
        yield ConfigProblem(ERROR, f"{_said(loaded, ('snowflake',))}: {error}")


def _warehouse_problems(loaded: LoadedConfiguration, state_directory: Path) -> Iterator[ConfigProblem]:
    configuration = loaded.configuration
    try:
        warehouse = Warehouse(configuration.snowflake, configuration.load, state_directory)
        with warehouse.open("snowflake_etl config validate") as session:
            for number, entry in enumerate(configuration.files):
                for key, sentence in column_problems(session, entry):
                    yield ConfigProblem(ERROR, f"{_said(loaded, ('files', number, key))}: {sentence}")
    except EtlError as error:
        yield ConfigProblem(ERROR, f"{_said(loaded, ('snowflake',))}: {error}")
