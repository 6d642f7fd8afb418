"""Questions about values: how they are bound, cast and read back, and what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from asking import Finding, question
from room import Room
from snowflake_etl.month import DayRange
from snowflake_etl.quality.profile import Expectations
from snowflake_etl.quality.table_engine import profile_table
from snowflake_etl.sqltext import NOW, column_type, day_bounds, literal, quote
from snowflake_etl.warehouse import catalog, ledger
from snowflake_etl.warehouse.keep_one import keep_one_statements
from snowflake_etl.warehouse.ledger import LedgerRow

_DRIVER = "decision 3 (statements use ? for bound values)"
_LEDGER = "design 4, Ledger; warehouse/ledger.py"


@question(
    601,
    "Are None, numbers and awkward texts bound as they are?",
    assumption="Yes: NULL, whole numbers, quotes, backslashes, tabs, line ends and other alphabets.",
    source=_DRIVER,
    otherwise="Values change on their way: write such values as literals.",
)
def bound_values_arrive(room: Room) -> Finding:
    table = room.table("T", "N NUMBER(38,0), V VARCHAR")
    text = 'it\'s a \\back\\slash, a\ttab, "quotes",\na line and \u00fc\u4e2d'
    for values in ([None, None], [10**15, text], [0, ""]):
        room.main.execute(f"INSERT INTO {table.sql} (N, V) SELECT ?, ?", values)
    rows = room.main.query(f"SELECT N, V FROM {table.sql} ORDER BY N NULLS FIRST")
    wanted = [(None, None), (0, ""), (10**15, text)]
    return Finding(rows == wanted, "As sent." if rows == wanted else f"{rows!r}")


@question(
    602,
    "Are ISO days and times bound as text and cast, NULL included?",
    assumption="Yes: CAST(? AS DATE) and CAST(? AS TIMESTAMP_NTZ), to the microsecond.",
    source=_LEDGER,
    otherwise="The ledger's days are wrong or missing: change ledger._PLACES.",
)
def bound_days_are_cast(room: Room) -> Finding:
    table = room.table("T", "K NUMBER(9,0), D DATE, Z TIMESTAMP_NTZ")
    sql = f"INSERT INTO {table.sql} (K, D, Z) SELECT ?, CAST(? AS DATE), CAST(? AS TIMESTAMP_NTZ)"
    room.main.execute(sql, [1, "2024-02-29", "2024-02-29 23:59:58.123456"])
    room.main.execute(sql, [2, None, None])
    rows = room.main.query(f"SELECT D, Z FROM {table.sql} ORDER BY K")
    wanted = [(date(2024, 2, 29), datetime(2024, 2, 29, 23, 59, 58, 123456)), (None, None)]
    return Finding(rows == wanted, f"{rows}")


@question(
    603,
    "Do the conditions for a range of days select it from columns of all four kinds?",
    assumption="Yes: DATE, TIMESTAMP_NTZ, NUMBER YYYYMMDD and text, first day in, the day after out.",
    source="design 4, Claimed days; sqltext.day_bounds",
    otherwise="A replace deletes other rows than it counted: the row count refuses that; change day_bounds.",
)
def ranges_of_days(room: Room) -> Finding:
    kinds = {"D": "DATE", "Z": "TIMESTAMP_NTZ", "N": "NUMBER(8,0)", "V": "VARCHAR(10)"}
    rows = (
        f"'{day}', '{day} 23:59:59', {day.replace('-', '')}, '{day}'"
        for day in ("2023-12-31", "2024-01-01", "2024-01-31", "2024-02-01")
    )
    table = room.table("T", ", ".join(f"{name} {kind}" for name, kind in kinds.items()), *rows)
    days = DayRange(date(2024, 1, 1), date(2024, 1, 31))
    counts = []
    for name, kind in kinds.items():
        written = "YYYYMMDD" if kind.startswith("NUMBER") else "YYYY-MM-DD"
        condition, binds = day_bounds(name, column_type(kind), days, written)
        counts.append(room.main.query(f"SELECT COUNT(*) FROM {table.sql} WHERE {condition}", binds)[0][0])
    return Finding(counts == [2, 2, 2, 2], f"{counts}")


@question(
    604,
    "Is CURRENT_TIMESTAMP, cast to TIMESTAMP_NTZ, the time in UTC?",
    assumption="Yes: the session's time zone is UTC; the driver returns it without a zone.",
    source="design 4, Publish (the warehouse's clock); session.SESSION_PARAMETERS",
    otherwise="Leases and the ledger's times are off by hours: convert with SYSDATE().",
)
def the_time_is_utc(room: Room) -> Finding:
    found = room.main.query(f"SELECT {NOW}")[0][0]
    distance = found - datetime.now(UTC).replace(tzinfo=None)
    return Finding(abs(distance) < timedelta(minutes=5), f"{distance.total_seconds():.0f} seconds from this host's.")


@question(
    605,
    "Does DATEADD on a TIMESTAMP_NTZ add seconds and keep the type?",
    assumption="Yes.",
    source="design 4, Publish (lease)",
    otherwise="Leases expire at the wrong time: change warehouse/lease.py.",
)
def seconds_are_added(room: Room) -> Finding:
    before, after = room.main.query(f"SELECT {NOW} AS T, DATEADD('second', 90, {NOW})")[0]
    return Finding(after - before == timedelta(seconds=90) and after.tzinfo is None, f"{after - before} later.")


@question(
    606,
    "Does a ledger row come back as it was written, and does its state change once?",
    assumption="Yes: days, numbers, texts and NULL days alike.",
    source=_LEDGER,
    otherwise="Change warehouse/ledger.py.",
)
def a_ledger_row_comes_back(room: Room) -> Finding:
    for statement in room.objects.create_statements():
        room.main.ensure(statement)
    table = room.name("T")
    row = LedgerRow(
        publish_id="p-1",
        run_id="r-1",
        table_name=str(table),
        month="2024-01",
        first_day=date(2024, 1, 1),
        last_day=None,
        file_name="it's a \\file.tsv",
        file_bytes=50 * 10**9,
        fingerprint="f" * 32,
        content_hash="c" * 32,
        row_count=500_000_000,
        mode="append",
        loaded_by="somebody",
        host="somewhere",
        started_at=datetime(2024, 2, 1, 3, 4, 5),
        published_at=None,
        copy_query_id="q-1",
    )
    ledger.insert_rows(room.main, room.objects, [row])
    found = ledger.live_rows(room.main, room.objects, table)
    ledger.set_state(room.main, room.objects, found, ledger.REPLACED)
    left = ledger.live_rows(room.main, room.objects, table)
    different = [
        name
        for name, value in vars(row).items()
        if name != "published_at" and (len(found) != 1 or getattr(found[0], name) != value)
    ]
    return Finding(not different and not left, f"{len(found)} row(s), different: {different}; {len(left)} left.")


@question(
    607,
    "Does TRY_TO_DATE without a format read '20220801' as seconds, and with one as a day?",
    assumption="Yes: so the format is always given.",
    source="practice notes, Transactions and sessions; design 5, Dates",
    otherwise="Nothing breaks.",
    cannot="its TRY_TO_DATE takes no format",
)
def dates_need_their_format(room: Room) -> Finding:
    sql = "SELECT TRY_TO_DATE('20220801'), TRY_TO_DATE('20220801', 'YYYYMMDD')"
    bare, given = room.main.query(sql)[0]
    return Finding(str(given) == "2022-08-01" != str(bare), f"{bare} without a format, {given} with it.")


@question(
    608,
    "Does CREATE SCHEMA move the session's own schema?",
    assumption="Yes: so every name is written in full and the schema of the sign-in is remembered.",
    source="session.Session",
    otherwise="Nothing breaks.",
)
def create_schema_moves_the_session(room: Room) -> Finding:
    before = room.main.query("SELECT CURRENT_SCHEMA()")[0][0]
    place = f"{quote(room.place.database)}.{quote(room.place.schema + '_B')}"
    room.main.execute(f"CREATE SCHEMA {place}")
    try:
        after = room.main.query("SELECT CURRENT_SCHEMA()")[0][0]
    finally:
        room.main.execute(f"DROP SCHEMA IF EXISTS {place}")
    return Finding(before != after == f"{room.place.schema}_B", f"{'Moved' if before != after else 'Not moved'}.")


@question(
    609,
    "Are string literals with backslashes, quotes and tabs read as the tools write them?",
    assumption="Yes: a backslash is doubled, a quote is doubled, tabs and line ends are escaped.",
    source="sqltext.literal",
    otherwise="Stage paths and file formats change on their way: change sqltext.literal.",
)
def literals_are_read_as_written(room: Room) -> Finding:
    text = "a\\b'c\td\ne\\n"
    found = room.main.query(f"SELECT {literal(text)}")[0][0]
    return Finding(found == text, f"{found!r}")


_PATTERNS = (
    (r"name \d", "name 1", True),
    (r"name \d", "a name 1", False),
    (r"name \d", "name 12", False),
    (r"^a|b$", "ab", False),
    (r"a|b", "b", True),
    (r"[[:alpha:]]{2,3}", "abcd", False),
    (r"a.b", "a\nb", False),
    (r"a\\b", "a\\b", True),
    (r"\w+", "\u00fc", False),
    (r"[A-Z]+", "abc", False),
    (r"(ab)+c?", "ababc", True),
    (r"[\d.]+", "1.5", True),
    (r"[a\]]+", "a]", True),
)


@question(
    610,
    "Does REGEXP_LIKE match the whole value, in the dialect that rules are written in?",
    assumption="Yes: as DuckDB's regexp_full_match, classes, groups, repetitions and escapes alike.",
    source="quality/patterns.py, decision 39",
    otherwise="A rule means one thing in a file and another in its table: take the construct out of check_pattern.",
)
def patterns_match_whole_values(room: Room) -> Finding:
    wrong = []
    for pattern, value, wanted in _PATTERNS:
        found = room.main.query(f"SELECT REGEXP_LIKE({literal(value)}, {literal(pattern)})")[0][0]
        if bool(found) is not wanted:
            wrong.append(f"{pattern!a} on {value!a}: {found}")
    return Finding(not wrong, "; ".join(wrong) or f"{len(_PATTERNS)} patterns as expected.")


_CONDITIONS = (
    ("-7 % 3 = -1", True),
    ("LENGTH('\u00e4\u00f6') = 2", True),
    ("'a' < 'B'", False),
    ("'a ' = 'a'", False),
    ("'a_b' LIKE 'a%' AND NOT 'xb' LIKE 'a_'", True),
    ("NULL IN (1, 2)", None),
    ("NOT (1 IN (2, NULL))", None),
    ("DATE '2024-03-01' - DATE '2024-02-28' = 2", True),
    ("DATE '2024-02-28' + 2 = DATE '2024-03-01'", True),
    ("COALESCE(NULL, 0.1) + 0.2 = 0.3", True),
    ("UPPER('\u00e4') = '\u00c4'", True),
)


@question(
    611,
    "Do the conditions of rules mean what they mean in DuckDB?",
    assumption="Yes: remainders, lengths, order of texts, LIKE, NULLs in lists, days between dates, exact numbers.",
    source="quality/conditions.py, decision 38",
    otherwise="A rule means one thing in a file and another in its table: take the construct out of the writer.",
)
def conditions_mean_the_same(room: Room) -> Finding:
    wrong = []
    for condition, wanted in _CONDITIONS:
        found = room.main.query(f"SELECT {condition}")[0][0]
        if found is not wanted:
            wrong.append(f"{condition}: {found}")
    return Finding(not wrong, "; ".join(wrong) or f"{len(_CONDITIONS)} conditions as expected.")


@question(
    612,
    "Does TRY_TO_DATE read one-digit days behind a name of a month?",
    assumption="Yes: 'Apr 1 2024' with MON DD YYYY is a day; what cannot be one is NULL.",
    source="table_engine._day_of_text",
    otherwise="Such days of a text column are unread_dates in the table and none in the file: pad them in SQL.",
)
def one_digit_days_are_read(room: Room) -> Finding:
    rows = room.main.query(
        "SELECT TRY_TO_DATE(REGEXP_REPLACE('Apr  1 2024', ' +', ' '), 'MON DD YYYY'), "
        "TRY_TO_DATE('Apr 31 2024', 'MON DD YYYY')"
    )
    return Finding(rows == [(date(2024, 4, 1), None)], f"{rows}")


@question(
    613,
    "Do the statements of duplicates --delete-sql leave one row of each key, and rows with a NULL in it alone?",
    assumption="Yes: QUALIFY beside WHERE, several columns IN a subquery, in one transaction.",
    source="warehouse/keep_one.py, decision 47",
    otherwise="Who runs what is printed deletes too much or nothing: change keep_one_statements before anybody does.",
)
def one_row_of_each_key_is_left(room: Room) -> Finding:
    rows = (
        "1, 1, 'b'",
        "1, 1, 'a'",
        "1, 1, 'a'",
        "2, 1, 'x'",
        "NULL, 1, 'n'",
        "NULL, 1, 'n'",
        "9, 1, 'o'",
        "9, 1, 'o'",
    )
    name = room.table("T", "K NUMBER(9,0), L NUMBER(9,0), V VARCHAR(5)", *rows)
    described = catalog.describe_table(room.main, name)
    if described is None:
        return Finding(False, f"{name} is not described")
    for statement in keep_one_statements(described, ["K", "L"], '"K" < CAST(? AS NUMBER)', ["9"]):
        room.main.execute(statement)
    left = room.main.query(f"SELECT K, V FROM {name.sql} ORDER BY K NULLS FIRST, V")
    wanted = [(None, "n"), (None, "n"), (1, "a"), (2, "x"), (9, "o"), (9, "o")]
    return Finding(left == wanted, f"{left}")


@question(
    614,
    "Can days be selected from texts that do not sort like their days?",
    assumption="Yes: TRY_TO_DATE with DD-MON-YYYY compares with bound days, and a text that is no date is left out.",
    source="table_engine._filter",
    otherwise="validate --month fails or counts other rows for such columns: they are checked as a whole only.",
)
def days_of_texts_that_do_not_sort(room: Room) -> Finding:
    name = room.table(
        "T", "V VARCHAR(20)", "'31-DEC-2023'", "'01-JAN-2024'", "'31-Jan-2024'", "'01-FEB-2024'", "'soon'"
    )
    expected = Expectations(date_column="V", date_format="DD-MON-YYYY", types={"V": column_type("VARCHAR(20)")})
    days = DayRange(date(2024, 1, 1), date(2024, 1, 31))
    profile = profile_table(room.main, name, expected, days=days)
    wanted = {date(2024, 1, 1): 1, date(2024, 1, 31): 1}
    return Finding(profile.rows_per_day == wanted and profile.rows == 2, f"{profile.rows_per_day}")
