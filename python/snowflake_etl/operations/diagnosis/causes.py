"""The table of causes (floor 5, pure): the first that explains the facts is the cause.

The patterns match messages of the warehouse (Snowflake's own wording), the driver and the system, and our own.
"""

from __future__ import annotations

from snowflake_etl.operations.diagnosis.cause import ANY_FINDING, Cause, Remedy
from snowflake_etl.operations.diagnosis.facts import Facts


def cause_of(facts: Facts) -> Cause:
    """The first cause that explains the facts, else ``UNKNOWN``."""
    return next((cause for cause in CAUSES if cause.explains(facts)), UNKNOWN)


_STATES: tuple[Cause, ...] = (
    Cause(
        "running",
        "It has not ended",
        "It is running or about to start; nothing has failed so far.",
        Remedy.WAIT,
        states=frozenset({"running", "queued"}),
    ),
    Cause("nothing", "Nothing failed", "It ended well.", Remedy.NOTHING, states=frozenset({"done", "cleaned"})),
    Cause(
        "lost_job",
        "The job is lost",
        "It ended without leaving a result: the host went down, or its processes were killed together with the "
        "supervisor. A load is published as a whole or not at all.",
        Remedy.RESUME,
        states=frozenset({"lost"}),
    ),
    Cause(
        "interrupted",
        "The load was cut off",
        "Its process ended without leaving a result: it was killed, or the host went down. A load is published as a "
        "whole or not at all.",
        Remedy.RESUME,
        states=frozenset({"interrupted"}),
    ),
    Cause(
        "refused",
        "It was refused, on purpose",
        "Nothing went wrong and nothing was changed: what was asked for needs a decision first.",
        Remedy.SAID,
        states=frozenset({"refused"}),
    ),
    Cause(
        "cancelled",
        "It was stopped",
        "Somebody cancelled it, or a signal ended it. Nothing was published by halves.",
        Remedy.RETRY,
        states=frozenset({"stopped", "cancelled"}),
    ),
)

