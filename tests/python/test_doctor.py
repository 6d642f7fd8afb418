"""doctor: every point is looked at, what fails says what to do, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from desk import Answer, Desk
from snowflake_etl.cli.commands import doctor as command
from snowflake_etl.config.model import Configuration, LoadSection, SnowflakeSection
from snowflake_etl.operations.examination import account, host
from snowflake_etl.results_examination import Health
from snowflake_etl.warehouse import lease, reach
from snowflake_etl.warehouse.reach import AllowedHost, Place

DENIED = "SQL access control error:\nInsufficient privileges to operate on {kind} '{name}'."


def doctor(desk: Desk, *words: str) -> Answer:
    return desk.run("doctor", "--config", str(desk.config), *words)


def points(desk: Desk) -> dict[str, dict[str, Any]]:
    return {point["subject"]: point for point in doctor(desk, "--json").result["points"]}


def failing(monkeypatch: pytest.MonkeyPatch, beginning: str, text: str, *, within: str = "") -> None:
    """Let the warehouse answer statements that begin so with an error of Snowflake's."""
    genuine = SnowflakeCursor.execute

    def execute(self: SnowflakeCursor, sql: str, *arguments: Any, **named: Any) -> Any:
        if sql.startswith(beginning) and within in sql:
            raise ProgrammingError(msg=text, errno=3001, sqlstate="42501", sfqid="q")
        return genuine(self, sql, *arguments, **named)

    monkeypatch.setattr(SnowflakeCursor, "execute", execute)


@pytest.mark.parametrize("where", ["named", "user"])
def test_where_all_is_well_every_line_says_so_and_nothing_is_left(desk: Desk, where: str) -> None:
    desk.sections = {"load": {"stage": where}}
    desk.month("2024-01-01", "2024-01-31")
    stage = "~" if where == "user" else "ETL_WORK.ETL_STAGE"
    # The user's stage is one for all databases: other tests may have left parts there.
    before = desk.staged(stage) if where == "user" else []
    assert desk.load("--month", "2024-01").code == 0
    answer = doctor(desk)
    assert answer.code == 0, answer
    looked_at = [line[9:].split(":")[0] for line in answer.out.splitlines()[:-1]]
    for subject in (
        *("Python", "libraries", "terminal", "menu", "configuration", "files", "proxy", "state folder", "sign-in"),
        *("role", "warehouse", "clock", "allowlist", "rights on ETL_LOAD_LEDGER", "rights on ETL_AUDIT_LOG"),
        *("PUT and back", "COPY and back", f"table {desk.database}.PUBLIC.T"),
    ):
        assert subject in looked_at, answer.out
    assert "the embedded warehouse has none" in answer.out
    assert "3 columns, 310 rows; may SELECT, INSERT, DELETE" in answer.out
    assert answer.out.splitlines()[-1].startswith("local: everything is there.")
    assert desk.staged(stage) == before
    assert desk.work_tables() == []
    assert desk.count() == 310


