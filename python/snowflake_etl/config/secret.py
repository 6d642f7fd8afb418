"""Secrets (floor 2): a type that prints as ``***``, and a function that removes every used secret from a text.
A secret is written in the configuration literally, as ``${VARIABLE}``, as ``${file:PATH}`` or as ``${secret:NAME}``; of
the last two only the reference is kept until sign-in.
"""

from __future__ import annotations

import hmac
import json
import re
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

STARS = "***"
REFERENCE = re.compile(r"\$\{(file|secret):([^{}]+)\}")
# Stands for an unavailable text, with the reason; nobody can write it, since it is not a ${VARIABLE}.
_LACKING = re.compile(r"\$\{(lacking):([^{}]+)\}")
# Shorter ones would remove pieces of ordinary words.
_SHORTEST_MASKED = 5
_used: set[str] = set()


class Secret:
    """A text that is never shown: ``secret_store.revealed`` returns it, and from then on ``masked`` removes it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def reference(self) -> tuple[str, str] | None:
        """(``file``, path) or (``secret``, name) if the text is stored elsewhere, (``lacking``, why), else None."""
        match = REFERENCE.fullmatch(self._text) or _LACKING.fullmatch(self._text)
        return (match[1], match[2]) if match else None

    @classmethod
    def lacking(cls, why: str) -> str:
        """A placeholder for an unknown secret, with the reason to report when it is needed."""
        return f"${{lacking:{why}}}"

    @property
    def as_written(self) -> str:
        """What the configuration says, only for ``secret_store.revealed``."""
        return self._text

    def __repr__(self) -> str:
        return STARS

    def __str__(self) -> str:
        return STARS

    def __format__(self, _specification: str) -> str:
        return STARS

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        text = core_schema.no_info_after_validator_function(cls, core_schema.str_schema(min_length=1, strict=True))
        return core_schema.json_or_python_schema(
            json_schema=text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), text]),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda _secret: STARS),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "format": "password"}


def remember_secret(text: str) -> None:
    """Have ``masked`` remove this text from now on."""
    if len(text) >= _SHORTEST_MASKED:
        _used.update((text, json.dumps(text)[1:-1], repr(text)[1:-1]))


def masked(text: str) -> str:
    """The text with every secret used in this process replaced by stars: a safety net."""
    # The longest first: one secret may be a part of another.
    for secret in sorted(_used, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, STARS)
    return text


def read_private_file(path: Path, what: str) -> str:
    """The first line of a file that only its owner may read.  Raise ConfigError, with the chmod line if others may."""
    check_private(path, what)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"The {what} file {path} cannot be read: {reason}.") from None
    text = lines[0].strip() if lines else ""
    if not text:
        raise ConfigError(f"The {what} file {path} is empty. Write the {what} into its first line.")
    remember_secret(text)
    return text


def check_private(path: Path, what: str) -> None:
    """Raise ConfigError when the file does not exist, or others may read or change it."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = "There is no" if isinstance(error, FileNotFoundError) else f"{error.strerror}:"
        hint = hint_of_braces(path)
        raise ConfigError(f"{reason} {what} file {path}. Correct the path in the configuration.{hint}") from None
    if stat.S_ISDIR(mode):
        raise ConfigError(f"The {what} file {path} is a folder. Correct the path in the configuration.")
    if mode & 0o077:
        raise ConfigError(
            f"The {what} file {path} may be read or changed by others (mode {stat.S_IMODE(mode):04o}). "
            f"Run: chmod 600 {shlex.quote(str(path))}"
        )
