"""stage: what lies there and whose it is, what goes and what never does, how fast COPYs were."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlglot
from snowflake.connector.cursor import SnowflakeCursor

from crashing import KILLED, crash
from desk import Answer, Desk, days_between, rows_for
from snowflake_etl.config.model import LoadSection, SnowflakeSection
from snowflake_etl.errors import WarehouseError
from snowflake_etl.warehouse import past_copies, stage
from snowflake_etl.warehouse.signin import Warehouse

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def staged(desk: Desk, *words: str) -> Answer:
    return desk.run("stage", *words, "--config", str(desk.config))


def folders(desk: Desk, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = staged(desk, "list", "--json", *words).result["folders"]
    return found


def put(desk: Desk, name: str, path: str) -> None:
    """Somebody else's object."""
    section = SnowflakeSection(connection="local", database=desk.database, schema="PUBLIC")
    with Warehouse(section, LoadSection(), desk.state).open("test") as session:
        session.put(io.BytesIO(b"theirs"), name, path)


def test_nothing_staged_says_so(desk: Desk) -> None:
    assert staged(desk, "list").out == "The stage is empty.\n"
    assert staged(desk, "clean", "--orphans", "--yes").code == 0


@pytest.mark.parametrize("where", ["named", "user"])
def test_what_waits_is_listed_with_its_file_and_removed_only_when_meant(desk: Desk, where: str) -> None:
    desk.sections |= {"load": {"stage": where}}
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    (folder,) = folders(desk)
    assert (folder["state"], folder["file"], folder["rows"], folder["month"]) == ("waiting", NAME, 310, "2024-01")
    assert (folder["parts"], folder["missing"]) == (1, [])
    assert folder["run_id"]
    shown = staged(desk, "list").out
    assert f"waiting: {desk.database.lower()}.public.t 2024-01, {NAME}" in shown
    assert "310 rows, 1 part, " in shown
    # All lines but paths on the stage, which are as long as they are.
    assert max(len(line) for line in shown.splitlines() if not line.endswith("/")) <= 80
    assert folders(desk, "--table", "OTHER") == []
    assert staged(desk, "clean").code == 2
    assert "Nothing to remove: none of" in staged(desk, "clean", "--orphans", "--yes").out
    assert "Nothing to remove: none of" in staged(desk, "clean", "--older-than", "1d", "--yes").out
    assert "would be removed" in staged(desk, "clean", "--table", "T", "--dry-run").out
    assert staged(desk, "clean", "--table", "T").code == 7
    assert len(folders(desk)) == 1
    answer = staged(desk, "clean", "--table", "T", "--yes")
    assert answer.code == 0
    assert "LIST shows none of it" in answer.out
    assert folders(desk) == []


def test_what_a_failed_run_left_is_an_orphan_and_what_was_kept_is_none(desk: Desk) -> None:
    desk.file(NAME, [*rows_for(JANUARY), "20240131\tx\tbad"])
    assert desk.load("--month", "2024-01", "--qc", "skip").code == 6
    assert [folder["state"] for folder in folders(desk)] == ["left by a failed run"]
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--keep-staged").code == 0
    states = [folder["state"] for folder in folders(desk)]
    assert "kept after its load" in states
    assert staged(desk, "clean", "--orphans", "--yes").code == 0
    assert [folder["state"] for folder in folders(desk)] == ["kept after its load"]


