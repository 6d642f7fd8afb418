"""Wheel and sdist: what is in them, that they are made without a network, and that the menu runs from the wheel."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from snowflake_etl import __version__

ROOT = Path(__file__).resolve().parents[2]
START = "import sys; from snowflake_etl.cli.entry import main; sys.exit(main())"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with sdist and the wheel made from it; every way to a package index is blocked."""
    folder = tmp_path_factory.mktemp("dist")
    blocked = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INDEX": "1", "HTTPS_PROXY": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    made = subprocess.run(command, env={**os.environ, **blocked}, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip lays it out, without a second set of libraries."""
    folder = tmp_path_factory.mktemp("site packages")
    with zipfile.ZipFile(built / f"snowflake_etl-{__version__}-py3-none-any.whl") as archive:
        for entry in archive.infolist():
            Path(archive.extract(entry, folder)).chmod(entry.external_attr >> 16 & 0o777)
    return folder


def installed(site: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``snowflake-etl WORDS`` of the unpacked wheel, for an operator with a new home."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("ETL_", "XDG_"))}
    surroundings: Mapping[str, str] = {**kept, "PYTHONPATH": str(site), "HOME": str(home), **more}
    command = [sys.executable, "-c", START, *words]
    return subprocess.run(
        command, env=surroundings, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_wheel_has_its_menu_libraries_scripts_and_samples_and_a_true_record(built: Path) -> None:
    with zipfile.ZipFile(built / f"snowflake_etl-{__version__}-py3-none-any.whl") as archive:
        names = set(archive.namelist())
        record = archive.read(f"snowflake_etl-{__version__}.dist-info/RECORD").decode().splitlines()
        for name, digest, size in (line.rsplit(",", 2) for line in record[:-1]):
            content = archive.read(name)
            assert digest == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert int(size) == len(content)
    wanted = [path for folder in ("lib", "samples") for path in (ROOT / folder).rglob("*") if path.is_file()]
    wanted += [*(ROOT / "python").glob("*.py"), ROOT / "config" / "example.json", ROOT / "snowflake_etl.sh"]
    assert {f"snowflake_etl/home/{path.relative_to(ROOT).as_posix()}" for path in wanted} <= names
    modules = (ROOT / "python" / "snowflake_etl").rglob("*")
    assert {
        path.relative_to(ROOT / "python").as_posix() for path in modules if path.suffix in (".py", ".html")
    } <= names
    assert not [name for name in names if "__pycache__" in name or "tests/" in name]
    shared = {name.split(".data/data/")[1] for name in names if ".data/data/" in name}
    assert {"share/bash-completion/completions/snowflake-etl", "share/man/man1/snowflake-etl-load.1"} <= shared


def test_the_sdist_has_all_that_the_wheel_is_made_from_and_the_tests(built: Path) -> None:
    with tarfile.open(built / f"snowflake_etl-{__version__}.tar.gz") as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    assert {"PKG-INFO", "run_all_tests.sh", "install/install.sh"} <= names
    assert not {name for name in tracked if (ROOT / name).exists()} - names
    assert not [name for name in names if name.startswith(("logs/jobs", ".venv", ".git/")) or "__pycache__" in name]


def test_the_same_sources_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "install" / "build_backend.py"), "wheel", str(tmp_path)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert (tmp_path / name).read_bytes() == (built / name).read_bytes()


def test_without_arguments_the_installed_command_opens_the_menu(site: Path, tmp_path: Path) -> None:
    answer = installed(site, tmp_path, ETL_UI="plain")
    assert "Main menu" in answer.stdout + answer.stderr
    assert "config: example.json" in answer.stdout + answer.stderr
    assert answer.returncode == 0
    state = tmp_path / ".local" / "state" / "snowflake_etl"
    assert (state / "version").read_text() == "1\n"
    assert state.stat().st_mode & 0o777 == 0o700


def test_the_installed_command_is_called_by_its_name_everywhere(site: Path, tmp_path: Path) -> None:
    assert installed(site, tmp_path, "--version").stdout == f"snowflake_etl {__version__}\n"
    text = installed(site, tmp_path, "--help").stdout
    assert text.splitlines()[2].startswith("usage: snowflake-etl ")
    assert "snowflake_etl.sh" not in text
    assert installed(site, tmp_path, "load", "--help").stdout.startswith("usage: snowflake-etl load ")
    wrong = installed(site, tmp_path, "laod")
    assert wrong.returncode == 2
    assert "See: snowflake-etl --help" in wrong.stderr


def test_a_reader_that_leaves_early_is_no_error(site: Path, tmp_path: Path) -> None:
    words = ["bash", "-c", '"$@" | :', "_", sys.executable, "-c", START, "--help"]
    surroundings = {**os.environ, "PYTHONPATH": str(site), "HOME": str(tmp_path)}
    answer = subprocess.run(words, env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.stderr == ""


def test_an_installed_package_makes_no_environment_of_its_own(site: Path, tmp_path: Path) -> None:
    check = installed(site, tmp_path, "setup", "--check")
    assert check.returncode == 0
    assert check.stdout.startswith("Installed package: Python 3.")
    rebuild = installed(site, tmp_path, "setup", "--rebuild")
    assert rebuild.returncode == 7
    assert rebuild.stderr.startswith("This is an installed package")
    assert not list(site.rglob(".venv"))


def test_jobs_run_from_the_installed_package(site: Path, tmp_path: Path) -> None:
    started = installed(site, tmp_path, "config", "target", "--background")
    assert started.returncode == 0, started.stderr
    job = started.stdout.strip()
    assert f"snowflake-etl jobs follow {job}" in started.stderr
    assert installed(site, tmp_path, "jobs", "wait", job).returncode == 0
    assert "local" in installed(site, tmp_path, "jobs", "log", job).stdout


def test_the_operators_own_configurations_outlive_every_version(site: Path, tmp_path: Path) -> None:
    own = tmp_path / ".config" / "snowflake_etl"
    own.mkdir(parents=True)
    (own / "mine.json").write_text((ROOT / "config" / "example.json").read_text())
    listing = (
        'for n in core colors settings setup jobs actions; do source "$ETL_ROOT/lib/$n.sh"; done; core_init;'
        'actions_config_list; for c in "${ACTIONS_CONFIGS[@]}"; do actions_config_short "$c"; echo "$REPLY"; done'
    )
    home = {"HOME": str(tmp_path), "ETL_ROOT": str(site / "snowflake_etl" / "home"), "PATH": os.environ["PATH"]}
    shown = subprocess.run(["bash", "-c", listing], env=home, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == ["example.json", "mine.json"]
