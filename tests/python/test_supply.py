"""The lock, the bill of materials and the look for vulnerabilities; nothing here needs a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def supply(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "install" / "supply.py"), *words]
    return subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True, check=False)


def record(name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": f"TEST-{name}", "affected": [affected], **more}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text("one==1.5 \\\n    --hash=sha256:aa\nTwo.Words==2.10 ; python_version > '3'\n")
    return path


def audit(lock: Path, *records: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    file = lock.with_name("osv.json")
    file.write_text(json.dumps(list(records)))
    return supply("--lock", str(lock), "audit", "--vulnerabilities", str(file))


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_every_package_of_a_lock_is_pinned_and_has_its_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text(encoding="utf-8").strip())
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_has_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-test.lock", project["optional-dependencies"]["test"]),
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        for one in wanted:
            package = re.split(r"[\[<>=]", one)[0]
            assert re.search(rf"^{re.escape(package)}(\[[^]]+\])?==", text, re.M), f"{name} lacks {package}"


def test_the_bill_of_materials_names_all_of_the_lock_with_hashes(tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    made = supply("sbom", str(target))
    assert made.returncode == 0, made.stderr
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "snowflake-etl"
    pins = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]+\])?==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.M)
    assert {(one["name"], one["version"]) for one in document["components"]} == set(pins)
    assert all(one["externalReferences"][0]["hashes"] for one in document["components"])


def test_a_vulnerable_version_is_found_and_the_fix_is_named(lock: Path) -> None:
    found = audit(lock, record("one", {"introduced": "0"}, {"fixed": "1.6"}))
    assert found.returncode == 6
    assert found.stdout.splitlines()[0] == "one 1.5: TEST-one, fixed in 1.6"
    assert found.stdout.splitlines()[-1].startswith("2 packages looked up in osv.json (1 records): 1 known")


@pytest.mark.parametrize(
    ("name", "events", "affected"),
    [
        ("one", ({"introduced": "0"}, {"fixed": "1.5"}), False),
        ("one", ({"introduced": "1.6"},), False),
        ("one", ({"introduced": "0"}, {"last_affected": "1.5"}), True),
        ("one", ({"introduced": "0"}, {"last_affected": "1.4"}), False),
        ("one", ({"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "1.4"}, {"fixed": "1.9"}), True),
        ("two_words", ({"introduced": "2.9"}, {"fixed": "2.11"}), True),
        ("three", ({"introduced": "0"},), False),
    ],
)
def test_the_range_decides(lock: Path, name: str, events: tuple[dict[str, str], ...], affected: bool) -> None:
    assert audit(lock, record(name, *events)).returncode == (6 if affected else 0)


def test_what_was_withdrawn_or_is_of_another_ecosystem_is_none(lock: Path) -> None:
    other = record("one", {"introduced": "0"})
    other["affected"][0]["package"]["ecosystem"] = "npm"
    answer = audit(lock, other, record("one", {"introduced": "0"}, withdrawn="2024-01-01T00:00:00Z"))
    assert answer.returncode == 0
    assert answer.stdout.endswith("no known vulnerabilities.\n")


def test_a_listed_version_is_found_without_a_range(lock: Path) -> None:
    listed = record("one")
    listed["affected"][0]["versions"] = ["1.4", "1.5"]
    assert audit(lock, listed).returncode == 6


def test_a_file_that_is_no_json_is_a_usage_error(lock: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text("{")
    answer = supply("--lock", str(lock), "audit", "--vulnerabilities", str(file))
    assert answer.returncode == 2
    assert "cannot be read as OSV JSON" in answer.stderr


@pytest.mark.parametrize("text", ["{}", "null", "[1]", '{"vulns": null}', '[{"id": "X", "affected": null}]'])
def test_json_that_is_no_osv_is_not_nothing_known(lock: Path, text: str) -> None:
    file = lock.with_name("osv.json")
    file.write_text(text)
    answer = supply("--lock", str(lock), "audit", "--vulnerabilities", str(file))
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "is no OSV JSON: one record with 'affected', or a list of them." in answer.stderr


def test_without_the_service_the_look_is_said_to_be_skipped_and_why(lock: Path) -> None:
    lock.write_text(f"one==1.5 \\\n    --hash=sha256:{'0' * 64}\n")
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    answer = supply("--lock", str(lock), "audit", **nowhere, https_proxy="http://127.0.0.1:9")
    assert answer.returncode == 0
    assert answer.stdout.startswith("skipped: ")
    assert "Offline: --vulnerabilities FILE" in answer.stdout
    assert "looked up" not in answer.stdout
