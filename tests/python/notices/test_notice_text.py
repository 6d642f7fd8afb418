"""What a notice says, and that no value of the data is in it."""

from __future__ import annotations

import pytest
from noticing import FAILED, WHERE

from snowflake_etl.notify.events import Event
from snowflake_etl.notify.message import composed
from snowflake_etl.notify.redaction import without_values


def test_the_subject_names_environment_table_month_and_result_and_the_body_what_is_needed() -> None:
    message = composed([FAILED], WHERE, data_rows=False)
    assert message.subject == "[snowflake-etl] PROD FAILED: load T 2024-01"
    assert message.kind == "failure"
    assert message.body.splitlines() == [
        "Host:          jump1",
        "Configuration: c.json",
        "Environment:   PROD",
        "Target:        acme",
        "Run:           run-1",
        "",
        "FAILED: load T 2024-01",
        "  rows: 3",
        "  First error: Line 7: '<value>' is no number.",
        "  Next: do it",
        "",
        "The end of the log:",
        "  a '<value>' here",
    ]
    rows = composed([FAILED], WHERE, data_rows=True).body
    assert "'x y' is no number" in rows
    assert "    x y (3)" in rows
    many = [Event("failure", "load", f"TABLE_{number}", "2024-01") for number in range(40)]
    assert composed(many, WHERE, data_rows=False).subject.endswith("TABLE_2 2024-01 and 37 more")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Numeric value 'abc' is not recognized", "Numeric value '<value>' is not recognized"),
        ("'it''s' and 'a\\'b'", "'<value>' and '<value>'"),
        ("the table's column isn't \"ID\"", "the table's column isn't \"ID\""),
        ('Failed to cast variant value "abc" to FIXED', "Failed to cast variant value '<value>' to FIXED"),
        ('cannot be NUMBER: "it\'s" (1)', "cannot be NUMBER: '<value>' (1)"),
        ("cut off 'in the middle", "cut off '<value>'"),
        ("HIGH: 2 keys; the worst is DAY=7, ID=9 with 3 rows.", "HIGH: 2 keys; the worst is <value> with 3 rows."),
        ("Row: 1|John|Doe", "Row: <value>"),
        ("column 'ID' of 't.tsv'", "column 'ID' of 't.tsv'"),
    ],
)
def test_values_are_cut_out_of_sentences(text: str, expected: str) -> None:
    assert without_values(text, {"ID", "t.tsv"}) == expected