def test_missing_parts_make_it_incomplete(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    (folder,) = folders(desk)
    part = next(name for name in folder["objects"] if name.startswith("part"))
    desk.sql(f"REMOVE @ETL_WORK.ETL_STAGE/{folder['path']}{part}")
    (folder,) = folders(desk)
    assert (folder["state"], folder["missing"]) == ("incomplete", [part])
    desk.sql(f"REMOVE @ETL_WORK.ETL_STAGE/{folder['path']}")


def test_what_a_live_lease_holds_is_never_removed(desk: Desk) -> None:
    desk.file(NAME, rows_for(JANUARY))
    assert crash(desk, lambda _, command: "SET COPY_QUERY_ID" in command, after=True) == KILLED
    desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET HOST = 'elsewhere'")
    (folder,) = folders(desk)
    assert folder["state"] == "being loaded"
    for words in (("--orphans",), ("--table", "T"), ("--older-than", "0d", "--foreign")):
        assert staged(desk, "clean", *words, "--yes").code == 0
    assert len(folders(desk)) == 1
    desk.sql("UPDATE ETL_WORK.ETL_LOAD_LEASE SET EXPIRES_AT = '2020-01-01 00:00:00'")
    assert "removed; LIST shows none" in staged(desk, "clean", "--orphans", "--yes").out
    assert folders(desk) == []


def test_a_run_that_takes_it_up_after_the_look_keeps_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from snowflake_etl.operations.staged.folders import StageReader

    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    monkeypatch.setattr(StageReader, "is_being_loaded", lambda *_: True)
    answer = staged(desk, "clean", "--table", "T", "--yes")
    assert "a run has taken it up meanwhile" in answer.out
    assert len(folders(desk)) == 1


def test_foreign_objects_go_only_when_asked_for_and_nothing_beside_them(desk: Desk) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    (ours,) = folders(desk)
    put(desk, "note.txt", f"@ETL_WORK.ETL_STAGE/{ours['path']}")
    put(desk, "theirs.txt", "@ETL_WORK.ETL_STAGE/elsewhere/")
    assert [folder["state"] for folder in folders(desk)].count("foreign") == 2
    assert staged(desk, "clean", "--older-than", "0d", "--yes").code == 0
    assert [folder["objects"] for folder in folders(desk)] == [["theirs.txt"], ["note.txt"]] or sorted(
        name for folder in folders(desk) for name in folder["objects"]
    ) == ["note.txt", "theirs.txt"]
    assert staged(desk, "clean", "--older-than", "0d", "--foreign", "--yes").code == 0
    assert folders(desk) == []


def test_a_removal_that_removes_nothing_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01", "--stage-only").code == 0
    monkeypatch.setattr(stage, "remove", lambda *_: None)
    answer = staged(desk, "clean", "--table", "T", "--yes", "--json")
    assert answer.code == 5
    assert len(answer.result["still_there"]) == 2


def test_performance_tells_rows_bytes_and_parts_of_past_copies(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    genuine = SnowflakeCursor.execute

    def recording(self: SnowflakeCursor, command: str, *arguments: Any, **named: Any) -> Any:
        statements.append(command)
        return genuine(self, command, *arguments, **named)

    desk.month("2024-01-01", "2024-01-31")
    assert desk.load("--month", "2024-01").code == 0
    monkeypatch.setattr(SnowflakeCursor, "execute", recording)
    result = staged(desk, "performance", "--json", "--table", "T").result
    newest = result["copies"][0]
    assert (newest["rows"], newest["parts"], newest["month"]) == (310, 1, "2024-01")
    assert newest["rows_per_second"] > 0
    assert newest["bytes_per_second"] > 0
    shown = staged(desk, "performance", "--table", "T").out
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert ", 1 part, " in shown
    assert "B/s" in shown
    assert staged(desk, "performance", "--days", "8").code == 2
    assert staged(desk, "list", "--limit", "3").code == 2
    for statement in statements:
        parsed = sqlglot.parse(statement, read="snowflake", error_level=sqlglot.ErrorLevel.RAISE)
        assert not isinstance(parsed[0], sqlglot.exp.Command) or statement.startswith(("SHOW", "LIST")), statement


def test_a_role_that_may_not_see_queries_is_told_the_grant(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise WarehouseError("SQL access control error: Insufficient privileges", code=3001)

    monkeypatch.setattr(past_copies, "past_copies", denied)
    answer = staged(desk, "performance")
    assert answer.code == 0
    assert "GRANT MONITOR ON WAREHOUSE" in answer.out
