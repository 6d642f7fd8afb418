"""The threats of SECURITY.md: each has tests that exist, and here are those that stand nowhere else."""

from __future__ import annotations

import grp
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts import Account, serving
from desk import Desk
from no_secrets import assert_not_in, assert_nowhere_below, login_secret
from signing_in import key_file, private

ROOT = Path(__file__).resolve().parents[2]
THREATS = (
    "Other users on the host",
    "A configuration that others may write",
    "Hostile file names",
    "Hostile contents of files",
    "Hostile messages of a server",
    "A stolen log or report",
    "Packages and bundles",
)
# Clears the screen, sets the title, goes back to the line's start, and forges a line of ours.
HOSTILE = "No.\x1b[2J\x1b]0;owned\x07\x9b31m\rloaded: 27 rows\nloaded: 27 rows published\u202e"


@pytest.fixture
def account() -> Iterator[Account]:
    with serving() as served:
        yield served


# SECURITY.md itself


def test_every_threat_has_a_row_and_every_test_that_is_named_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    named = {cells[1].strip(): re.findall(r"`(tests/[^`]+)::([^`]+)`", "|".join(cells[3:])) for cells in rows}
    assert set(THREATS) <= set(named)
    for threat in THREATS:
        assert named[threat], f"'{threat}' names no test"
        for path, name in named[threat]:
            source = (ROOT / path).read_text(encoding="utf-8")
            wanted = f'@test "{name}' if path.endswith(".bats") else f"def {name}("
            assert wanted in source, f"{path} has no {name}"


# A configuration that others may write


def group_of_several() -> int | None:
    """A group that is not this user's private one and that files may be given to."""
    mine = [one for one in {os.getegid(), *os.getgroups()} if grp.getgrgid(one).gr_name != os.environ.get("USER", "")]
    if os.geteuid() == 0:
        return next(one.gr_gid for one in grp.getgrall() if one.gr_name != "root")
    return next((one for one in mine if one != os.getegid()), None)


def test_a_configuration_that_everybody_may_change_is_refused_with_the_chmod_line(desk: Desk) -> None:
    config = desk.config
    config.chmod(0o646)
    answer = desk.run("load", "--month", "2024-01", "--config", str(config))
    assert answer.code == 3
    assert f"Everybody on this host may change {config} (mode 0646)" in answer.err
    assert f"chmod o-w {config}" in answer.err
    config.chmod(0o644)
    assert "Everybody" not in desk.run("config", "validate", "--config", str(config)).err


def test_so_is_one_that_it_extends_and_one_in_a_folder_that_is_open_to_all(desk: Desk, tmp_path: Path) -> None:
    base = desk.config
    above = tmp_path / "above.json"
    above.write_text(json.dumps({"extends": str(base)}))
    base.chmod(0o666)
    answer = desk.run("config", "validate", "--config", str(above))
    assert answer.code == 3
    assert f"may change {base}" in answer.out + answer.err
    base.chmod(0o644)
    folder = tmp_path / "open"
    folder.mkdir()
    config = folder / "c.json"
    config.write_text(base.read_text())
    folder.chmod(0o777)
    answer = desk.run("load", "--month", "2024-01", "--config", str(config))
    assert answer.code == 3
    assert f"may replace {config}" in answer.err
    assert f"chmod o-w {folder}" in answer.err
    folder.chmod(0o1777)
    assert "may replace" not in desk.run("config", "target", "--config", str(config)).err


def test_one_that_a_group_may_change_is_warned_of_with_the_chmod_line(desk: Desk) -> None:
    group = group_of_several()
    if group is None:
        pytest.skip("this user is in no group but the own one")
    config = desk.config
    os.chown(config, -1, group)
    config.chmod(0o664)
    answer = desk.run("doctor", "--config", str(config))
    said = answer.out + answer.err
    assert f"{config} may be changed by its group (mode 0664)" in said
    assert f"chmod g-w {config}" in said
    config.chmod(0o640)
    answer = desk.run("doctor", "--config", str(config))
    assert "by its group" not in answer.out + answer.err


# Hostile messages of a server


def test_what_a_server_says_changes_no_terminal_forges_no_line_and_leaves_no_codes_in_logs(
    own_desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.code, account.message = "390144", HOSTILE
    here = {"account": "acme", "user": "me", "host": "127.0.0.1", "port": account.port, "protocol": "http"}
    here |= {
        "login_timeout": 5,
        "database": "D",
        "schema": "PUBLIC",
        "private_key_file": str(key_file(own_desk.folder)),
    }
    own_desk.month("2024-01-01", "2024-01-02")
    config = own_desk.folder / "account.json"
    private(config, json.dumps({**json.loads(own_desk.config.read_text()), "snowflake": here}))
    job = own_desk.folder / "job"
    job.mkdir()
    monkeypatch.setenv("ETL_JOB_DIR", str(job))
    for words in (("load", "--month", "2024-01"), ("doctor",), ("validate", "--month", "2024-01"), ("stage", "list")):
        answer = own_desk.run(*words, "--config", str(config), "--verbose")
        said = answer.out + answer.err
        assert answer.code not in (0, 1), said
        assert "No." in said
        assert not re.search(r"[^\n\t -~]", said), words
        assert not [line for line in said.splitlines() if line.startswith("loaded:")], words
    assert account.logins
    for path in own_desk.state.rglob("*.log"):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", path.read_text(encoding="utf-8")), path


# Hostile contents of files


def test_values_that_are_quoted_in_an_error_are_text(desk: Desk) -> None:
    desk.file("t_20240101-20240101.tsv", ["20240101\t\x1b[2J\x9b31mx\t'; DROP TABLE T; --"])
    answer = desk.load("--month", "2024-01")
    assert answer.code == 6
    said = answer.out + answer.err
    assert "ID" in said
    assert not re.search(r"[^\n\t -~]", said)


# A stolen log or report


def test_logs_and_reports_hold_no_secret_and_no_rows(own_desk: Desk, tmp_path: Path) -> None:
    own_desk.file("t_20240101-20240102.tsv", [f"2024010{day}\t{day}\trow-of-{day}" for day in (1, 2)])
    assert own_desk.load("--month", "2024-01", "--verbose").code == 0
    secrets = [*login_secret(own_desk.state), "row-of-1", "row-of-2"]
    assert len(secrets) == 3
    for form in ("text", "json", "csv", "xlsx", "html"):
        target = tmp_path / f"report.{form}"
        answer = own_desk.run(
            "report", "--config", str(own_desk.config), "--format", form, "--output", str(target), "--verbose"
        )
        assert answer.code in (0, 6), answer.err
        content = target.read_bytes()
        if form == "xlsx":
            with zipfile.ZipFile(target) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        assert_not_in(content.decode("utf-8", "replace"), secrets, target.name)
        assert_not_in(answer.out + answer.err, secrets, f"what the report says ({form})")
    assert assert_nowhere_below(own_desk.state, secrets) > 0
