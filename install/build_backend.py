"""Builds the wheel and the sdist (PEP 517, PEP 660) with the standard library alone.

A host without internet cannot fetch setuptools, and the menu's parts lie outside the Python package, where setuptools
does not reach: so this file puts them in.  Inside a wheel the package has a folder ``home`` that looks like a checkout:
entry, bash libraries, scripts, configuration and samples.  The same sources give the same bytes.

By hand: ``python install/build_backend.py wheel|sdist FOLDER``.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "snowflake_etl"
HOME = f"{PACKAGE}/home"
# What of the checkout an installed package has beside its modules.
HOME_FILES = (
    "snowflake_etl.sh",
    "pyproject.toml",
    "requirements.lock",
    "lib/**/*.sh",
    "lib/*.dialogrc",
    "python/*.py",
    "config/example.json",
    "samples/*.gz",
)
# What of a checkout is nobody's source: see .gitignore.
_HIDDEN = (".git", ".venv", ".setup", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")
NO_SOURCES = (*_HIDDEN, "build", "dist", "test-report", "logs")
# Where the system of the host looks for them, below the prefix that pip installs to.
DATA_FILES = {
    "docs/man/man1/*.1": "share/man/man1/{name}",
    "completions/snowflake_etl.bash": "share/bash-completion/completions/snowflake-etl",
}
# What the menu says instead of the path of its script, and where it finds its Python: see lib/core.sh.
INSTALLED_MARK = ".installed"
_EARLIEST = 1577836800  # zip files know no time before 1980

Contents = dict[str, tuple[bytes, bool]]  # name in the archive -> content, executable


def build_wheel(
    wheel_directory: str, config_settings: Mapping[str, object] | None = None, metadata_directory: str | None = None
) -> str:
    """Write the wheel and return its file name."""
    modules = _matching((f"python/{PACKAGE}/**/*",))
    contents = {path.relative_to(ROOT / "python").as_posix(): _read(path) for path in modules}
    contents |= {f"{HOME}/{path.relative_to(ROOT).as_posix()}": _read(path) for path in _matching(HOME_FILES)}
    contents[f"{HOME}/{INSTALLED_MARK}"] = (b"", False)
    for pattern, target in DATA_FILES.items():
        for path in _matching((pattern,)):
            name = target.format(name=path.name)
            contents[f"{PACKAGE}-{_project()['version']}.data/data/{name}"] = (path.read_bytes(), False)
    return _write_wheel(Path(wheel_directory), contents)


def build_editable(
    wheel_directory: str, config_settings: Mapping[str, object] | None = None, metadata_directory: str | None = None
) -> str:
    """Write a wheel that points to this checkout and return its file name."""
    return _write_wheel(Path(wheel_directory), {f"{PACKAGE}.pth": (f"{ROOT / 'python'}\n".encode(), False)})


def build_sdist(sdist_directory: str, config_settings: Mapping[str, object] | None = None) -> str:
    """Write the source archive and return its file name."""
    project = _project()
    base = f"{PACKAGE}-{project['version']}"
    target = Path(sdist_directory, f"{base}.tar.gz")
    contents: Contents = {path.relative_to(ROOT).as_posix(): _read(path) for path in _sources()}
    contents["PKG-INFO"] = (_metadata(project), False)
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, _time()) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, (content, executable) in sorted(contents.items()):
            entry = tarfile.TarInfo(f"{base}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o755 if executable else 0o644, _time()
            archive.addfile(entry, io.BytesIO(content))
    return target.name


def _write_wheel(folder: Path, contents: Contents) -> str:
    project = _project()
    information = f"{PACKAGE}-{project['version']}.dist-info"
    scripts = "".join(f"{name} = {target}\n" for name, target in project["scripts"].items())
    contents |= {
        f"{information}/METADATA": (_metadata(project), False),
        f"{information}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: snowflake_etl\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            False,
        ),
        f"{information}/entry_points.txt": (f"[console_scripts]\n{scripts}".encode(), False),
        f"{information}/licenses/LICENSE": _read(ROOT / "LICENSE"),
    }
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, (content, _) in sorted(contents.items()))
    contents[f"{information}/RECORD"] = (f"{record}{information}/RECORD,,\n".encode(), False)
    target = folder / f"{PACKAGE}-{project['version']}-py3-none-any.whl"
    moment = _zip_time()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # RECORD comes last, as the format wants it.
        for name, (content, executable) in sorted(
            contents.items(), key=lambda item: (item[0].endswith("/RECORD"), item)
        ):
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return target.name


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def _metadata(project: Mapping[str, Any]) -> bytes:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Requires-Python: {project['requires-python']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        "Description-Content-Type: text/markdown",
        *(f"Requires-Dist: {one}" for one in project["dependencies"]),
    ]
    for extra, wanted in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {one}; extra == "{extra}"' for one in wanted]
    return "\n".join([*lines, "", (ROOT / str(project["readme"])).read_text(encoding="utf-8")]).encode()


def _sources() -> Iterator[Path]:
    tops = [top for top in ROOT.iterdir() if not top.name.startswith(NO_SOURCES) or top.name == ".gitignore"]
    yield ROOT / "logs" / ".gitkeep"
    for path in _matching(tuple(f"{top.name}/**/*" if top.is_dir() else top.name for top in tops)):
        mine = ".local." in path.name and path.parent.name == "config"
        if not mine and not any(part.endswith(".egg-info") for part in path.parts):
            yield path


def _matching(patterns: tuple[str, ...]) -> Iterator[Path]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    for path in sorted(found):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _read(path: Path) -> tuple[bytes, bool]:
    return path.read_bytes(), os.access(path, os.X_OK)


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _time() -> int:
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", _EARLIEST)), _EARLIEST)


def _zip_time() -> tuple[int, int, int, int, int, int]:
    moment = datetime.fromtimestamp(_time(), UTC)
    return moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second


if __name__ == "__main__":
    print(build_wheel(sys.argv[2]) if sys.argv[1] == "wheel" else build_sdist(sys.argv[2]))
