"""``diagnose``: planted failures are explained down to the value, and the printed commands mend them."""

from __future__ import annotations

from desk import Desk, days_between, rows_for

JANUARY = days_between("2024-01-01", "2024-01-31")
NAME = "t_20240101-20240131.tsv"


def test_try(desk: Desk) -> None:
    for line in (
        "20240101\t1\tlonger than ten",
        "20240101\tx\ta",
        "20240132\t1\ta",
        "20240101\t1",
        "20240101\t1\ta\tb",
        "20240101\t1234567890\ta",
    ):
        for qc in ("skip", "file"):
            lines = rows_for(JANUARY)
            lines.insert(100, line)
            desk.file(NAME, lines)
            print(desk.load("--month", "2024-01", "--qc", qc).out)
            a = desk.run("diagnose")
            print(a.out, a.err)
    assert 0
