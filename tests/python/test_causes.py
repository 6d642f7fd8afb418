"""The table of causes: the words of Snowflake, the driver, the system and our own, each to its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from snowflake_etl.operations.diagnosis.causes import CAUSES, UNKNOWN, cause_of
from snowflake_etl.operations.diagnosis.cures import Means, cures_of
from snowflake_etl.operations.diagnosis.facts import Facts, Found, line_of
from snowflake_etl.results import Finding, Rejection, Severity

SAID = {
    "encoding": (
        "Invalid UTF8 detected in string 'caf0xE9'",
        "'/x/t.tsv' is not utf-8 on line 9, at byte 120 (invalid continuation byte). Write the right 'encoding'",
    ),
    "nul_bytes": ("1 line with NUL bytes, first line 4.",),
    "quotes": (
        "Found character 'e' instead of field delimiter ','",
        'End of record reached while expected to parse column \'"T"["NAME":3]\'',
        "'/x/t.tsv' has a quote that is opened on line 7 and never closed. Repair that line",
    ),
    "column_count": (
        "Number of columns in file (4) does not match that of the corresponding table (3), use file format option",
        "Field delimiter ',' found while expecting record delimiter '\\n'",
    ),
    "damaged_file": (
        "'/x/t.tsv.gz' is cut off: its gzip data goes on after the last byte, 300000. Copy it again",
        "'/x/t.tsv.zst' is damaged: its zstd data cannot be unpacked between byte 5 and byte 9 (x). Copy it again",
        "'/x/t.tsv.gz' has gzip data up to about byte 9 and something else after it. Pack it again; nothing",
        "'/x/t.tsv' holds nothing but NUL bytes, like a file whose space was reserved and never written.",
        "'/x/p.zst' is not the part that the manifest names: its checksum differs. Copy it again",
        "'/x/t.tsv' cannot be read after byte 7: Input/output error. Check the disk.",
    ),
    "foreign_format": (
        "'/x/t.tsv' is a ZIP archive, not rows of text. Unpack it (unzip) and load the result.",
        "'/x/t.gz', once its gzip packing is undone, is gzip data again, not rows of text. Unpack it once",
    ),
    "twins": (
        "'/x/a.tsv' and '/x/b.tsv.gz' hold the same rows for different days. One of them is a copy under a wrong name",
        "'a.tsv' and 'b.tsv' hold the same bytes for different days. One of them is a copy under a wrong name",
    ),
    "empty_file": (
        "'/x/t.tsv' has a header and not a single row. Ask its sender for the complete file.",
        "'/x/t.tsv.gz' is empty (0 bytes unpacked). Ask its sender for the complete file.",
        "'/x/t.tsv' holds empty lines only. Ask its sender for the complete file.",
    ),
    "layout": (
        "'/x/t.tsv' is not divided evenly by a tab, comma, semicolon or vertical bar. Write its 'delimiter'",
        "It is not clear whether the first line of '/x/t.tsv' is a header or a row. Write 'header'",
        "The header of '/x/t.tsv' names the column 'ID' twice. Repair the header.",
        "'/x/t.tsv' ends its lines with a carriage return alone. Convert it",
    ),
    "columns_differ": ("The columns of 't.tsv' do not fit D.S.T: missing: ID. Correct the file",),
    "too_long": (
        "String 'longer than ten' is too long and would be truncated",
        "User character length limit (10) exceeded by string 'longer than ten'",
        "String 'x' cannot be inserted because it's bigger than column size",
    ),
    "out_of_range": ("Numeric value '1234567890' is out of range", "Number out of representable range: type FIXED"),
    "not_numeric": ("Numeric value 'abc' is not recognized",),
    "bad_date": ("Date '20240132' is not recognized", "Can't parse '13/45/2024' as date with format 'YYYYMMDD'"),
    "bad_timestamp": (
        "Timestamp '2024-01-01 25:00' is not recognized",
        "Time '25:00' is not recognized",
        "Can't parse 'x' as timestamp with format 'AUTO'",
    ),
    "bad_boolean": ("Boolean value 'perhaps' is not recognized",),
    "bad_json": ('Error parsing JSON: unknown keyword "oh", pos 3',),
    "bad_binary": ("The following string is not a legal hex-encoded value: 'XY'",),
    "null_in_not_null": ("NULL result in a non-nullable column", "Column 'ID' cannot be null"),
    "check": (
        "The check found 1 error in t.tsv; nothing was published.",
        "3 rows outside the days of the files' names, nothing was published.",
    ),
    "file_changed": ("'/x/t.tsv' was changed while it was read: it was written to. Nothing of it was published",),
    "disk_full": (
        "The disk is full while writing /x/y. Free some space and run the command again.",
        "OSError: [Errno 28] No space left on device",
        "The storage of local is full. Make room there and run the same command again.",
    ),
    "out_of_memory": ("There is not enough memory. Use fewer workers", "MemoryError", "Cannot allocate memory"),
    "stage_file_missing": (
        "part-1.tsv.zst should be at @D.W.ETL_STAGE/t/ and LIST does not show it. Another run may have cleaned up",
        "COPY found nothing to load: Copy executed with 0 files processed.. Run the load again.",
        "Remote file 'https://store/part' was not found. There are several potential causes.",
    ),
    "suspended_warehouse": (
        "Warehouse WH is suspended and does not resume by itself (AUTO_RESUME is off).",
        "Warehouse 'WH' cannot be resumed because resource monitor 'M' has exceeded its quota.",
    ),
    "no_warehouse": (
        "No active warehouse selected in the current session.",
        "The session has no warehouse: there is no WH, or role LOADER may not use it.",
    ),
    "locked": (
        "D.S.T is locked by transaction 1700000000000000000 of user BOB. Wait until it ends",
        "Statement '01b' has locked table 'T' in transaction 17000 and this lock has not yet been released.",
    ),
    "expired_credentials": (
        "Cannot sign in to acme: Authentication token has expired. The user must authenticate again.",
        "Cannot sign in to acme: JWT token is invalid. Check account, user and key in the configuration",
        "Incorrect username or password was specified.",
        "Your password has expired.",
    ),
    "proxy": (
        "Cannot sign in to acme: Cannot connect to proxy. Check account",
        "OSError('Tunnel connection failed: 407 Proxy Authentication Required')",
    ),
    "time_out": ("Statement reached its statement or warehouse timeout of 60 second(s) and was canceled.",),
    "network": (
        "Cannot sign in to acme: Connection refused. Check account, user and key in the configuration, and that this "
        "host may reach it (proxy, firewall).",
        "The connection to acme was lost: Connection reset by peer. Run the same command again.",
        "acme has not answered for 300 s: Name or service not known. Run the same command again.",
        "certificate verify failed: unable to get local issuer certificate",
    ),
    "privileges": (
        'Role LOADER lacks INSERT on table T. Its owner runs: GRANT INSERT ON TABLE "T" TO ROLE "LOADER";',
        "SQL access control error:\nInsufficient privileges to operate on table 'T'.",
        "Object 'T' does not exist or not authorized.",
        "There is no table D.S.T, or your role may not see it.",
    ),
    "cancelled_query": ("SQL execution canceled",),
    "source_missing": ("There is no file '/x/t.tsv'. Check its name and folder.", "The folder '/x' does not exist."),
    "bug": ("Unexpected KeyError: 'x'. This is a bug", "Traceback (most recent call last)"),
}
STATES = {
    "running": "running",
    "nothing": "done",
    "lost_job": "lost",
    "interrupted": "interrupted",
    "refused": "refused",
    "cancelled": "stopped",
}
CODES = {"killed": 137, "configuration": 3, "usage": 2}
FINDINGS = {"bad_value": "values_do_not_cast", "check": "missing_days", "bad_date": "unread_dates"}
ALL_WORDS = [(code, text) for code, texts in SAID.items() for text in texts]
NO_MEANS = Means("./snowflake_etl.sh", Path("/x/config.json"), "T", (Path("/x/t.tsv"),))


def failed(text: str, **known: object) -> Facts:
    return Facts("load", "failed", text, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "text"), ALL_WORDS, ids=[f"{code} {text[:30]}" for code, text in ALL_WORDS])
def test_words_are_told_to_their_cause(code: str, text: str) -> None:
    assert cause_of(failed(text)).code == code


def test_every_cause_is_told_from_something() -> None:
    told = {*SAID, *STATES, *CODES, *FINDINGS}
    assert {cause.code for cause in CAUSES} == told
    for code, state in STATES.items():
        assert cause_of(Facts("job", state, "whatever was said")).code == code
    for code, number in CODES.items():
        assert cause_of(failed("", exit_code=number)).code == code
    for code, finding in FINDINGS.items():
        found = Found("t.tsv", "file", Finding(finding, Severity.ERROR, "what the check says"))
        assert cause_of(failed("The check found 1 error", findings=(found,))).code == code


def test_a_value_that_sounds_like_another_cause_does_not_mislead() -> None:
    where = Rejection("/x/t.tsv", 7, "NAME", 3, "Numeric value 'the disk is full' is not recognized", "", "", 0)
    assert cause_of(failed("whatever", rejection=where)).code == "not_numeric"


def test_cancelled_by_the_operator_comes_before_what_was_said_last() -> None:
    assert cause_of(Facts("job", "failed", "The connection to acme was lost", cancelled=True)).code == "cancelled"


def test_what_nobody_knows_is_unknown_and_still_has_a_way_on() -> None:
    facts = failed("The moon is in the wrong house.", run_id="20240101-000000-00000000")
    assert cause_of(facts) is UNKNOWN
    commands = [cure.command for cure in cures_of(UNKNOWN, facts, None, NO_MEANS, first_row=False)]
    assert commands[-1] == "./snowflake_etl.sh recover --retry 20240101-000000-00000000"


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause.code != "nothing"], ids=lambda cause: cause.code)
def test_every_cause_says_what_to_do(cause: object) -> None:
    for known in ({"run_id": "20240101-000000-00000000"}, {"job_id": "20240101-000000-load-1", "verb": "report"}):
        facts = failed("", **known)
        cures = cures_of(cause, facts, None, NO_MEANS, first_row=False)  # type: ignore[arg-type]
        assert cures
        assert all(cure.text.endswith((".", ":")) for cure in cures)
        assert all(cure.command.startswith(("./snowflake_etl.sh ", "df -h")) for cure in cures if cure.command)


@pytest.mark.parametrize(
    ("text", "file", "line"),
    [
        (
            "'/x/t.tsv', line 1,234, column NAME: String 'a' is too long and would be truncated. Correct the file",
            "/x/t.tsv",
            1234,
        ),
        ("'/x/t.tsv' is not utf-8 on line 9, at byte 120 (invalid continuation byte). Write", "/x/t.tsv", 9),
        ("'/x/t.tsv' has a quote that is opened on line 7 and never closed. Repair", "/x/t.tsv", 7),
    ],
)
def test_the_place_is_read_from_our_own_sentences(text: str, file: str, line: int) -> None:
    facts = failed(text).with_place()
    assert facts.rejection is not None
    assert (facts.rejection.file, facts.rejection.line) == (file, line)
    assert cause_of(facts).in_data


def test_the_line_of_a_finding_is_its_first() -> None:
    assert line_of(Finding("x", Severity.ERROR, "", {"first_line": 4})) == 4
    assert line_of(Finding("x", Severity.ERROR, "", {}, ("line 1,004: 2 columns",))) == 1004
    assert line_of(Finding("x", Severity.ERROR, "no line")) == 0
