"""The model's own rules, one test a rule of the package's docstring: sessions by name, statement by statement."""

from __future__ import annotations

import pytest

from model.expressions import UnknownShapeError
from model.server import CLOSE, Request, Rules, Server, Warehouse

SCHEMA = {"D.S.T": ("ID", "NAME"), "D.S.U": ("ID",)}
TWO_ROWS = {"D.S.T": [(1, "a"), (2, "b")]}
INSERT = 'INSERT INTO "D"."S"."T" ("ID", "NAME") SELECT ?, ?'
COUNT = 'SELECT COUNT(*) FROM "D"."S"."T"'


class Bench:
    """A warehouse to type at; ``run`` gives the number of rows, None for a statement that has to wait."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.warehouse = Warehouse(SCHEMA, rules or Rules())
        self.server: Server = self.warehouse.empty(TWO_ROWS)

    def run(self, session: str, sql: str, *binds: object) -> int | None:
        result = self.warehouse.ask(self.server, Request(session, sql, binds))
        if result is None:
            return None
        self.server, answer = result
        return answer.rowcount

    def ask(self, session: str, sql: str, *binds: object) -> list[tuple[object, ...]]:
        result = self.warehouse.ask(self.server, Request(session, sql, binds))
        assert result is not None
        self.server, answer = result
        return list(answer.rows)

    def count(self, session: str) -> object:
        return self.ask(session, COUNT)[0][0]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_statement_sees_what_is_committed_and_its_own(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    bench.run("a", INSERT, 3, "c")
    assert (bench.count("a"), bench.count("b")) == (3, 2)
    bench.run("b", "BEGIN")
    assert bench.count("b") == 2
    bench.run("a", "COMMIT")
    assert bench.count("b") == 3, "READ COMMITTED, not a snapshot of the transaction"


def test_update_and_delete_wait_for_each_other_and_see_what_was_committed_meanwhile(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    assert bench.run("a", "UPDATE D.S.T SET NAME = 'x' WHERE ID = 1") == 1
    bench.run("b", "BEGIN")
    assert bench.run("b", "DELETE FROM D.S.T WHERE NAME = 'b'") is None, "locks are on tables, not on rows"
    assert bench.count("b") == 2, "readers do not wait"
    bench.run("a", INSERT, 3, "b")
    bench.run("a", "COMMIT")
    assert bench.run("b", "DELETE FROM D.S.T WHERE NAME = 'b'") == 2, "the new row as well"


def test_inserts_do_not_wait_unless_the_rules_say_so() -> None:
    for locks, expected in ((False, 1), (True, None)):
        bench = Bench(Rules(inserts_lock=locks))
        bench.run("a", "BEGIN")
        bench.run("a", "DELETE FROM D.S.T")
        assert bench.run("b", INSERT, 3, "c") == expected


def test_what_matches_nothing_locks_nothing(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    assert bench.run("a", "DELETE FROM D.S.T WHERE ID = 9") == 0
    assert bench.run("b", "DELETE FROM D.S.T WHERE ID = 1") == 1


def test_outside_begin_each_statement_is_committed(bench: Bench) -> None:
    bench.run("a", INSERT, 3, "c")
    bench.run("a", "ROLLBACK")
    assert bench.count("b") == 3
    assert bench.run("b", "UPDATE D.S.T SET NAME = 'x'") == 3, "and holds no lock"


def test_begin_in_a_transaction_does_nothing(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    bench.run("a", INSERT, 3, "c")
    bench.run("a", "BEGIN")
    bench.run("a", "ROLLBACK")
    assert bench.count("a") == 2


def test_ddl_commits_what_was_open(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    bench.run("a", "DELETE FROM D.S.T")
    bench.run("a", "CREATE TABLE IF NOT EXISTS D.S.U (ID NUMBER)")
    bench.run("a", "ROLLBACK")
    assert bench.count("b") == 0
    assert bench.run("b", INSERT, 1, "a") == 1


def test_closing_rolls_back_but_a_lost_session_keeps_its_locks(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    bench.run("a", "DELETE FROM D.S.T")
    bench.server = bench.warehouse.detach(bench.server, "a")
    assert bench.run("b", "DELETE FROM D.S.T") is None
    bench.server = bench.warehouse.abort(bench.server, "a")
    bench.run("b", "BEGIN")
    assert bench.run("b", "DELETE FROM D.S.T") == 2
    bench.run("b", CLOSE)
    assert (bench.count("c"), bench.server.sessions) == (2, ())


def test_a_commit_in_flight_arrives_later_and_before_what_its_session_says_next(bench: Bench) -> None:
    bench.run("a", "BEGIN")
    bench.run("a", INSERT, 3, "c")
    bench.server = bench.warehouse.send(bench.server, Request("a", "COMMIT", ()))
    assert (bench.count("b"), bench.run("a", "ROLLBACK")) == (2, None)
    arrived = bench.warehouse.arrive(bench.server, "a")
    assert arrived is not None
    bench.server = arrived
    bench.run("a", "ROLLBACK")
    assert bench.count("b") == 3


def test_the_clock_stands_still_but_for_slow_inserts() -> None:
    bench = Bench(Rules(slow_insert=("D.S.T", 120)))
    later = bench.ask("a", "SELECT DATEADD('second', 120, CURRENT_TIMESTAMP())")
    assert bench.ask("a", "SELECT DATEADD('second', 120, CURRENT_TIMESTAMP())") == later
    bench.run("a", INSERT, 3, "c")
    assert bench.ask("a", "SELECT CURRENT_TIMESTAMP()") == later


def test_binds_go_in_the_order_of_the_text(bench: Bench) -> None:
    assert bench.run("a", "UPDATE D.S.T SET NAME = ? WHERE ID = ? AND NAME = ?", "x", 1, "a") == 1
    guarded = f"{INSERT} WHERE NOT EXISTS (SELECT 1 FROM D.S.T WHERE NAME = ?)"
    assert bench.run("a", guarded, 3, "c", "x") == 0
    assert bench.run("a", guarded, 3, "c", "y") == 1
    assert bench.ask("a", "SELECT NAME, ID FROM D.S.T ORDER BY ID") == [("x", 1), ("b", 2), ("c", 3)]


def test_null_is_not_true(bench: Bench) -> None:
    bench.run("a", 'INSERT INTO "D"."S"."T" ("ID") SELECT 3')
    assert bench.run("a", "DELETE FROM D.S.T WHERE NAME = 'a' OR NOT NAME = 'a'") == 2
    assert bench.ask("a", "SELECT ID, NAME FROM D.S.T") == [(3, None)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM D.S.NONE",
        "SELECT NONE FROM D.S.T",
        "SELECT MAX(ID) FROM D.S.T",
        "SELECT ID FROM D.S.T LIMIT 1",
        "SELECT DISTINCT ID FROM D.S.T",
        "SELECT COUNT(*) FROM D.S.T GROUP BY ID",
        "SELECT T.ID FROM D.S.T JOIN D.S.U ON TRUE",
        "DELETE FROM D.S.T USING D.S.U WHERE T.ID = U.ID",
        "INSERT OVERWRITE INTO D.S.T (ID) SELECT 1",
        "INSERT INTO D.S.T SELECT 1, 'a'",
        "MERGE INTO D.S.T USING D.S.U ON T.ID = U.ID WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE D.S.T",
        "CREATE OR REPLACE TABLE D.S.T (ID NUMBER)",
        "ALTER SESSION SET LOCK_TIMEOUT = 1",
        "SELECT UPPER(NAME) FROM D.S.T",
    ],
)
def test_an_unknown_shape_is_an_error(bench: Bench, sql: str) -> None:
    with pytest.raises(UnknownShapeError):
        bench.run("a", sql)
