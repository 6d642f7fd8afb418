"""Break one rule of the publish, the lease or the drop on purpose: the model has to find what comes of it.

A model that finds nothing proves nothing; each of these shows one thing that it can see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from model.explore import explore
from model.scenarios import JANUARY, JANUARY_2, SCENARIOS, Scenario, dropping, replacing
from snowflake_etl.errors import Refused
from snowflake_etl.operations import publish
from snowflake_etl.operations.months import month_change
from snowflake_etl.sqltext import ObjectName
from snowflake_etl.warehouse import lease, ledger, transaction
from snowflake_etl.warehouse.ledger import LedgerRow
from snowflake_etl.warehouse.objects import WorkObjects
from snowflake_etl.warehouse.session import Session


def altered(module: Any, **functions: Callable[..., Any]) -> SimpleNamespace:
    """A module as its users see it, some of its functions exchanged."""
    return SimpleNamespace(**{**vars(module), **functions})


def no_lock(session: Session, objects: WorkObjects, table: ObjectName, holder: str) -> int:
    return 1


def nothing(*arguments: Any) -> None:
    """Do nothing, find nothing."""


def violation(scenario: Scenario, faults: int = 0) -> str:
    """What the model finds; fail when it finds nothing."""
    found = explore(scenario.world(faults)).violation
    assert found is not None
    assert found.schedule
    return found.what


def test_without_the_lock_two_files_of_the_same_days_are_published() -> None:
    with mock.patch.object(publish, "ledger", altered(ledger, take_lock=no_lock)):
        assert "claim the same days" in violation(SCENARIOS["two appends of the same days"])


def test_with_the_ledger_read_before_the_lock_two_files_of_the_same_days_are_published() -> None:
    def insert_under_lock(session: Session, objects: WorkObjects, rows: Sequence[LedgerRow]) -> None:
        ledger.take_lock(session, objects, ObjectName("D", "PUBLIC", "T"), rows[0].publish_id)
        ledger.insert_rows(session, objects, rows)

    with mock.patch.object(publish, "ledger", altered(ledger, take_lock=no_lock, insert_rows=insert_under_lock)):
        assert "claim the same days" in violation(SCENARIOS["two appends of the same days"])


def test_without_reading_ledger_and_days_again_two_files_of_the_same_days_are_published() -> None:
    with mock.patch.object(publish, "_check_unchanged", nothing):
        assert "claim the same days" in violation(SCENARIOS["two appends of the same days"])


def test_without_counting_again_rows_by_other_means_go_unseen() -> None:
    with mock.patch.object(publish.PublishPlan, "rows_after", None):
        assert "had not counted" in violation(SCENARIOS["replace and a row by other means"])


def test_with_the_ledger_written_after_commit_readers_see_rows_that_it_does_not_know() -> None:
    late: list[LedgerRow] = []

    def keep(session: Session, objects: WorkObjects, rows: Sequence[LedgerRow]) -> None:
        late[:] = rows

    def transact(session: Session, change: Callable[[], Any], before: Callable[[], Any], sides: Any) -> Any:
        published = transaction.transact_or_tell(session, change, before, sides)
        ledger.insert_rows(session, WorkObjects("D", "ETL_WORK"), late)
        return published

    with (
        mock.patch.object(publish, "ledger", altered(ledger, insert_rows=keep)),
        mock.patch.object(publish, "transact_or_tell", transact),
    ):
        assert "the ledger's live rows say no rows" in violation(SCENARIOS["two appends of one file"])


def test_without_begin_readers_see_half_a_publish() -> None:
    def once(session: Session, change: Callable[[], Any]) -> Any:
        return change()

    with mock.patch.object(transaction, "_once", once):
        assert "the table has no rows" in violation(SCENARIOS["two replaces by one file"])


def test_with_ddl_in_the_transaction_readers_see_half_a_publish() -> None:
    genuine = publish._delete

    def delete(session: Session, plan: publish.PublishPlan) -> int:
        deleted = genuine(session, plan)
        session.execute(f'CREATE TABLE IF NOT EXISTS {plan.table.sql} ("DAY" DATE)')
        return deleted

    with mock.patch.object(publish, "_delete", delete):
        assert "the table has no rows" in violation(SCENARIOS["two replaces by one file"])


def test_without_a_change_of_state_the_ledger_names_rows_that_are_gone() -> None:
    with mock.patch.object(publish, "ledger", altered(ledger, set_state=nothing)):
        assert "1 x january last (4 rows)" in violation(SCENARIOS["two replaces by one file"])


def test_without_the_look_at_the_lease_a_run_publishes_what_another_has_taken_over() -> None:
    with mock.patch.object(publish, "_check_lease", nothing):
        assert "had the lease" in violation(SCENARIOS["two appends of one file, leases run out"])


def test_without_the_lock_two_runs_get_the_lease_of_one_file() -> None:
    with mock.patch.object(lease, "ledger", altered(ledger, take_lock=no_lock)):
        assert "leased twice" in violation(SCENARIOS["two appends of one file"])


def test_without_asking_after_a_lost_commit_a_run_does_not_know_what_it_did() -> None:
    with mock.patch.object(publish, "_committed_before", nothing):
        assert "had changed the table and ended so" in violation(SCENARIOS["one append with a long INSERT"], faults=1)


def test_asking_without_the_lock_a_commit_that_arrives_late_is_missed() -> None:
    with mock.patch.object(publish, "_committed_before", _asked_at_once):
        assert "published twice" in violation(SCENARIOS["append and drop"], faults=1)


def _asked_at_once(session: Session, objects: WorkObjects, plan: publish.PublishPlan) -> Any:
    rows = session.query(f"SELECT COUNT(*) FROM {objects.ledger.sql} WHERE PUBLISH_ID = ?", [plan.publish_id])
    return publish.Published(plan.rows_in, plan.rows_before if plan.replace else 0) if rows[0][0] else None


def test_a_drop_that_locks_in_another_order_than_a_publish_ends_in_a_deadlock() -> None:
    upside_down = Scenario(
        SCENARIOS["replace and drop"].before,
        (replacing(JANUARY_2), dropping(JANUARY)),
        lambda live, ended: True,
    )

    def lock_first(session: Session, objects: WorkObjects, change: month_change.MonthChange) -> Any:
        ledger.take_lock(session, objects, change.table, change.run_id)
        return genuine(session, objects, change)

    genuine = month_change._change
    with mock.patch.object(month_change, "_change", lock_first):
        assert violation(upside_down) == "deadlock: every run waits"


def test_without_counting_again_a_drop_marks_a_month_whose_rows_are_others() -> None:
    with mock.patch.object(month_change, "_expect", nothing):
        assert "had not counted" in violation(SCENARIOS["drop and a row by other means"])


def test_without_reading_the_ledger_again_a_drop_leaves_live_rows_of_nobody() -> None:
    with mock.patch.object(month_change, "_keys", lambda rows: []), mock.patch.object(month_change, "_expect", nothing):
        assert violation(SCENARIOS["append and drop"])


def test_without_asking_after_a_lost_commit_a_drop_is_refused_that_was_done() -> None:
    with mock.patch.object(month_change, "_committed_before", nothing):
        assert violation(SCENARIOS["one drop"], faults=1)


def test_a_bug_in_the_production_code_is_told_with_its_schedule() -> None:
    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError("a bug")

    with mock.patch.object(publish, "_check_unchanged", broken):
        assert violation(SCENARIOS["two appends of one file"]) == "ZeroDivisionError('a bug')"


@pytest.mark.parametrize("name", ["two appends of one file", "two appends of different months"])
def test_runs_that_always_refuse_are_no_solution(name: str) -> None:
    def refuse(*arguments: Any) -> None:
        raise Refused("no")

    with mock.patch.object(publish, "_check_lease", refuse):
        assert "in the end nothing is live" in violation(SCENARIOS[name])
