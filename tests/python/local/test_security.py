"""The embedded warehouse is its operator's alone: sign-in, tickets, files, what SQL may reach."""

from __future__ import annotations

import http.client
import stat
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from snowflake.connector.errors import DatabaseError, Error, ProgrammingError

from local_client import Client, sign_in
from snowflake_etl.warehouse.local.folder import LocalEndpoint, WarehouseFolder


def request(endpoint: LocalEndpoint, verb: str, path: str, body: bytes = b"", token: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=10)
    try:
        headers = {"Authorization": f'Snowflake Token="{token}"'} if token else {}
        connection.request(verb, path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("user", "password"), [("LOCAL", "wrong"), ("LOCAL", ""), ("somebody", None), ("LOCAL", "x" * 500)]
)
def test_a_wrong_secret_is_the_connectors_own_error(endpoint: LocalEndpoint, user: str, password: str | None) -> None:
    with pytest.raises(Error, match=r"Incorrect username or password was specified|Password is empty") as refused:
        sign_in(endpoint, user=user, password=endpoint.secret if password is None else password)
    assert refused.value.errno in (390100, 251006)
    assert endpoint.secret not in str(refused.value)


def test_every_route_wants_a_token(endpoint: LocalEndpoint) -> None:
    for verb, path in (
        ("POST", "/queries/v1/query-request?requestId=x"),
        ("POST", "/queries/v1/abort-request"),
        ("POST", "/queries/x/abort-request"),
        ("GET", "/queries/x/result"),
        ("GET", "/monitoring/queries/x"),
        ("POST", "/session?delete=true"),
        ("POST", "/session/heartbeat"),
        ("POST", "/session/token-request"),
        ("POST", "/telemetry/send"),
    ):
        for token in ("", "wrong"):
            status, body = request(endpoint, verb, path, b'{"sqlText": "SELECT 1"}', token)
            assert status == 200, path
            assert b'"success":false' in body, path
            assert b"39010" in body, path
    assert request(endpoint, "GET", "/local/health")[0] == 401
    assert request(endpoint, "GET", "/local/health?nonce=x&proof=y")[0] == 401
    assert request(endpoint, "GET", "/")[0] == 404


def test_an_upload_without_its_ticket_is_refused(client: Client, endpoint: LocalEndpoint) -> None:
    for word in ("x", "../stage/x", "..%2f..%2fsecret"):
        assert request(endpoint, "PUT", f"/objects/{word}", b"bad")[0] in (403, 404), word
        assert request(endpoint, "GET", f"/objects/{word}")[0] in (403, 404), word
    assert client.names() == []


def test_a_ticket_ends_with_its_session(
    client: Client, clients: Callable[..., Client], endpoint: LocalEndpoint
) -> None:
    other = clients()
    answer = other.connection.cmd_query(f"PUT 'file://a.zst' '{other.stage}x/' AUTO_COMPRESS=FALSE", 1, uuid.uuid4())
    path = "/" + answer["data"]["stageInfo"]["presignedUrl"].split("/", 3)[3]
    assert request(endpoint, "GET", path)[0] == 403, "a ticket for an upload is none for a download"
    assert request(endpoint, "PUT", path, b"mine")[0] == 200
    other.connection.close()
    assert request(endpoint, "PUT", path, b"late")[0] == 403
    assert client.names() == ["etl_stage/x/a.zst"]


def test_an_upload_that_breaks_off_leaves_nothing(
    client: Client, endpoint: LocalEndpoint, warehouse_state: Path
) -> None:
    answer = client.connection.cmd_query(f"PUT 'file://a.zst' '{client.stage}x/' AUTO_COMPRESS=FALSE", 1, uuid.uuid4())
    path = "/" + answer["data"]["stageInfo"]["presignedUrl"].split("/", 3)[3]
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=10)
    connection.putrequest("PUT", path)
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    connection.send(b"half of it")
    connection.close()
    assert client.names() == []
    incoming = WarehouseFolder.of_state(warehouse_state).incoming
    for _ in range(200):
        if not list(incoming.iterdir()):
            return
        time.sleep(0.02)
    pytest.fail("the broken upload is still there")


def test_files_and_folders_are_private(client: Client, warehouse_state: Path) -> None:
    client.put("a.zst", b"1\n")
    folder = WarehouseFolder.of_state(warehouse_state)
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    for path in folder.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(folder.secret.stat().st_mode) == 0o600
    assert folder.read_secret() not in folder.log.read_text()


