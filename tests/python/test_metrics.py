"""``metrics``: what a monitor reads is true, whole, and in Prometheus' format."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from desk import Desk, days_between, rows_for
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.history.schedule_record import ScheduleRecords
from snowflake_etl.operations.metrics import local_metrics
from snowflake_etl.reports.metrics_text import metrics_text
from snowflake_etl.results_metrics import Metric, Sample

LABEL = r'[a-z]+="(?:[^"\\\n]|\\[\\n"])*"'
LINE = re.compile(rf"(?P<name>[a-z_]+)(?:\{{(?P<labels>{LABEL}(?:,{LABEL})*)\}})? (?P<value>-?[0-9.e+]+)")


def parsed(text: str) -> dict[tuple[str, str], float]:
    """(name, labels) -> value; every line is one of the format's."""
    assert text.endswith("\n")
    values = {}
    told: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            told.append(line.split()[2])
            assert line.endswith(" gauge")
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            assert match, line
            assert match["name"] == told[-1]
            assert (match["name"], match["labels"] or "") not in values
            values[match["name"], match["labels"] or ""] = float(match["value"])
    assert len(told) == len(set(told))
    return values


def ended(records: RunRecords, run_id: str, status: str, **published: object) -> None:
    with records.begin(run_id, "T", "2024-01", "append", "[]", "acme/DB.ETL_WORK") as run:
        if published:
            run.step("published", **published)
        run.end(status, "")


def test_the_format_escapes_what_names_can_hold() -> None:
    labels = {"table": 'A"B\\C\nD\x1b[31m', "target": "t"}
    text = metrics_text([Metric("rows", "How\nmany \\", (Sample(1234567890123.0, labels),)), Metric("none", "No", ())])
    assert text == (
        "# HELP snowflake_etl_rows How\\nmany \\\\\n"
        "# TYPE snowflake_etl_rows gauge\n"
        'snowflake_etl_rows{table="A\\"B\\\\C\\nD?[31m",target="t"} 1234567890123\n'
    )


def test_runs_jobs_and_schedules_of_a_state_folder(tmp_path: Path) -> None:
    records = RunRecords(tmp_path)
    ended(records, "1", "loaded", rows=100, last_day="2024-01-31")
    ended(records, "2", "loaded", rows=70, last_day="2023-12-31")
    ended(records, "3", "failed")
    ended(records, "4", "superseded")
    for number, (name, text) in enumerate([("exit_code", "0\n"), ("exit_code", "5\n"), ("exit_code", "6\n")]):
        folder = tmp_path / "jobs" / f"20240101-00000{number}-load-1"
        folder.mkdir(parents=True)
        (folder / name).write_text(text)
    schedules = ScheduleRecords(tmp_path)
    with schedules.alone("nightly"):
        schedules.begin("nightly", "load")
        schedules.end("nightly", 0)
    with schedules.alone("hourly"):
        schedules.begin("hourly", "load")
        running = parsed(metrics_text(local_metrics(tmp_path, date(2024, 2, 10))))
    values = parsed(metrics_text(local_metrics(tmp_path, date(2024, 2, 10))))
    own = 'target="acme/DB.ETL_WORK",table="T"'
    assert values["snowflake_etl_last_success_rows", own] == 70
    assert values["snowflake_etl_data_age_days", own] == 10, "by the newest day of all loads, not of the last"
    assert values["snowflake_etl_newest_day_timestamp_seconds", own] == 1706659200
    results = {labels: value for (name, labels), value in values.items() if name == "snowflake_etl_last_run_result"}
    assert [labels for labels, value in results.items() if value] == [f'{own},result="failed"']
    assert len(results) == 6
    assert values["snowflake_etl_last_success_timestamp_seconds", own] > 1.7e9
    jobs = {labels: value for (name, labels), value in values.items() if name == "snowflake_etl_jobs"}
    assert {labels for labels, value in jobs.items() if value == 1} == {
        'state="done"',
        'state="failed"',
        'state="problems"',
    }
    assert len(jobs) == 9
    assert running["snowflake_etl_schedule_running", 'schedule="hourly"'] == 1
    assert running["snowflake_etl_schedule_interrupted", 'schedule="hourly"'] == 0
    assert values["snowflake_etl_schedule_running", 'schedule="hourly"'] == 0
    assert values["snowflake_etl_schedule_interrupted", 'schedule="hourly"'] == 1
    assert values["snowflake_etl_schedule_last_exit_code", 'schedule="nightly"'] == 0
    assert ("snowflake_etl_schedule_last_exit_code", 'schedule="hourly"') not in values


def test_an_empty_state_folder_has_metrics_and_gets_no_file(tmp_path: Path) -> None:
    values = parsed(metrics_text(local_metrics(tmp_path, date(2024, 2, 10))))
    assert values["snowflake_etl_jobs", 'state="running"'] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_load_is_told_by_the_records_and_by_the_ledger(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_TODAY", "2024-02-01")
    desk.file("t_20240101-20240110.tsv", rows_for(days_between("2024-01-01", "2024-01-10")))
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 0
    target = desk.folder / "etl.prom"
    answer = desk.run("metrics", "--config", str(desk.config), "--live", "--output", str(target))
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert target.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in desk.folder.iterdir()) == ["config.json", "etl.prom", "files"]
    values = parsed(target.read_text())
    place = f'target="local/{desk.database}.ETL_WORK"'
    table = f'{place},table="{desk.database}.PUBLIC.T"'
    assert values["snowflake_etl_last_run_result", f'{table},result="loaded"'] == 1
    assert values["snowflake_etl_last_success_rows", table] == 100
    assert values["snowflake_etl_data_age_days", table] == 22
    assert values["snowflake_etl_ledger_rows", table] == 100
    assert values["snowflake_etl_ledger_data_age_days", table] == 22
    assert values["snowflake_etl_ledger_last_load_timestamp_seconds", table] > 1.7e9
    assert values["snowflake_etl_warehouse_up", place] == 1
    printed = desk.run("metrics", "--config", str(desk.config))
    assert not [name for name, _ in parsed(printed.out) if "ledger" in name]
    assert desk.run("metrics", "--json").result["status"] == "ok"


def test_a_warehouse_that_cannot_be_asked_is_a_metric_too(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.errors import ConnectError

    def refuse(*_: object, **__: object) -> None:
        raise ConnectError("Cannot reach ACME. Run doctor.")

    monkeypatch.setattr("snowflake_etl.warehouse.signin.Warehouse.open", refuse)
    answer = nobody_home.run("metrics", "--config", str(nobody_home.config), "--live")
    assert answer.code == 4
    assert "The ledger could not be asked: Cannot reach ACME. Run doctor." in answer.err
    assert parsed(answer.out)["snowflake_etl_warehouse_up", f'target="local/{nobody_home.database}.ETL_WORK"'] == 0


def test_a_folder_is_no_file(nobody_home: Desk) -> None:
    answer = nobody_home.run("metrics", "--output", str(nobody_home.folder))
    assert answer.code == 2
    assert "--output cannot be written: " in answer.err and "is a folder. Name a file." in answer.err
    nowhere = nobody_home.folder / "nowhere" / "etl.prom"
    answer = nobody_home.run("metrics", "--output", str(nowhere))
    assert answer.code == 2
    assert f"--output cannot be written: there is no folder '{nowhere.parent}'. Make it" in answer.err


def test_a_today_that_is_no_day(nobody_home: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_TODAY", "2024-13-01")
    answer = nobody_home.run("metrics")
    assert answer.code == 3
    assert "The variable ETL_TODAY is '2024-13-01', which is not a day. Write YYYY-MM-DD, or unset it." in answer.err
