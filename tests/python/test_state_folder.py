"""The state folder: whose it is, its version, and that Python and bash decide alike."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from desk import Desk
from snowflake_etl.config import places, state
from snowflake_etl.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def by_bash(folder: Path) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "ETL_STATE_DIR": str(folder)}
    command = ["bash", "-c", f'source "{ROOT}/lib/core.sh" && core_init']
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


def test_bash_and_python_know_the_same_version() -> None:
    text = (ROOT / "lib" / "core.sh").read_text(encoding="utf-8")
    assert re.findall(r"^ETL_STATE_VERSION=(\d+)", text, re.M) == [str(state.VERSION)]
    steps = re.findall(r"^_core_state_to_(\d+)\(\)", (ROOT / "lib" / "core_state.sh").read_text(encoding="utf-8"), re.M)
    assert [int(step) for step in steps] == list(range(1, state.VERSION + 1))


def test_a_new_folder_is_private_and_of_this_version(tmp_path: Path) -> None:
    folder = places.state_directory({"ETL_STATE_DIR": str(tmp_path / "a" / "state")})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "version").read_text() == f"{state.VERSION}\n"
    other = tmp_path / "b"
    assert by_bash(other).returncode == 0
    assert (other / "version").read_text() == (folder / "version").read_text()


def test_a_folder_that_cannot_be_made_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        ConfigError, match=r"state folder .*file/x cannot be made: Not a directory\. Set ETL_STATE_DIR to"
    ):
        places.state_directory({"ETL_STATE_DIR": str(tmp_path / "file" / "x")})


@pytest.mark.parametrize("opened_by", ["python", "bash"])
def test_an_upgrade_keeps_everything_and_takes_away_what_only_the_old_one_needed(
    tmp_path: Path, opened_by: str
) -> None:
    folder = tmp_path / "state"
    (folder / "jobs" / "20240101-000000-load-1").mkdir(parents=True)
    (folder / "preferences").mkdir()
    (folder / "preferences" / "qc").write_text("file\n")
    (folder / ".private").touch()
    folder.chmod(0o755)
    if opened_by == "python":
        places.state_directory({"ETL_STATE_DIR": str(folder)})
    else:
        assert by_bash(folder).returncode == 0
    assert (folder / "version").read_text() == f"{state.VERSION}\n"
    assert not (folder / ".private").exists()
    assert (folder / "jobs" / "20240101-000000-load-1").is_dir()
    assert (folder / "preferences" / "qc").read_text() == "file\n"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_upgrade_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / ".version.lock").touch()
    (folder / ".version.4711").write_text("1")
    (folder / "version").write_text("")
    assert by_bash(folder).returncode == 0
    assert (folder / "version").read_text() == f"{state.VERSION}\n"


def test_state_of_a_newer_version_is_left_alone_and_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    (folder / "version").write_text(f"{state.VERSION + 1}\n")
    with pytest.raises(ConfigError) as refused:
        places.state_directory({"ETL_STATE_DIR": str(folder)})
    answer = by_bash(folder)
    assert answer.returncode == 3
    assert answer.stderr.strip() == str(refused.value)
    assert f"state {state.VERSION + 1}, this one knows {state.VERSION}" in answer.stderr
    assert (folder / "version").read_text() == f"{state.VERSION + 1}\n"


def test_a_folder_that_everybody_writes_to_is_refused_by_both(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    with pytest.raises(ConfigError) as refused:
        places.state_directory({"ETL_STATE_DIR": str(folder)})
    answer = by_bash(folder)
    assert answer.returncode == 3
    assert answer.stderr.strip() == str(refused.value)
    assert folder.stat().st_mode & 0o7777 == 0o1777


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="is shared with other users"):
        places.state_directory({"ETL_STATE_DIR": str(folder)})


def test_operators_who_share_a_checkout_have_state_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "logs").mkdir(parents=True)
    (checkout / "snowflake_etl.sh").touch()
    monkeypatch.setattr(places, "CHECKOUT", checkout)
    environment = {"XDG_STATE_HOME": str(tmp_path / "home")}
    assert places.state_directory(environment) == checkout / "logs"
    owner = checkout.stat().st_uid
    monkeypatch.setattr(places, "_is_ours", lambda logs: logs.stat().st_uid == owner + 1)
    assert places.state_directory(environment) == tmp_path / "home" / "snowflake_etl"


def test_operators_with_state_of_their_own_share_the_ledger(own_desk: Desk, tmp_path: Path) -> None:
    own_desk.month("2024-01-01", "2024-01-02")
    assert own_desk.load("--month", "2024-01").code == 0
    colleague = Desk(tmp_path / "colleague", tmp_path / "state of a colleague", own_desk.database)
    colleague.month("2024-01-01", "2024-01-02")
    # The embedded warehouse belongs to one state folder; here it stands for the account that both have.
    colleague.state.mkdir()
    (colleague.state / "local-warehouse").symlink_to(own_desk.state / "local-warehouse")
    refused = colleague.load("--month", "2024-01")
    assert refused.code == 7, refused.err
    assert "already" in refused.out + refused.err
    assert colleague.run("history", "--table", "T").out.count("refused") == 1
    assert "refused" not in own_desk.run("history", "--table", "T").out
    assert own_desk.count() == 20


def readable_by_others(folder: Path) -> list[str]:
    """Files and folders that group or world may look into, the folder itself among them."""
    found = [folder, *folder.rglob("*")]
    return sorted(
        f"{stat.S_IMODE(path.lstat().st_mode):o} {path.relative_to(folder)}"
        for path in found
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    )


def test_whatever_a_run_a_job_a_report_or_a_notice_leaves_is_its_owners_alone(own_desk: Desk) -> None:
    targets = [{"url": "json://127.0.0.1:1/x", "on": ["success", "failure", "problems", "refused"]}]
    own_desk.sections = {"notify": {"targets": targets}, "logs": {"format": "json"}}
    for month in ("2024-01", "2024-02", "2024-03"):
        own_desk.month(f"{month}-01", f"{month}-03")
    surroundings = {**os.environ, "ETL_STATE_DIR": str(own_desk.state), "ETL_CONFIG": str(own_desk.config)}

    def run(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [str(ROOT / "snowflake_etl.sh"), *words],
            env=surroundings,
            cwd=own_desk.folder,
            umask=0o022,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    config = ("--config", str(own_desk.config))
    run("load", "--month", "2024-01..2024-02", "--scheduled", "nightly", *config)
    run("load", "--month", "2024-03", "--background", *config)
    run("jobs", "wait", "last")
    run("report", "--background", *config)
    run("jobs", "wait", "last", code=6)
    run("jobs", "list")
    run("report", "--output", "report.html", "--format", "html", *config, code=6)
    run("notify", "list", *config)
    run("jobs", "rerun", "last")
    run("jobs", "wait", "last", code=6)
    run("jobs", "prune", "--older-than", "0")
    run("load", "--month", "2024-03", "--background", *config)
    run("jobs", "wait", "last", code=7)
    assert list((own_desk.state / "notices" / "pending").glob("*.json")), "a notice waits"
    assert list((own_desk.state / "jobs").glob("[0-9]*/result.json")), "a job has left its result"
    assert readable_by_others(own_desk.state) == []


def test_what_a_job_writes_for_its_operator_is_as_open_as_in_the_foreground(tmp_path: Path) -> None:
    job = (
        'source "$1/lib/core.sh"; ETL_ROOT=$1 core_init; for name in settings jobs; do source "$1/lib/$name.sh"; done;'
    )
    job += ' jobs_start load "A job" sh -c "umask; : >made"; id=$REPLY; jobs_wait $id; jobs_log_path $id; cat "$REPLY"'
    surroundings = {**os.environ, "ETL_STATE_DIR": str(tmp_path / "state"), "ETL_ROOT": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", job, "bash", str(ROOT)],
        env=surroundings,
        cwd=tmp_path,
        umask=0o027,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "\n0027\n" in done.stdout, (done.stdout, done.stderr)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o640
    assert readable_by_others(tmp_path / "state") == []