@pytest.mark.parametrize(
    ("wanted", "there", "said"),
    [
        ("", ("dialog", "whiptail"), "asks with dialog"),
        ("", ("whiptail",), "asks with whiptail"),
        ("whiptail", ("dialog", "whiptail"), "asks with whiptail, as ETL_UI wants"),
        ("plain", ("dialog", "whiptail"), "asks with plain text, as ETL_UI wants"),
        ("whiptail", ("dialog",), "asks with plain text (no whiptail)"),
        ("", (), "asks with plain text (no dialog, no whiptail)"),
        ("zenity", ("dialog",), "does not open, since ETL_UI is 'zenity'"),
    ],
)
def test_what_the_menu_asks_with_is_what_the_menu_takes(
    monkeypatch: pytest.MonkeyPatch, wanted: str, there: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("ETL_UI", wanted)
    monkeypatch.setattr(command.shutil, "which", lambda name: name if name in (*there, "flock", "setsid") else None)
    (point,) = (point for point in command._terminal() if point.subject == "menu")
    assert point.message == said
    assert bool(point.cure) == (wanted == "zenity")


def test_the_json_document_says_the_same(desk: Desk, tmp_path: Path) -> None:
    output = tmp_path / "doctor.json"
    answer = doctor(desk, "--json", "--output", str(output))
    assert answer.result["status"] == "ok"
    assert answer.result["exit_code"] == 0
    assert {point["status"] for point in answer.result["points"]} <= {"ok", "warning"}
    assert output.read_text() == answer.out
    assert output.stat().st_mode & 0o777 == 0o600


def test_direct_loads_need_no_work_table(desk: Desk) -> None:
    desk.sections = {"load": {"via": "direct"}}
    found = points(desk)
    assert "PUT and back" in found
    assert "COPY and back" not in found


def test_without_a_configuration_the_host_is_looked_at_all_the_same(desk: Desk) -> None:
    answer = desk.run("doctor", "--config", str(desk.folder / "none.json"))
    assert answer.code == 3
    assert "ok       Python: " in answer.out
    assert "FAILED   configuration: There is no configuration file" in answer.out


@pytest.mark.parametrize(
    ("beginning", "within", "subject", "said"),
    [
        ("UPDATE", "ETL_LOAD_LEDGER", "rights on ETL_LOAD_LEDGER", "UPDATE: Role SYSADMIN lacks"),
        ("DELETE", "ETL_LOAD_LEASE", "rights on ETL_LOAD_LEASE", "DELETE: Role SYSADMIN lacks"),
        ("INSERT", "ETL_AUDIT_LOG", "rights on ETL_AUDIT_LOG", "INSERT: Role SYSADMIN lacks"),
        ("DELETE", '"T"', "table {database}.PUBLIC.T", "DELETE: Role SYSADMIN lacks"),
        ("INSERT", '"T"', "table {database}.PUBLIC.T", "INSERT: Role SYSADMIN lacks"),
        ("PUT", "doctor", "PUT and back", "Role SYSADMIN lacks"),
        ("GET", "doctor", "PUT and back", "Role SYSADMIN lacks"),
        ("CREATE TRANSIENT", "DOCTOR", "COPY and back", "Role SYSADMIN lacks"),
        ("COPY", "DOCTOR", "COPY and back", "Role SYSADMIN lacks"),
    ],
)
def test_a_right_that_lacks_is_named_and_the_rest_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, beginning: str, within: str, subject: str, said: str
) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    subject = subject.format(database=desk.database)
    name = {"PUT": "ETL_STAGE", "GET": "ETL_STAGE", "CREATE TRANSIENT": "ETL_WORK"}.get(beginning, within.strip('"'))
    kind = {"ETL_STAGE": "stage", "ETL_WORK": "schema"}.get(name, "table")
    with monkeypatch.context() as patched:
        failing(patched, beginning, DENIED.format(kind=kind, name=name), within=within)
        answer = doctor(desk)
        assert answer.code == 6
        failed = [line for line in answer.out.splitlines() if line.startswith("FAILED")]
        assert len(failed) == 1, answer.out
        assert failed[0].startswith(f"FAILED   {subject}: ")
        assert said in failed[0]
        assert "GRANT" in failed[0] or name == "DOCTOR"
        assert f"table {desk.database}.PUBLIC.T" in answer.out
    assert desk.staged() == []
    assert desk.work_tables() == []


def test_what_could_not_be_removed_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        failing(patched, "REMOVE", DENIED.format(kind="stage", name="ETL_STAGE"))
        answer = doctor(desk)
    assert answer.code == 0
    assert "warning  tidying up: left behind: @" in answer.out
    assert "stage clean" in answer.out
    assert len(desk.staged()) == 1
    words = ("stage", "clean", "--config", str(desk.config), "--older-than", "0d", "--foreign", "--yes")
    assert desk.run(*words).code == 0
    assert desk.staged() == []


def test_what_is_tried_on_a_table_changes_nothing_and_waits_for_nobody(desk: Desk, sent: list[str]) -> None:
    desk.sql("CREATE TABLE T (DAY DATE, ID NUMBER(9,0), NAME VARCHAR(10))")
    desk.sql("INSERT INTO T SELECT '2024-01-01', 1, 'x'")
    del sent[:]
    assert doctor(desk).code == 0
    target = f'"{desk.database}"."PUBLIC"."T"'
    changing = [sql for sql in sent if target in sql and sql.startswith(("INSERT INTO", "DELETE"))]
    assert len(changing) == 2
    assert all(sql.endswith("WHERE FALSE") for sql in changing)
    assert "COMMIT" not in sent
    assert sent.count("BEGIN") == sent.count("ROLLBACK")
    assert desk.count() == 1


