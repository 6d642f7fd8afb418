"""``schedule``: what it prints starts the command that was meant, as cron and systemd read it; it installs nothing."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from desk import ROOT, Desk
from snowflake_etl.config import places
from snowflake_etl.operations.schedule import Plan, cron_lines, systemd_service, systemd_timer, times

SCRIPT = str(ROOT / "snowflake_etl.sh")


def plan_of(*words: str, folder: Path | None = None, **environment: str) -> Plan:
    return Plan("sales", ["/opt/etl", *words], environment, times("hour", None, 1), Path("/state/sales.json"), folder)


def command_of(text: str) -> list[str]:
    """The words that cron's shell gets from the one line that is no comment."""
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    return shlex.split(line.split(maxsplit=5)[5].replace("\\%", "%"))


@pytest.mark.parametrize(
    ("every", "at", "day", "cron", "systemd"),
    [
        ("hour", None, 1, "17 * * * *", "*-*-* *:17:00"),
        ("hour", "5", 1, "5 * * * *", "*-*-* *:05:00"),
        ("day", None, 1, "17 6 * * *", "*-*-* 06:17:00"),
        ("weekday", "07:05", 1, "5 7 * * 1-5", "Mon..Fri *-*-* 07:05:00"),
        ("month", "23:59", 3, "59 23 3 * *", "*-*-03 23:59:00"),
    ],
)
def test_times(every: str, at: str | None, day: int, cron: str, systemd: str) -> None:
    when = times(every, at, day)
    assert (when.of_cron, when.of_systemd) == (cron, systemd)
    if shutil.which("systemd-analyze"):
        run = subprocess.run(["systemd-analyze", "calendar", systemd], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr


def test_cron_gets_every_word_back_whatever_is_in_it(tmp_path: Path) -> None:
    words = ("load", "--file", "a b/100%'s.tsv", "--set", 'x="$HOME"')
    command = command_of(cron_lines(plan_of(*words, ETL_STATE_DIR="/st ate")))
    assert command == ["ETL_STATE_DIR=/st ate", "/opt/etl", *words, "--quiet", "--scheduled", "sales"]
    there = cron_lines(plan_of("load", folder=Path("/da ta")))
    assert command_of(there)[:3] == ["cd", "/da ta", "&&"]
    assert "100\\%" in cron_lines(plan_of(*words))


def test_systemd_reads_specifiers_variables_and_quotes_as_they_were_meant() -> None:
    service = systemd_service(plan_of("load", "--file", "100% of $A\\B.tsv", ETL_STATE_DIR="/st%ate $x"), "etl")
    lines = service.splitlines()
    assert 'ExecStart=/opt/etl load --file "100%% of $$A\\\\B.tsv" --scheduled sales' in lines
    assert 'Environment="ETL_STATE_DIR=/st%%ate $x"' in lines
    assert "User=etl" in lines and "After=network-online.target" in lines
    own = systemd_service(plan_of("load"), None)
    assert "User=" not in own and "network-online" not in own
    assert "Persistent=true" in systemd_timer(plan_of("load")).splitlines()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    plan = plan_of("load", "--file", "a b.tsv", folder=tmp_path, ETL_STATE_DIR="/st ate")
    plan = Plan(plan.name, ["/bin/true", *plan.words[1:]], plan.environment, plan.times, plan.heartbeat, plan.folder)
    (tmp_path / "sales.service").write_text(systemd_service(plan, "root"))
    (tmp_path / "sales.timer").write_text(systemd_timer(plan))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "sales.timer"), str(tmp_path / "sales.service")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "sales." not in run.stderr, run.stderr


def test_a_crontab_line_with_the_configuration_in_use(nobody_home: Desk) -> None:
    answer = nobody_home.run("schedule", "cron", "--config", str(nobody_home.config))
    assert answer.code == 0, answer.err
    load = ["load", "--month", "last", "--if-missing", "--config", str(nobody_home.config)]
    state = f"ETL_STATE_DIR={nobody_home.state}"
    assert command_of(answer.out) == [state, SCRIPT, *load, "--quiet", "--scheduled", "load-config-hour"]
    assert not (nobody_home.state / "schedules" / "load-config-hour.json").exists()
    assert all(len(line) <= 80 for line in answer.out.splitlines() if line.startswith("#   "))


