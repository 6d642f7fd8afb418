"""This host (floor 5): Python, libraries, who may read our secrets, disk, proxy."""

from __future__ import annotations

import importlib
import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from snowflake_etl.config import places
from snowflake_etl.config.braces import hint_of_braces
from snowflake_etl.config.model import SnowflakeSection
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.operations.notices.addresses import address_problems
from snowflake_etl.plural import counted
from snowflake_etl.results_examination import Health, Point
from snowflake_etl.warehouse import reach
from snowflake_etl.warehouse.reach import Place

OLDEST_PYTHON = (3, 11)
LITTLE_ROOM = 1_000_000_000
NO_ROOM = 50_000_000
# Libraries with code compiled for one Python version and one kind of machine.
_COMPILED = ("cryptography", "duckdb", "isal", "xxhash", "zstandard")
# Only a warning: a load continues if these cannot be sent.
NOTICES = "notices"
_OTHERS = 0o077
_OTHERS_MAY_WRITE = 0o022


def _notices(loaded: LoadedConfiguration) -> Iterator[Point]:
    """Check that the targets of notices are reachable.  Nothing is sent."""
    named = loaded.configuration.notify.named
    problems = list(address_problems(loaded))
    for problem in problems:
        cure = f"Correct it, then try: {places.program()} notify test"
        yield Point(NOTICES, Health.FAILED, problem, cure)
    if named and not problems:
        yield Point(NOTICES, Health.OK, f"to {', '.join(name for name, _ in named)}")


def python() -> Point:
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"{version}, {ssl.OPENSSL_VERSION} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        cure = f"{places.program()} setup --rebuild, where Python 3.11 or later is on the PATH."
        return Point("Python", Health.FAILED, found, cure)
    return Point("Python", Health.OK, found)


def libraries() -> Point:
    """Check that the versions tested together are installed, and that the compiled libraries can be loaded."""
    wanted = _wanted_versions()
    found = {name: _version_of(name) for name in wanted}
    missing = sorted(name for name, version in found.items() if not version)
    other = sorted(
        f"{name} {found[name]} instead of {version}"
        for name, version in wanted.items()
        if version and found[name] and found[name] != version
    )
    broken = [f"{name} ({reason})" for name in _COMPILED if (reason := _cannot_be_loaded(name))]
    cure = f"{places.program()} setup --rebuild" if places.is_checkout() else "Install the package again."
    if missing or broken:
        said = [f"missing: {', '.join(missing)}"] if missing else []
        said += [f"cannot be loaded: {', '.join(broken)}"] if broken else []
        return Point("libraries", Health.FAILED, "; ".join(said), cure)
    if other:
        return Point("libraries", Health.WARNING, f"others than tested: {', '.join(other)}", cure)
    return Point("libraries", Health.OK, f"{len(found)} as tested")


