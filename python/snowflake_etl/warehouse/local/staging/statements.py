"""PUT, GET, LIST, REMOVE and the DDL of stages (floor 3)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from snowflake_etl.warehouse.local.answers import Answer, Column, success
from snowflake_etl.warehouse.local.sql.words import Kind, Words, split_words
from snowflake_etl.warehouse.local.sql_errors import SqlError, missing, syntax_error
from snowflake_etl.warehouse.local.staging.names import StageLocation, complete, read_location
from snowflake_etl.warehouse.local.staging.stages import Stage, StagedFile

if TYPE_CHECKING:
    from snowflake_etl.warehouse.local.sessions import Session

_PUT_COLUMNS = (
    Column("source"),
    Column("target"),
    Column("source_size", "fixed"),
    Column("target_size", "fixed"),
    Column("source_compression"),
    Column("target_compression"),
    Column("status"),
    Column("message"),
)
# What the address of an upload that must not overwrite has to permit for connector 5.x.
_SIGNED_HEADERS = "%3B".join(
    (
        "host",
        "x-goog-if-generation-match",
        "x-goog-meta-encryptiondata",
        "x-goog-meta-matdesc",
        "x-goog-meta-sfc-digest",
    )
)
_LIST_COLUMNS = (Column("name"), Column("size", "fixed"), Column("md5"), Column("last_modified"))
_SHOW_COLUMNS = tuple(
    Column(name)
    for name in [
        "created_on",
        "name",
        "database_name",
        "schema_name",
        "url",
        "has_credentials",
        "has_encryption_key",
        "owner",
        "comment",
        "region",
        "type",
        "cloud",
        "notification_channel",
        "storage_integration",
        "endpoint",
        "owner_role_type",
        "directory_enabled",
    ]
)
_COMPRESSIONS = {
    ".gz": "GZIP",
    ".zst": "ZSTD",
    ".bz2": "BZIP2",
    ".br": "BROTLI",
    ".deflate": "DEFLATE",
    ".parquet": "PARQUET",
}
_SOURCE_COMPRESSIONS = frozenset({"AUTO_DETECT", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE"})


def take_location(words: Words, session: Session) -> StageLocation:
    """The next words as a stage location, bare or in quotes."""
    word = words.peek()
    if word is None or not (word.kind is Kind.STAGE or (word.kind is Kind.TEXT and word.value.startswith("@"))):
        raise words.unexpected()
    return read_location(words.advance().value, session.database, session.schema)


def take_pattern(words: Words) -> re.Pattern[str] | None:
    """PATTERN = '<regular expression>', if it comes next."""
    if not words.skip_name("PATTERN"):
        return None
    words.take_sign("=")
    return compile_pattern(words.take_text())


def compile_pattern(text: str) -> re.Pattern[str]:
    """A PATTERN's expression, which must match the whole path.  Raise SqlError for a bad one."""
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise SqlError(f"Invalid regular expression: '{text}', {error}", 100048, "2201B") from error


def matching_files(session: Session, location: StageLocation, pattern: re.Pattern[str] | None) -> list[StagedFile]:
    """The objects below a location, by path."""
    stage = find_stage(session, location)
    files = session.services.stages.files(stage, location.path)
    return [file for file in files if pattern is None or pattern.fullmatch(file.path)]


def find_stage(session: Session, location: StageLocation) -> Stage:
    """The stage of a location.  Raise SqlError when it, or the table of a table stage, is missing."""
    if location.is_table:
        found = session.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?",
            [location.database, location.schema, location.name[1:]],
        )
        if not found:
            raise missing("Table", f"{location.database}.{location.schema}.{location.name[1:]}")
    return location.find(session.services.stages, session.id)


def put(session: Session, sql: str) -> Answer:
    """PUT: permit the upload of one file, or answer SKIPPED if the name is taken and OVERWRITE is off."""
    words = Words(split_words(sql))
    words.take_name("PUT")
    source = words.take_text()
    if not source.lower().startswith("file://"):
        raise syntax_error(f"syntax error: PUT takes a 'file://' path, not '{source}'.")
    location = take_location(words, session)
    options = _put_options(words)
    stage = find_stage(session, location)
    local = unquote(source[7:]) if "%" in source else source[7:]
    name = PurePosixPath(local.replace("\\", "/")).name
    folder = location.path if not location.path or location.path.endswith("/") else f"{location.path}/"
    url = _ticket_url(session, stage, folder + name, overwrite=options.overwrite, upload=True)
    info = _stage_info(f"{stage.id}/{folder}", url)
    if not (options.overwrite or session.skips_by_itself) and (
        there := _already_there(session, stage, folder, name, options)
    ):
        return _skipped(name, there, {"stageInfo": info})
    return Answer(
        transfer={
            "command": "UPLOAD",
            "src_locations": [source[7:]],
            "stageInfo": info,
            "parallel": options.parallel,
            "autoCompress": options.auto_compress,
            "sourceCompression": options.source_compression.lower(),
            "overwrite": options.overwrite,
            "encryptionMaterial": None,
        }
    )