# -- clock


@pytest.mark.parametrize(
    ("seconds", "health", "said"),
    [
        (0, "ok", "within"),
        (-12, "warning", "12 s ahead of"),
        (12, "warning", "12 s behind"),
        (-90, "failed", "90 s ahead"),
    ],
)
def test_a_clock_that_is_wrong_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seconds: int, health: str, said: str
) -> None:
    before = datetime.now(UTC)
    theirs = before + timedelta(seconds=seconds)
    point = account.skew(theirs, before, before)
    assert (point.status, said in point.message) == (health, True), point
    assert ("NTP" in point.cure) is (health != "ok")
    if health == "failed":
        monkeypatch.setattr(lease, "now", lambda _: datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=90))
        assert points(desk)["clock"]["status"] == "failed"


# -- this host


@pytest.mark.parametrize(
    ("mode", "health"), [(0o600, Health.OK), (0o640, Health.WARNING), (0o644, Health.WARNING), (0o660, Health.FAILED)]
)
def test_a_key_that_others_may_use_is_told(tmp_path: Path, mode: int, health: Health) -> None:
    key = tmp_path / "key.p8"
    key.write_text("key")
    key.chmod(mode)
    section = SnowflakeSection(account="a", user="u", private_key_file=str(key))
    first, state = host.private_files(section, tmp_path)
    assert (first.subject, first.status) == ("private key", health)
    assert first.cure == ("" if health is Health.OK else f"chmod 600 '{key}'")
    assert state.subject == "state folder"


def test_files_of_secrets_that_are_not_there_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    tmp_path.chmod(0o755)
    token = SnowflakeSection(account="a", user="u", token_file_path=str(tmp_path / "none"))
    found = [*host.private_files(token, tmp_path), *host.private_files(SnowflakeSection(connection="x"), tmp_path)]
    assert [(point.subject, point.status.value) for point in found] == [
        ("token", "failed"),
        ("state folder", "warning"),
        ("connections.toml", "failed"),
        ("state folder", "warning"),
    ]
    assert "No such file" in found[0].message


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    for free, health in ((10**6, Health.FAILED), (5 * 10**8, Health.WARNING), (10**11, Health.OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage(10**12, 10**12 - free, free))
        point = next(host.disk(tmp_path))
        assert point.status is health
        assert bool(point.cure) is (health is not Health.OK)


def test_libraries_that_are_missing_others_or_damaged_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host.libraries().status is Health.OK
    genuine = host._version_of
    monkeypatch.setattr(host, "_version_of", lambda name: "0.1" if name == "duckdb" else genuine(name))
    assert "duckdb 0.1 instead of" in host.libraries().message
    monkeypatch.setattr(host, "_version_of", lambda name: "" if name == "duckdb" else genuine(name))
    missing = host.libraries()
    assert (missing.status, "missing: duckdb" in missing.message) == (Health.FAILED, True)
    assert "setup --rebuild" in missing.cure
    monkeypatch.setattr(host, "_version_of", genuine)
    monkeypatch.setattr(host, "_COMPILED", ("a_library_that_is_not_there",))
    assert "cannot be loaded: a_library_that_is_not_there" in host.libraries().message


def test_a_folder_of_files_that_is_not_there_is_told(desk: Desk) -> None:
    (desk.files).rmdir()
    found = points(desk)
    assert found["files"]["status"] == "failed"
    desk.files.mkdir()


@pytest.mark.parametrize(("size", "health"), [((80, 24), "ok"), ((79, 24), "warning"), ((132, 20), "warning")])
def test_a_small_terminal_is_told(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], health: str) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size(size))
    assert next(command._terminal()).status == health


# -- who we are, what computes


class Answering:
    """A session that answers questions as told."""

    target = "acme"
    database, schema = "D", "S"
    manages_own_objects = False

    def __init__(self, answers: dict[str, Any], warehouses: list[dict[str, Any]] | None = None) -> None:
        self.answers, self.warehouses = answers, warehouses or []

    def query(self, sql: str, binds: object = ()) -> list[tuple[Any, ...]]:
        return [tuple(self.answers[name] for name in self.answers if name in sql)]

    def records(self, sql: str) -> list[dict[str, Any]]:
        return self.warehouses