# The order of findings: those that name a value come before those that name a row, and these before those for days.
_DATA: tuple[Cause, ...] = (
    Cause(
        "damaged_file",
        "The file is damaged",
        "It was not copied completely, or was changed on the way: it cannot be read to its end.",
        Remedy.SAID,
        r"is cut off: its \w+ data|is damaged: its \w+ data|something else after it\. Pack it again"
        r"|is not the part that the manifest names|holds nothing but NUL bytes|cannot be read after byte",
    ),
    Cause(
        "foreign_format",
        "The file is no text",
        "It is an archive, compressed twice or by an unknown program, or in the format of another program.",
        Remedy.SAID,
        r"not rows of text\. ",
    ),
    Cause(
        "twins",
        "Two files hold the same rows",
        "One of them is a copy under the name of other days, so its rows would be there twice, and those of the "
        "other days not at all.",
        Remedy.TWINS,
        r"hold the same (rows|bytes) for different days",
    ),
    Cause(
        "encoding",
        "Bytes are not of the file's encoding",
        "A text holds bytes that mean nothing in the encoding that the file is read in.",
        Remedy.ENCODING,
        r"Invalid UTF-?8|is not [\w-]+ on line \d+, at byte|invalid (start|continuation) byte|UnicodeDecodeError",
        frozenset({"invalid_encoding"}),
        in_data=True,
    ),
    Cause(
        "nul_bytes",
        "A line holds NUL bytes",
        "There are NUL bytes where text should be, as after an interrupted write.",
        Remedy.ROWS,
        r"NUL byte",
        frozenset({"nul_bytes"}),
        in_data=True,
    ),
    Cause(
        "quotes",
        "A quote does not close as it should",
        "A quote opens a value and is not closed where the value ends, so what follows becomes part of the value.",
        Remedy.QUOTES,
        r"has a quote that is opened|Found character '.*' instead of (field|record) delimiter"
        r"|end of (record|file) reached while expect|Unterminated string|closing quote",
        frozenset({"unbalanced_quotes"}),
        in_data=True,
    ),
    Cause(
        "column_count",
        "A row has too many or too few columns",
        "A delimiter or line end inside a value, or a truncated row, shifts everything that follows.",
        Remedy.COLUMNS,
        r"Number of columns in file \(\d+\) does not match|columns? (mismatch|count)"
        r"|Field delimiter '.*' found while expecting record delimiter",
        frozenset({"ragged_rows", "long_lines"}),
        in_data=True,
    ),
    Cause(
        "columns_differ",
        "The file's columns are not those of the table",
        "The header does not name the expected columns, or has a different number of them.",
        Remedy.SAID,
        r"The columns of .+ do not fit",
        frozenset({"columns_differ"}),
    ),
    Cause(
        "too_long",
        "A value is too long for its column",
        "The column takes fewer characters than the value has; nothing is ever cut off.",
        Remedy.WIDEN,
        r"is too long and would be truncated|User character length limit|cannot be inserted because it's bigger",
        frozenset({"values_too_long"}),
        in_data=True,
    ),
    Cause(
        "out_of_range",
        "A number is out of its column's range",
        "The number has more digits than the column keeps.",
        Remedy.ROWS,
        r"Numeric value '.*' is out of range|Number out of representable range",
        in_data=True,
    ),
    Cause(
        "not_numeric",
        "A value is not a number",
        "The column is numeric and the value is not a number as the warehouse reads it.",
        Remedy.ROWS,
        r"Numeric value '.*' is not recognized|Failed to cast variant value .* to (FIXED|REAL)",
        in_data=True,
    ),
    Cause(
        "bad_date",
        "A value is not a date",
        "The value is not a day of the calendar, or is not written as date_format says.",
        Remedy.FORMAT,
        r"\bDate '.*' is not recognized|Can't parse '.*' as date",
        frozenset({"unread_dates"}),
        in_data=True,
    ),
    Cause(
        "bad_timestamp",
        "A value is not a time",
        "The value is not a valid time, or is not written as timestamp_format says.",
        Remedy.FORMAT,
        r"\bTime(stamp)? '.*' is not recognized|Can't parse '.*' as time",
        in_data=True,
    ),
    Cause(
        "bad_boolean",
        "A value is neither true nor false",
        "The column is a BOOLEAN: it takes true, false, yes, no, on, off, 1, 0 and their first letters.",
        Remedy.ROWS,
        r"Boolean value '.*' is not recognized",
        in_data=True,
    ),
    Cause(
        "bad_json",
        "A value is not JSON",
        "The column is a VARIANT and the text cannot be parsed.",
        Remedy.ROWS,
        r"Error parsing JSON",
        in_data=True,
    ),
    Cause(
        "bad_binary",
        "A value is not hexadecimal",
        "The column is BINARY and takes pairs of hexadecimal digits.",
        Remedy.ROWS,
        r"not a legal hex-encoded value",
        in_data=True,
    ),
    Cause(
        "bad_value",
        "A value is not of its column's type",
        "The table would not take it, so nothing was loaded.",
        Remedy.ROWS,
        findings=frozenset({"values_do_not_cast"}),
        in_data=True,
    ),
    Cause(
        "null_in_not_null",
        "A value is missing where the column needs one",
        "The column is NOT NULL and the value is empty, or one of the texts that null_values takes for NULL.",
        Remedy.NOT_NULL,
        r"NULL result in a non-nullable column|cannot be null",
        frozenset({"null_keys"}),
        in_data=True,
    ),
    Cause(
        "check",
        "The check of the rows found errors",
        "The rows were checked before anything was published, and are not what they should be.",
        Remedy.CHECK,
        r"The check found|outside the days of the files' names",
        frozenset({ANY_FINDING}),
    ),
    Cause(
        "empty_file",
        "The file holds no rows",
        "It was made before there was any data, or nothing of the data was copied.",
        Remedy.SAID,
        r"has a header and not a single row|has not a single row|holds empty lines only|is empty\b.*Ask its sender",
    ),
    Cause(
        "layout",
        "The file is not laid out as expected",
        "The layout of its lines, fields, names or characters cannot be detected, or is not what the configuration "
        "says.",
        Remedy.SAID,
        r"is not divided evenly|is a header or a row|fields where the configuration expects|has no name in the header"
        r"|names the column .+ twice|are laid out differently|with a carriage return alone|the byte order mark of"
        r"|zero byte in every other place",
    ),
    Cause(
        "file_changed",
        "The file was changed while it was read",
        "Somebody wrote to the file or replaced it, so what was read may be a mixture.",
        Remedy.RETRY,
        r"was changed while it was read",
    ),
)