def _stage_info(location: str, url: str | None) -> dict[str, object]:
    """The target of a transfer: a store with signed addresses.  Connector 5.x requires the region."""
    return {"locationType": "GCS", "location": location, "region": "", "creds": {}, "presignedUrl": url}


@dataclass
class PutOptions:
    """The options of PUT with Snowflake's defaults."""

    parallel: int = 4
    auto_compress: bool = True
    source_compression: str = "AUTO_DETECT"
    overwrite: bool = False


def _put_options(words: Words) -> PutOptions:
    options = PutOptions()
    while not words.done:
        name = words.take_name("PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE").value.lower()
        words.take_sign("=")
        value = words.advance().value
        if name == "parallel":
            if not value.isdigit() or not 1 <= int(value) <= 99:
                raise SqlError(f"Invalid value '{value}' for PARALLEL: 1 to 99.", 1008, "22023")
            options.parallel = int(value)
        elif name == "source_compression":
            if value.upper() not in _SOURCE_COMPRESSIONS:
                raise SqlError(f"Invalid value '{value}' for SOURCE_COMPRESSION.", 1008, "22023")
            options.source_compression = value.upper()
        else:
            if value.upper() not in ("TRUE", "FALSE"):
                raise SqlError(f"Invalid value specified for property '{name.upper()}'", 1481, "42601")
            setattr(options, name, value.upper() == "TRUE")
    return options


def _already_there(session: Session, stage: Stage, folder: str, name: str, options: PutOptions) -> StagedFile | None:
    if any(sign in name for sign in "*?["):
        return None
    packed = PurePosixPath(name).suffix in _COMPRESSIONS or options.source_compression != "AUTO_DETECT"
    target = f"{name}.gz" if options.auto_compress and not packed else name
    return session.services.stages.look(stage, folder + target)


def _skipped(source: str, there: StagedFile, extra: dict[str, object]) -> Answer:
    target = PurePosixPath(there.path).name
    packed = _COMPRESSIONS.get(PurePosixPath(target).suffix, "NONE")
    row = (source, target, there.size, 0, packed, packed, "SKIPPED", "")
    # Including the upload target: the connector asks again once it has begun an upload.
    return Answer(_PUT_COLUMNS, [row], extra=extra)


def _ticket_url(session: Session, stage: Stage, path: str, *, upload: bool, overwrite: bool = False) -> str:
    services = session.services
    services.stages.file(stage, path)  # raises for a path that cannot be stored
    ticket = services.tickets.issue(session.id, stage, path, upload=upload, overwrite=overwrite)
    return f"{services.base_url}/objects/{ticket}?X-Goog-SignedHeaders={_SIGNED_HEADERS}"


def get(session: Session, sql: str) -> Answer:
    """GET: permit the download of the objects below a location."""
    words = Words(split_words(sql))
    words.take_name("GET")
    location = take_location(words, session)
    target = words.take_text()
    if not target.lower().startswith("file://"):
        raise syntax_error(f"syntax error: GET takes a 'file://' path, not '{target}'.")
    pattern, parallel = None, 10
    while not words.done:
        if pattern := take_pattern(words) or pattern:
            continue
        words.take_name("PARALLEL")
        words.take_sign("=")
        parallel = int(words.advance().value)
    files = matching_files(session, location, pattern)
    if files and location.path and not location.path.endswith("/"):
        folder = f"{location.path}/"
        files = [file for file in files if file.path == location.path or file.path.startswith(folder)]
    urls = [_ticket_url(session, file.stage, file.path, upload=False) for file in files]
    stage = find_stage(session, location)
    return Answer(
        transfer={
            "command": "DOWNLOAD",
            "src_locations": [file.path for file in files],
            "presignedUrls": urls,
            "localLocation": target[7:],
            "stageInfo": _stage_info(f"{stage.id}/", None),
            "parallel": parallel,
            "encryptionMaterial": None,
        }
    )


def list_files(session: Session, sql: str) -> Answer:
    """LIST: name, size in bytes, md5 and time of each object below a location."""
    words = Words(split_words(sql))
    words.take_name("LIST", "LS")
    location = take_location(words, session)
    pattern = take_pattern(words)
    words.expect_end()
    rows = [
        (file.name, file.size, file.md5, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(file.modified)))
        for file in matching_files(session, location, pattern)
    ]
    return Answer(_LIST_COLUMNS, rows)


