"""What connector 5.x asks of the embedded warehouse beyond 4.x, told by its requests: the driver itself is not here."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from snowflake_etl.warehouse.local.folder import LocalEndpoint


class Client:
    """The requests that connector 5.2 was seen to send."""

    def __init__(self, endpoint: LocalEndpoint, database: str) -> None:
        self.base = f"http://{endpoint.host}:{endpoint.port}"
        data = {"LOGIN_NAME": endpoint.user, "PASSWORD": endpoint.secret, "CLIENT_APP_VERSION": "5.2.0"}
        login = self.ask(f"/session/v1/login-request?databaseName={database}&schemaName=WORK", {"data": data}, "")
        self.token = login["data"]["token"]
        self.login = login["data"]

    def ask(self, path: str, body: Any = None, token: str | None = None) -> Any:
        request = Request(self.base + path, json.dumps(body).encode() if body is not None else None)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f'Snowflake Token="{self.token if token is None else token}"')
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def run(self, sql: str, **more: Any) -> Any:
        path = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
        return self.ask(path, {"sqlText": sql, **more})["data"]


def upload(url: str, content: bytes) -> int:
    request = Request(url, content, {"x-goog-if-generation-match": "0"}, method="PUT")
    try:
        with urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_the_login_answers_with_the_master_token(endpoint: LocalEndpoint, database: str) -> None:
    assert Client(endpoint, database).login["masterToken"]


def test_an_upload_that_must_not_overwrite_finds_out_by_itself(endpoint: LocalEndpoint, database: str) -> None:
    client = Client(endpoint, database)
    client.run("CREATE STAGE IF NOT EXISTS S5")
    put = "PUT 'file://part.zst' @S5/a/ AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=ZSTD OVERWRITE=FALSE"
    first = client.run(put)
    assert first["stageInfo"]["region"] == ""
    address = urlsplit(first["stageInfo"]["presignedUrl"])
    allowed = parse_qs(address.query)["X-Goog-SignedHeaders"][0].split(";")
    assert {"host", "x-goog-if-generation-match", "x-goog-meta-sfc-digest"} <= set(allowed)
    assert upload(first["stageInfo"]["presignedUrl"], b"content") == 200
    again = client.run(put)
    assert again["src_locations"] == ["part.zst"]
    assert upload(again["stageInfo"]["presignedUrl"], b"other content") == 412


def test_a_query_is_asked_about_with_its_two_slashes(endpoint: LocalEndpoint, database: str) -> None:
    client = Client(endpoint, database)
    started = client.run("SELECT 1", asyncExec=True)
    about = client.ask(f"/monitoring/queries//{started['queryId']}")
    assert about["data"]["queries"][0]["id"] == started["queryId"]