_AROUND: tuple[Cause, ...] = (
    Cause(
        "disk_full",
        "A disk is full",
        "There is no room left on this host, or in the storage behind the stage.",
        Remedy.ROOM,
        r"disk is full|No space left on device|storage of .+ is full|stage has no room|quota exceeded",
    ),
    Cause(
        "out_of_memory",
        "There was not enough memory",
        "The host ended the process, or refused it memory; other programs may have taken it.",
        Remedy.MEMORY,
        r"not enough memory|MemoryError|out of memory|Cannot allocate memory",
    ),
    Cause(
        "killed",
        "The process was killed",
        "Nobody asked for it (kill -9): most often the host's out-of-memory killer; look with: dmesg | tail.",
        Remedy.MEMORY,
        exit_codes=frozenset({137}),
    ),
    Cause(
        "stage_file_missing",
        "A file is missing on the stage",
        "What was staged is not there any more: removed by recover --clean, stage clean or another run, or it never "
        "arrived.",
        Remedy.RETRY,
        r"should be at .+ and LIST does not show it|COPY found nothing to load|Remote file '.*' was not found"
        r"|File '?@.+ (was not found|does not exist)|is no manifest of this version",
    ),
    Cause(
        "suspended_warehouse",
        "The warehouse does not run",
        "It is suspended and does not resume by itself, or a resource monitor keeps it from resuming.",
        Remedy.SAID,
        r"Warehouse '?.+'? (is suspended|may not be resumed|cannot be resumed)",
    ),
    Cause(
        "no_warehouse",
        "The session has no warehouse",
        "Statements that read or load rows need a running warehouse.",
        Remedy.SAID,
        r"No active warehouse selected|The session has no warehouse",
    ),
    Cause(
        "locked",
        "Another transaction holds a lock",
        "Somebody else changes the same table and has not ended.",
        Remedy.SAID,
        r"is locked by transaction|has locked table|aborted because another transaction|lock timeout"
        r"|waiters for this lock",
    ),
    Cause(
        "expired_credentials",
        "The credentials are expired or wrong",
        "The warehouse knows the user but refuses the sign-in.",
        Remedy.CONNECTION,
        r"token (has|is) (expired|invalid)|token.{0,20}expired|password.{0,30}expired|JWT token is invalid"
        r"|Incorrect username or password|invalid_grant|\b390(100|114|144|195|318)\b|User.{0,30}(disabled|locked)"
        r"|private key.{0,40}(wrong|incorrect|decrypt)|Bad decrypt",
    ),
    Cause(
        "proxy",
        "A proxy is in the way",
        "The proxy refused the connection, or requires a sign-in.",
        Remedy.CONNECTION,
        r"ProxyError|cannot connect to proxy|tunnel connection failed|407 Proxy|Proxy Authentication",
    ),
    Cause(
        "time_out",
        "A statement took longer than it may",
        "The warehouse ended the statement at load.statement_timeout or load.queue_timeout, or at its own limit.",
        Remedy.SETTINGS,
        r"reached its statement or warehouse timeout|statement timeout|STATEMENT_(QUEUED_)?TIMEOUT|queued? timeout",
    ),
    Cause(
        "network",
        "The warehouse is out of reach",
        "The connection could not be made or was lost: network, firewall, name service or certificate.",
        Remedy.CONNECTION,
        r"Cannot sign in to|The connection to .+ was lost|has not answered for|Connection (refused|reset|aborted)"
        r"|timed? ?out|Name or service not known|name resolution|unreachable|certificate|SSL"
        r"|cloud store behind the stage refused|broken pipe",
    ),
    Cause(
        "privileges",
        "The role may not do this",
        "A privilege is missing, or the object is not there: Snowflake does not tell the two apart.",
        Remedy.SAID,
        r"lacks .+ on|Insufficient privileges|does not exist or not authorized|or (your )?role .*may not|"
        r"may not (see|use)|is not set up|There is no table",
    ),
    Cause(
        "cancelled_query",
        "It was stopped or cancelled",
        "Ctrl-C or a signal stopped it, or somebody cancelled its statement in the warehouse; what it did was undone.",
        Remedy.RETRY,
        r"SQL execution cancell?ed|was cancelled in the warehouse|Stopped by SIG|Stopped with the other",
    ),
    Cause(
        "source_missing",
        "There is no file to load",
        "There is no file of that name, month or pattern, or it may not be read.",
        Remedy.SETTINGS,
        r"There is no file|no file of|may not be read|cannot be read|does not exist|No such file",
    ),
    Cause(
        "configuration",
        "The configuration cannot be used",
        "A setting is missing, unknown or invalid.",
        Remedy.SETTINGS,
        exit_codes=frozenset({3}),
    ),
    Cause(
        "usage",
        "The command line is wrong",
        "Its flags do not go together.",
        Remedy.SAID,
        exit_codes=frozenset({2}),
    ),
    Cause(
        "bug",
        "The tool itself failed",
        "This is not supposed to happen, whatever the data.",
        Remedy.REPORT,
        r"^Unexpected \w+:|Traceback \(most recent",
    ),
)

UNKNOWN = Cause(
    "unknown",
    "The cause is not known",
    "This tool knows none of these messages; the words below are all there is.",
    Remedy.CHECK,
)

CAUSES = (*_STATES, *_DATA, *_AROUND)
