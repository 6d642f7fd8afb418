"""What the lock file brings along: a bill of materials, and a look for known vulnerabilities.

    python install/supply.py sbom [FILE]                    CycloneDX JSON of requirements.lock
    python install/supply.py audit                          asks the vulnerability service of PyPI, through pip-audit
    python install/supply.py audit --vulnerabilities FILE   offline: FILE is OSV JSON, one record or a list of them

Both need the tools of the test suite (setup --test).  Exit codes: 0 nothing known, 2 usage, 6 vulnerabilities found.
What could not be looked up is said, package by package where only some could not: "skipped" is no "nothing known".
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
OK, USAGE, PROBLEMS = 0, 2, 6


@dataclass(frozen=True)
class Found:
    """A package of the lock with a known vulnerability."""

    package: str
    version: str
    identity: str
    fixed_in: str

    def __str__(self) -> str:
        cure = f"fixed in {self.fixed_in}" if self.fixed_in else "no version with a fix is known"
        return f"{self.package} {self.version}: {self.identity}, {cure}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Bill of materials and vulnerabilities of requirements.lock.")
    parser.add_argument("--lock", type=Path, default=LOCK, help="another lock file")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("sbom", help="CycloneDX JSON").add_argument("file", type=Path, nargs="?")
    audit = verbs.add_parser("audit", help="known vulnerabilities; exit 6 when there are some")
    audit.add_argument("--vulnerabilities", type=Path, metavar="FILE", help="OSV JSON, in place of the service")
    arguments = parser.parse_args(argv)
    if arguments.verb == "sbom":
        return _sbom(arguments.lock, arguments.file)
    if arguments.vulnerabilities:
        return _audit_by_file(arguments.lock, arguments.vulnerabilities)
    return _audit_by_service(arguments.lock)


def locked(lock: Path) -> dict[str, str]:
    """Package -> version, as the lock pins them."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(name): version for name, version in pins}


def _sbom(lock: Path, target: Path | None) -> int:
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(lock)]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON", "-o"]
    return subprocess.run([*command, str(target or "-")], check=False).returncode


def _audit_by_file(lock: Path, file: Path) -> int:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"error: {file} cannot be read as OSV JSON: {error}", file=sys.stderr)
        return USAGE
    records = document.get("vulns", [document]) if isinstance(document, dict) else document
    if not isinstance(records, list) or not all(map(_is_record, records)):
        print(f"error: {file} is no OSV JSON: one record with 'affected', or a list of them.", file=sys.stderr)
        return USAGE
    return _told(list(_matches(locked(lock), records)), len(locked(lock)), f"{file.name} ({len(records)} records)")


def _is_record(record: Any) -> bool:
    """A look at the shape: what is no record must not come out as "no known vulnerabilities"."""
    return isinstance(record, dict) and "id" in record and isinstance(record.get("affected", []), list)


def _matches(pins: Mapping[str, str], records: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    for record in records:
        for affected in () if record.get("withdrawn") else record.get("affected", ()):
            package = affected.get("package", {})
            name = canonicalize_name(package.get("name", ""))
            version = pins.get(name)
            if version and package.get("ecosystem") == "PyPI" and _is_affected(version, affected):
                yield Found(name, version, str(record.get("id")), ", ".join(_fixes(affected)))


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = [one for one in affected.get("ranges", ()) if one.get("type") == "ECOSYSTEM"]
    return any(_is_within(Version(version), one.get("events", ())) for one in ranges)


def _is_within(version: Version, events: Sequence[Mapping[str, str]]) -> bool:
    """Go through the events in order of their versions: introduced opens, fixed and last_affected close."""
    inside = False
    for moment, kind in sorted((_moment(text), kind) for event in events for kind, text in event.items()):
        if kind == "introduced" and version >= moment:
            inside = True
        elif (kind == "fixed" and version >= moment) or (kind == "last_affected" and version > moment):
            inside = False
    return inside


def _moment(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _fixes(affected: Mapping[str, Any]) -> Iterator[str]:
    for one in affected.get("ranges", ()):
        yield from (event["fixed"] for event in one.get("events", ()) if "fixed" in event)


def _audit_by_service(lock: Path) -> int:
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--require-hashes", "--disable-pip", "--no-deps"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (run.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"skipped: the vulnerability service was not reached ({reason[:200]}). Offline: --vulnerabilities FILE")
        return OK
    unknown = [one for one in packages if "skip_reason" in one]
    if len(unknown) == len(packages):
        print(f"skipped: the service knows none of the packages ({unknown[0]['skip_reason']}).")
        print("Behind a mirror that is to be expected. Offline: --vulnerabilities FILE")
        return OK
    for one in unknown:
        print(f"skipped: {one['name']}: {one['skip_reason']}")
    found = [
        Found(one["name"], one["version"], each["id"], ", ".join(each["fix_versions"]))
        for one in packages
        for each in one.get("vulns", ())
    ]
    return _told(found, len(packages) - len(unknown), "the vulnerability service of PyPI")


def _told(found: Sequence[Found], looked_up: int, source: str) -> int:
    for one in found:
        print(one)
    print(f"{looked_up} packages looked up in {source}: {len(found) or 'no'} known vulnerabilities.")
    return PROBLEMS if found else OK


if __name__ == "__main__":
    sys.exit(main())
