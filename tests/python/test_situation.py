"""The table of situations as pure rules; through the loader's door it is tried in test_load_situations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from snowflake_etl.errors import ProblemsFound, Refused
from snowflake_etl.month import DayRange, Month
from snowflake_etl.operations import situation
from snowflake_etl.operations.situation import Mode, Situation, Wishes
from snowflake_etl.warehouse.ledger import LedgerRow

JANUARY = Month(2024, 1)
FIRST_HALF = DayRange(date(2024, 1, 1), date(2024, 1, 15))
SECOND_HALF = DayRange(date(2024, 1, 16), date(2024, 1, 31))
APPEND = Wishes(Mode.APPEND, "load --month 2024-01")
REPLACE = Wishes(Mode.REPLACE, "load --month 2024-01")


def live(days: DayRange, rows: int = 100) -> LedgerRow:
    moment = datetime(2024, 2, 1, 6, 30)
    return LedgerRow(
        publish_id="run-1",
        run_id="run-1",
        table_name="D.S.T",
        month="2024-01",
        first_day=days.first,
        last_day=days.last,
        file_name="t.tsv",
        file_bytes=1,
        fingerprint="f",
        content_hash="c",
        row_count=rows,
        mode="append",
        loaded_by="alice",
        host="jump1",
        started_at=moment,
        published_at=moment,
        copy_query_id="q",
    )


def stands(claimed: int = 0, month: int = 0, rows: tuple[LedgerRow, ...] = ()) -> Situation:
    return Situation("D.S.T", JANUARY, (FIRST_HALF,), claimed, month, rows)


def test_an_empty_month_may_be_loaded() -> None:
    assert situation.permit(stands(), APPEND) == situation.Permission()


def test_days_that_have_rows_are_refused_with_the_exact_replace_command() -> None:
    with pytest.raises(Refused) as caught:
        situation.permit(stands(100, 100, (live(FIRST_HALF),)), APPEND)
    text = str(caught.value)
    assert "100 rows for 2024-01-01..2024-01-15 already" in text
    assert "'t.tsv', on 2024-02-01 06:30 UTC by alice on jump1" in text
    assert "load --month 2024-01 --mode replace --expect-rows 100 --yes" in text
    assert "--allow-existing" in text


def test_allow_existing_appends_beside_rows_that_are_there() -> None:
    situation.permit(stands(100, 100), replace(APPEND, allow_existing=True))


def test_a_second_file_for_other_days_of_the_month_is_allowed() -> None:
    permission = situation.permit(stands(0, 100, (live(SECOND_HALF),)), APPEND)
    assert permission.warnings == ()


def test_a_count_that_differs_from_the_ledger_is_a_warning() -> None:
    (warning,) = situation.permit(stands(0, 90, (live(SECOND_HALF),)), APPEND).warnings
    assert "90 rows, the ledger knows of 100" in warning


def test_live_in_the_ledger_without_rows_proposes_a_replace() -> None:
    with pytest.raises(Refused, match=r"ledger says.*somebody deleted them.*--mode replace"):
        situation.permit(stands(0, 0, (live(FIRST_HALF),)), APPEND)


def test_a_replace_takes_only_its_own_days_out_of_the_ledger() -> None:
    first, second = live(FIRST_HALF), live(SECOND_HALF)
    assert situation.permit(stands(100, 200, (first, second)), REPLACE).replaces == (first,)


def test_a_replace_without_a_date_column_needs_full_refresh() -> None:
    whole_table = Situation("D.S.T", None, (), 100, 100, ())
    with pytest.raises(Refused, match="full_refresh"):
        situation.permit(whole_table, REPLACE)
    situation.permit(whole_table, replace(REPLACE, full_refresh=True))
    situation.permit(whole_table, APPEND)


def test_a_replace_of_another_number_of_rows_than_expected_is_refused() -> None:
    with pytest.raises(Refused, match="100 rows, not the 99"):
        situation.permit(stands(100, 100), replace(REPLACE, expect_rows=99))
    situation.permit(stands(100, 100), replace(REPLACE, expect_rows=100))
    situation.permit(stands(100, 100), replace(REPLACE, expect_rows="any"))


def test_policies_warn_a_load_and_refuse_a_replace() -> None:
    masked = replace(stands(), policies=("MASKING_POLICY HIDE",))
    assert any("MASKING_POLICY HIDE" in warning for warning in situation.permit(masked, APPEND).warnings)
    with pytest.raises(Refused, match="--policies-checked"):
        situation.permit(masked, REPLACE)
    situation.permit(masked, replace(REPLACE, policies_checked=True))


def test_a_replace_may_not_keep_rows_outside_its_days() -> None:
    with pytest.raises(Refused, match="append only"):
        situation.permit(stands(), replace(REPLACE, keep_outside=True))


def test_rows_outside_the_claimed_days_stop_unless_they_are_kept() -> None:
    with pytest.raises(ProblemsFound, match="--outside keep"):
        situation.check_rows_outside(1, APPEND)
    situation.check_rows_outside(1, replace(APPEND, keep_outside=True))
    situation.check_rows_outside(0, APPEND)


@pytest.mark.parametrize(("rows_in", "refused"), [(89, True), (90, False), (100, False)])
def test_a_replace_by_less_than_nine_tenths_is_refused(rows_in: int, refused: bool) -> None:
    if refused:
        with pytest.raises(Refused, match="--allow-shrink"):
            situation.check_shrink(rows_in, 100, REPLACE)
        situation.check_shrink(rows_in, 100, replace(REPLACE, allow_shrink=True))
    else:
        situation.check_shrink(rows_in, 100, REPLACE)


def test_a_replace_never_takes_a_part_of_a_loaded_file() -> None:
    whole = live(DayRange(date(2024, 1, 10), date(2024, 1, 20)))
    with pytest.raises(Refused, match="take away only a part"):
        situation.permit(stands(100, 200, (whole,)), REPLACE)