def test_two_configurations_and_environments_have_names_of_their_own(
    nobody_home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b"):
        nobody_home.folder.joinpath(folder).mkdir()
    first, second = nobody_home.folder / "a" / "sales of acme.json", nobody_home.folder / "b" / "stock.json"
    for path in (first, second):
        path.write_text(nobody_home.config.read_text())
    monkeypatch.setenv("ETL_ENVIRONMENT", "prod")
    lines = [command_of(nobody_home.run("schedule", "cron", "--config", str(path)).out) for path in (first, second)]
    assert [line[-1] for line in lines] == ["load-sales-of-acme-prod-hour", "load-stock-prod-hour"]
    # Said by a variable of this shell alone, cron would load into the default one.
    assert all(line[line.index("--environment") + 1] == "prod" for line in lines)
    report = nobody_home.run("schedule", "cron", "--config", str(second), "--command", "report --month last")
    assert command_of(report.out)[2:6] == ["report", "--month", "last", "--config"]


def test_variables_that_cron_does_not_have_are_named(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = nobody_home.folder / "sales.json"
    path.write_text(
        nobody_home.config.read_text().replace('"table_name"', '"null_values": ["${SALES_NULL}"], "table_name"')
    )
    monkeypatch.setenv("SALES_NULL", "-")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy:3128")
    monkeypatch.setenv("ETL_LOAD_WORKERS", "2")
    answer = nobody_home.run("schedule", "cron", "--config", str(path))
    assert "# Set here and not there; write NAME=VALUE above the line:\n#   HTTPS_PROXY\n" in answer.out
    assert "#   ETL_LOAD_WORKERS\n" in answer.out and "#   SALES_NULL\n" in answer.out
    assert "secret" not in answer.out
    assert "Environment= lines" in nobody_home.run("schedule", "systemd", "--config", str(path)).out


def test_what_a_bundle_installed_is_started_by_a_name_that_outlives_its_version(
    nobody_home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, commands = nobody_home.folder / "share", nobody_home.folder / "bin"
    ours = share / "versions" / "1.0" / "bin" / "snowflake-etl"
    for path in (ours, share / "versions" / "0.9" / "bin" / "snowflake-etl"):
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    commands.mkdir()
    monkeypatch.setattr(places, "is_checkout", lambda: False)
    monkeypatch.setattr("sys.executable", str(ours.with_name("python")))
    monkeypatch.setenv("PATH", str(commands))

    def program() -> str:
        return command_of(nobody_home.run("schedule", "cron", "--config", str(nobody_home.config)).out)[1]

    assert program() == str(ours), "there is nothing else"
    (share / "current").symlink_to("versions/1.0")
    assert program() == str(share / "current" / "bin" / "snowflake-etl")
    (commands / "snowflake-etl").symlink_to(share / "current" / "bin" / "snowflake-etl")
    assert program() == str(commands / "snowflake-etl")
    (share / "current").unlink()
    (share / "current").symlink_to("versions/0.9")
    assert program() == str(ours), "of another version in use we are not the one that was asked"


def test_units_are_written_where_it_was_said_and_over_nothing_else(nobody_home: Desk) -> None:
    folder = nobody_home.folder / "units"
    folder.mkdir()
    words = ("schedule", "systemd", "--config", str(nobody_home.config), "--name", "sales", "--to", str(folder))
    answer = nobody_home.run(*words)
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in folder.iterdir()) == ["sales.service", "sales.timer"]
    assert f"cp {folder}/sales.service {folder}/sales.timer ~/.config/systemd/user/" in answer.out
    assert nobody_home.run(*words).code == 0, "the same again is no conflict"
    other = nobody_home.run(*words, "--every", "day")
    assert other.code == 7
    assert "is there and says something else. Remove it, or choose another --name." in other.err
    assert "OnCalendar=*-*-* *:17:00" in (folder / "sales.timer").read_text()


def test_relative_paths_are_meant_from_here(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(nobody_home.folder)
    command = "check-file --file files/a.tsv --config config.json"
    assert f"cd {nobody_home.folder} && " in nobody_home.run("schedule", "cron", "--command", command).out
    absolute = f"load --month last --config {nobody_home.config}"
    assert "cd " not in nobody_home.run("schedule", "cron", "--command", absolute).out
    assert "--config" not in nobody_home.run("schedule", "cron", "--command", "local status --json").out.split("#")[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cron", "--command", "laod --month last"), "begins with a verb, not 'laod'. Did you mean 'load'?"),
        (("cron", "--command", ""), "begins with a verb"),
        (("cron", "--command", "load --mont last"), "Unrecognized arguments: --mont last. Did you mean '--month'?"),
        (("cron", "--command", "load 'x"), "--command cannot be read"),
        (("cron", "--command", "load --scheduled x"), "Say the name with --name."),
        (("cron", "--at", "25:00", "--every", "day"), "--at takes HH:MM with --every day, not '25:00'."),
        (("cron", "--at", "6:00"), "--at takes a minute from 0 to 59 with --every hour, not '6:00'."),
        (("cron", "--every", "month", "--day", "31"), "--day takes 1 to 28"),
        (("cron", "--day", "3"), "--day goes with --every month only."),
        (("cron", "--system"), "--system goes with systemd only."),
        (("cron", "--name", "a/b"), "'a/b' cannot be the name of a scheduled run."),
        (("cron", "--to", "/nowhere/at/all"), "/nowhere/at/all is not a folder."),
    ],
)
def test_what_cannot_be_meant(nobody_home: Desk, words: tuple[str, ...], sentence: str) -> None:
    answer = nobody_home.run("schedule", *words)
    assert answer.code == 2
    assert sentence in answer.err