def identity(role: str | None) -> dict[str, Any]:
    return {"CURRENT_USER": "U", "CURRENT_ROLE": role, "CURRENT_SECONDARY_ROLES": None}


@pytest.mark.parametrize(
    ("role", "wanted", "cure"),
    [
        (None, None, "Set snowflake.role"),
        ("PUBLIC", "loader", 'GRANT ROLE "LOADER" TO USER "U";'),
        ("LOADER", "loader", ""),
    ],
)
def test_a_role_that_is_not_the_one_asked_for_is_told(role: str | None, wanted: str | None, cure: str) -> None:
    session: Any = Answering(identity(role))
    _, point = account.sign_in(session, SnowflakeSection(connection="acme", role=wanted))
    assert point.cure.startswith(cure)
    assert (point.status is Health.OK) is not bool(cure)


def warehouse_points(name: str | None, listed: list[dict[str, Any]], loads: str | None = None) -> list[Any]:
    session: Any = Answering({"CURRENT_ROLE": "R", "CURRENT_WAREHOUSE": name}, listed)
    session.query = lambda sql, binds=(): [(name if "WAREHOUSE" in sql else "R",)]
    configuration = Configuration.model_construct(
        snowflake=SnowflakeSection(connection="acme", warehouse="wh"), load=LoadSection(warehouse=loads)
    )
    return list(account.computing(session, configuration))


def test_warehouses_that_lack_or_sleep_are_told() -> None:
    listed = {"name": "WH", "size": "X-Small", "state": "STARTED", "auto_resume": "true"}
    (missing,) = warehouse_points(None, [])
    assert missing.cure == 'GRANT USAGE ON WAREHOUSE "WH" TO ROLE "R";'
    (fine,) = warehouse_points("WH", [listed])
    assert (fine.status, fine.message) == (Health.OK, "WH, X-Small, started")
    (asleep,) = warehouse_points("WH", [{**listed, "state": "SUSPENDED", "auto_resume": "false"}])
    assert 'ALTER WAREHOUSE "WH" RESUME;' in asleep.cure
    _, other = warehouse_points("WH", [listed], loads="big")
    assert (other.subject, other.status) == ("load.warehouse", Health.FAILED)
    assert 'GRANT USAGE ON WAREHOUSE "BIG" TO ROLE "R";' in other.cure


# -- hosts


def listed(monkeypatch: pytest.MonkeyPatch, *kinds_away: str) -> list[Any]:
    hosts = [
        AllowedHost(kind, Place(f"{kind.lower()}.test", 443)) for kind in ("STAGE", "OCSP_RESPONDER", "SNOWSQL_REPO")
    ]
    monkeypatch.setattr(reach, "allowed_hosts", lambda *_: hosts)
    monkeypatch.setattr(
        reach, "all_unreachable", lambda asked: {one: "refused" for one in asked if one.kind in kinds_away}
    )
    session: Any = Answering({})
    return list(account.hosts(session, SnowflakeSection()))


def test_hosts_of_the_allowlist_that_are_out_of_reach_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (fine,) = listed(monkeypatch)
    assert fine.message == "2 hosts are reachable; 1 that these tools do not use were not tried"
    failed, warning = listed(monkeypatch, "STAGE", "OCSP_RESPONDER")
    assert (failed.status, warning.status) == (Health.FAILED, Health.WARNING)
    assert failed.message == "out of reach: stage.test:443 (STAGE: refused)"
    assert "firewall" in failed.cure


def test_the_allowlist_is_read_and_what_is_none_is_said() -> None:
    text = '[{"type":"STAGE","host":"b.s3.test","port":443},{"type":"OCSP_CACHE","host":"o.test","port":80}]'
    session: Any = Answering({"ALLOWLIST": text})
    stage, cache = reach.allowed_hosts(session, None)
    assert (str(stage.place), stage.place.plain, cache.place.plain) == ("b.s3.test:443", False, True)
    session = Answering({"ALLOWLIST": "oops"})
    (point,) = account.hosts(session, SnowflakeSection())
    assert "no list of hosts" in point.message