def remove(session: Session, sql: str) -> Answer:
    """REMOVE: delete every object whose path starts with the location's."""
    words = Words(split_words(sql))
    words.take_name("REMOVE", "RM")
    location = take_location(words, session)
    pattern = take_pattern(words)
    words.expect_end()
    files = matching_files(session, location, pattern)
    for file in files:
        session.services.stages.remove(file)
    return Answer((Column("name"), Column("result")), [(file.name, "removed") for file in files])


def create_stage(session: Session, sql: str) -> Answer:
    """CREATE [OR REPLACE] [TEMPORARY] STAGE [IF NOT EXISTS]: an internal one, whatever its options."""
    words = Words(split_words(sql))
    words.take_name("CREATE")
    replace = words.skip_phrase("OR", "REPLACE")
    temporary = words.skip_name("TEMPORARY", "TEMP")
    words.take_name("STAGE")
    if_missing = words.skip_phrase("IF", "NOT", "EXISTS")
    database, schema, name = complete(words.take_object_name(), session.database, session.schema)
    comment = _stage_options(words)
    require_schema(session, database, schema)
    made = session.services.stages.create(
        database,
        schema,
        name,
        replace=replace,
        if_missing=if_missing,
        session=session.id if temporary else 0,
        comment=comment,
    )
    if made:
        return success(f"Stage area {name} successfully created.")
    return success(f"{name} already exists, statement succeeded.")


def _stage_options(words: Words) -> str:
    comment = ""
    while not words.done:
        option = words.take_name("FILE_FORMAT", "DIRECTORY", "ENCRYPTION", "COPY_OPTIONS", "COMMENT").value.upper()
        words.take_sign("=")
        if option == "COMMENT":
            comment = words.take_text()
            continue
        words.take_sign("(")
        depth = 1
        while depth:
            word = words.advance()
            depth += word.is_sign("(") - word.is_sign(")")
    return comment


def has_schema(session: Session, database: str, schema: str) -> bool:
    """Whether the schema exists."""
    return bool(
        session.execute(
            "SELECT 1 FROM duckdb_schemas() WHERE database_name = ? AND schema_name = ?", [database, schema]
        )
    )


def require_schema(session: Session, database: str, schema: str) -> None:
    """Raise SqlError unless the schema exists."""
    if not has_schema(session, database, schema):
        raise missing("Schema", f"{database}.{schema}")


def drop_stage(session: Session, sql: str) -> Answer:
    """DROP STAGE [IF EXISTS], including its objects."""
    words = Words(split_words(sql))
    words.take_name("DROP")
    words.take_name("STAGE")
    if_there = words.skip_phrase("IF", "EXISTS")
    database, schema, name = complete(words.take_object_name(), session.database, session.schema)
    words.expect_end()
    stage = session.services.stages.find(database, schema, name, session.id)
    if stage is None:
        if if_there:
            return success(f"Drop statement executed successfully ({name} already dropped).")
        raise missing("Stage", f"{database}.{schema}.{name}")
    session.services.stages.drop(stage)
    return success(f"{name} successfully dropped.")


def describe_stage(session: Session, words: Words) -> Answer:
    """DESCRIBE STAGE: the properties of an internal stage."""
    database, schema, name = complete(words.take_object_name(), session.database, session.schema)
    words.expect_end()
    session.services.stages.get(database, schema, name, session.id)
    titles = ("parent_property", "property", "property_type", "property_value", "property_default")
    rows = [("STAGE_LOCATION", "URL", "String", "", ""), ("STAGE_FILE_FORMAT", "TYPE", "String", "CSV", "CSV")]
    return Answer([Column(title) for title in titles], list(rows))


def show_stages(session: Session, like: re.Pattern[str] | None, scope: tuple[str, ...]) -> Answer:
    """SHOW STAGES [LIKE] [IN ...]: ``scope`` is (database[, schema]) or empty for all."""
    rows = []
    for stage in session.services.stages.all(session.id):
        if like is not None and not like.fullmatch(stage.name):
            continue
        if (stage.database, stage.schema)[: len(scope)] != scope:
            continue
        kind = "INTERNAL TEMPORARY" if stage.session else "INTERNAL"
        created = time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(stage.created))
        facts = ("", "N", "N", session.role, stage.comment, None, kind, None, None, None, None, "ROLE", "N")
        rows.append((created, stage.name, stage.database, stage.schema, *facts))
    return Answer(_SHOW_COLUMNS, rows)
