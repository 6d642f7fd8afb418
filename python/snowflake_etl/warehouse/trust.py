"""Private certificate authorities (floor 3): connector 4.x knows one bundle for the whole process, so it gets one.

The bundle holds what was trusted before and every requested ``ca_file``, since one run may use several accounts.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from pathlib import Path

from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.errors import ConfigError

_VARIABLE = "REQUESTS_CA_BUNDLE"
_LOCK = threading.Lock()
_added: list[Path] = []
_before: list[bytes] = []


def certificates(ca_file: Path) -> bytes:
    """The certificates in this PEM file.  Raise ConfigError when it cannot be read or holds no certificate."""
    try:
        content = ca_file.read_bytes()
    except FileNotFoundError:
        hint = hint_of_braces(ca_file)
        raise ConfigError(f"There is no CA file {ca_file} (snowflake.ca_file). Correct the path.{hint}") from None
    except OSError as error:
        raise ConfigError(
            f"The CA file {ca_file} (snowflake.ca_file) cannot be read: {error.strerror}. Correct the path or its mode."
        ) from None
    if b"BEGIN CERTIFICATE" not in content:
        raise ConfigError(
            f"The CA file {ca_file} (snowflake.ca_file) holds no certificate in PEM form. Name the file of the "
            "authority's certificate, which begins with BEGIN CERTIFICATE."
        )
    return content


def trust(ca_file: Path) -> None:
    """Additionally trust the authorities in this PEM file, in this process.  Raise ConfigError when it cannot be
    read.
    """
    with _LOCK:
        if ca_file in _added:
            return
        certificates(ca_file)
        if not _before:
            _before.append(_trusted_so_far())
        _added.append(ca_file)
        parts = [*_before, *(path.read_bytes() for path in _added)]
        descriptor, name = tempfile.mkstemp(prefix="snowflake-etl-ca-", suffix=".pem")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(b"\n".join(parts))
        atexit.register(Path(name).unlink, missing_ok=True)
        os.environ[_VARIABLE] = name


def _trusted_so_far() -> bytes:
    if chosen := os.environ.get(_VARIABLE):
        return Path(chosen).read_bytes() if Path(chosen).is_file() else b""
    import certifi

    return Path(certifi.where()).read_bytes()