def _wanted_versions() -> dict[str, str]:
    """Library -> version, as pinned in the checkout's lock file; any version ("") for an installed package."""
    from packaging.requirements import Requirement

    lock = places.CHECKOUT / "requirements.lock"
    if places.is_checkout() and lock.is_file():
        lines = [line.rstrip(" \\") for line in lock.read_text("utf-8").splitlines() if "==" in line.split("--")[0]]
    else:
        lines = [line for line in metadata.requires("snowflake-etl") or [] if "extra ==" not in line]
    wanted = {}
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate():
            exact = next((one.version for one in requirement.specifier if one.operator == "=="), "")
            wanted[requirement.name] = exact
    return wanted


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _cannot_be_loaded(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as error:  # a damaged library may raise anything on import
        return f"{type(error).__name__}: {error}"
    return ""


def configuration(loaded: LoadedConfiguration) -> Iterator[Point]:
    """Check that it could be read, its warnings, and that the folder of the files exists."""
    chosen = f", environment {loaded.environment}" if loaded.environment else ""
    tables = len({entry.table_name for entry in loaded.configuration.files})
    yield Point("configuration", Health.OK, f"{loaded.path}{chosen}, {counted(tables, 'table')}")
    for warning in loaded.warnings:
        yield Point("configuration", Health.WARNING, warning)
    yield from _notices(loaded)
    base = loaded.base_path
    if base is None:
        yield Point("files", Health.OK, "no base_path; files are named with --file or --base-path")
    elif not (base.is_dir() and os.access(base, os.R_OK | os.X_OK)):
        cure = f"Correct base_path, or mount the disk and let this user read it.{hint_of_braces(base)}"
        yield Point("files", Health.FAILED, f"{base} is not a readable folder", cure)
    else:
        yield Point("files", Health.OK, str(base))


def private_files(section: SnowflakeSection, state: Path) -> Iterator[Point]:
    """Check who may read the key, the token and what this tool writes."""
    named = [
        ("private key", section.private_key_file),
        ("token", section.token_file_path),
        ("connections.toml", str(_connections_file()) if section.connection and not section.is_local else None),
    ]
    for subject, text in named:
        if text:
            yield _private_file(subject, Path(text).expanduser())
    mode = state.stat().st_mode & 0o777
    if mode & _OTHERS:
        yield Point(
            "state folder", Health.WARNING, f"{state} may be read by others (mode {mode:o})", f"chmod 700 '{state}'"
        )
    else:
        yield Point("state folder", Health.OK, f"{state} (mode {mode:o})")


def _connections_file() -> Path:
    """Where the driver looks for named connections."""
    home = Path(os.environ.get("SNOWFLAKE_HOME") or "~/.snowflake").expanduser()
    return (home if home.is_dir() else Path("~/.config/snowflake").expanduser()) / "connections.toml"


def _private_file(subject: str, path: Path) -> Point:
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        return Point(
            subject,
            Health.FAILED,
            f"{path}: {error.strerror}",
            f"Correct the path, or make the file readable.{hint_of_braces(path)}",
        )
    if not os.access(path, os.R_OK):
        return Point(
            subject,
            Health.FAILED,
            f"{path} may not be read by this user (mode {mode:o})",
            f"chown and chmod 600 '{path}'",
        )
    if mode & _OTHERS:
        # The driver does not accept a file that others could change.
        health = Health.FAILED if mode & _OTHERS_MAY_WRITE else Health.WARNING
        return Point(subject, health, f"{path} may be used by others (mode {mode:o})", f"chmod 600 '{path}'")
    return Point(subject, Health.OK, f"{path} (mode {mode:o})")


def disk(state: Path) -> Iterator[Point]:
    """Check that there is room for logs and for what checks spill to disk."""
    seen = set()
    for subject, folder in (
        ("disk of the state folder", state),
        ("disk for temporary files", Path(tempfile.gettempdir())),
    ):
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        message = f"{usage.free / 1e9:,.1f} GB free of {usage.total / 1e9:,.1f} GB ({folder})"
        if usage.free < NO_ROOM or not os.access(folder, os.W_OK):
            health = Health.FAILED
        else:
            health = Health.WARNING if usage.free < LITTLE_ROOM else Health.OK
        cure = "Free some space, or set ETL_STATE_DIR (TMPDIR) to a larger disk." if health is not Health.OK else ""
        yield Point(subject, health, message, cure)


def proxy(place: Place | None) -> Point:
    """Check whether requests to the account go through a proxy, and whether it answers."""
    if place is None:
        return Point("proxy", Health.OK, "none: the embedded warehouse is on this host")
    through = reach.proxy_for(place)
    if through is None:
        named = [name for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy") if os.environ.get(name)]
        in_spite = f", in spite of {', '.join(named)}" if named else ""
        return Point("proxy", Health.OK, f"none: {place.host} is reached directly{in_spite}")
    reason = reach.proxy_unreachable(through)
    if reason:
        cure = "Correct HTTPS_PROXY, or add the host to NO_PROXY if it can be reached directly."
        return Point("proxy", Health.FAILED, f"{reach.shown_proxy(through)}: {reason}", cure)
    return Point("proxy", Health.OK, f"{place.host} is reached through {reach.shown_proxy(through)}")