FORBIDDEN = [
    "SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM TABLE(READ_BLOB('/etc/passwd'))",
    "SELECT * FROM LATERAL READ_TEXT('/etc/passwd')",
    "SELECT (SELECT content FROM READ_TEXT('/etc/passwd'))",
    "WITH x AS (SELECT * FROM READ_TEXT('/etc/passwd')) SELECT * FROM x",
    "INSERT INTO T SELECT content FROM READ_TEXT('/etc/passwd')",
    "CREATE TABLE X AS SELECT * FROM READ_TEXT('/etc/passwd')",
    "CREATE VIEW X AS SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM T WHERE A IN (SELECT content FROM READ_TEXT('/etc/passwd'))",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    'SELECT * FROM "passwd.csv"',
    'SELECT * FROM "A"."B"."../../x.parquet"',
    "SELECT * FROM IDENTIFIER('\"/etc/passwd\"')",
    "SELECT * FROM GLOB('/etc/*')",
    "SELECT * FROM PARQUET_SCAN('/etc/passwd')",
    "SELECT * FROM READ_JSON_AUTO('/etc/passwd')",
    "SELECT * FROM SNIFF_CSV('/etc/passwd')",
    "SELECT * FROM QUERY('SELECT 1')",
    "SELECT * FROM QUERY_TABLE('T')",
    "SELECT * FROM DUCKDB_SETTINGS()",
    "SELECT * FROM DUCKDB_SECRETS()",
    "SELECT * FROM PRAGMA_DATABASE_LIST()",
    "SELECT CURRENT_SETTING('temp_directory')",
    "SELECT GETENV('HOME')",
    "SELECT getvariable('x')",
    "COPY (SELECT 1) TO '/tmp/embedded-warehouse-test.csv'",
    "COPY T TO '/tmp/embedded-warehouse-test.csv'",
    "COPY INTO 'file:///tmp/embedded-warehouse-test.csv' FROM T",
    "COPY INTO T FROM 'file:///etc/passwd'",
    "ATTACH '/tmp/embedded-warehouse-test.db'",
    "ATTACH DATABASE '/tmp/embedded-warehouse-test.db' AS X",
    "DETACH T",
    "INSTALL httpfs",
    "LOAD httpfs",
    "EXPORT DATABASE '/tmp/embedded-warehouse-test'",
    "IMPORT DATABASE '/tmp/embedded-warehouse-test'",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET GLOBAL enable_external_access = true",
    "RESET enable_external_access",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "CALL pragma_version()",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "CREATE SECRET S (TYPE S3)",
    "CREATE FUNCTION F() RETURNS INT AS '1'",
    "CREATE MACRO M() AS 1",
    "CREATE TYPE X AS VARCHAR",
    "CREATE USER X",
    "PREPARE x AS SELECT 1",
    "EXPLAIN SELECT 1",
    "USE ROLE X; SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT 1; ATTACH '/tmp/embedded-warehouse-test.db'",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_sql_reaches_no_files_and_no_settings(client: Client, sql: str) -> None:
    client.rows("CREATE TABLE T (A VARCHAR)")
    with pytest.raises(ProgrammingError) as refused:
        client.rows(sql)
    assert "root:" not in str(refused.value)
    assert refused.value.errno != 603, "refused, not stumbled over"
    assert not list(Path("/tmp").glob("embedded-warehouse-test*"))


def test_staged_files_and_the_secret_are_out_of_sqls_reach(client: Client, warehouse_state: Path) -> None:
    client.put("a.csv", b"secret\n", pack=False)
    folder = WarehouseFolder.of_state(warehouse_state)
    staged = next(path for path in folder.stage.rglob("a.csv"))
    for path in (staged, folder.secret, folder.endpoint, folder.data / f"{client.database}.db"):
        for sql in (
            f"SELECT * FROM READ_TEXT('{path}')",
            f"SELECT * FROM READ_BLOB('{path}')",
            f"SELECT * FROM '{path}'",
            f'SELECT * FROM "{path}"',
            f'SELECT * FROM "x"."y"."{path}"',
            f"ATTACH '{path}' AS X",
        ):
            with pytest.raises(ProgrammingError):
                client.rows(sql)


def test_duckdb_itself_is_locked_down(tmp_path: Path) -> None:
    """Behind the fence stands the wall: the engine's own settings, asked without the server between."""
    from snowflake_etl.warehouse.local.engine import Engine

    folder = WarehouseFolder.of_state(tmp_path)
    folder.create()
    engine = Engine(folder)
    engine.open()
    try:
        engine.create_database("D")
        duck = engine.connect("D", "PUBLIC")._duck_conn
        for sql in (
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT * FROM read_csv('/etc/passwd')",
            f"SELECT * FROM read_text('{folder.root}/secret')",
            f"SELECT * FROM read_text('{folder.data}/../secret')",
            "COPY (SELECT 1) TO '/tmp/embedded-warehouse-test.csv'",
            "ATTACH '/tmp/embedded-warehouse-test.db'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "SET lock_configuration = false",
            "SET threads = 1",
            "SELECT * FROM folder",
        ):
            with pytest.raises(Exception, match=r"(?i)permission|configuration|disabled|does not exist|cannot"):
                duck.execute(sql)
        # Sorting more than fits into memory may still spill.
        assert duck.execute("SELECT current_setting('temp_directory')").fetchone()[0] == str(folder.spill)
    finally:
        engine.close()


@pytest.mark.parametrize("name", ["x'; DROP TABLE T; --", 'x"y', "x y", "../x", "", "MEMORY"])
def test_a_database_name_cannot_smuggle_sql_or_paths(endpoint: LocalEndpoint, name: str) -> None:
    if not name:
        sign_in(endpoint).close()
        return
    with pytest.raises(DatabaseError, match="cannot have a database named"):
        sign_in(endpoint, database=name, schema="PUBLIC")
