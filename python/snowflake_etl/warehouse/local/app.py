"""Snowflake's HTTP interface, as far as the connector uses it, over the embedded warehouse (floor 3).

Every route except sign-in and health check requires a session's token; an object is only moved with the
ticket from a PUT or GET.  A statement that takes long is answered with "in progress" and polled.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from snowflake_etl.warehouse.local.folder import USER, WarehouseFolder
from snowflake_etl.warehouse.local.lifecycle import health_proof
from snowflake_etl.warehouse.local.queries import Query
from snowflake_etl.warehouse.local.sessions import Services, Session, Sessions
from snowflake_etl.warehouse.local.sql.bindings import Bindings
from snowflake_etl.warehouse.local.sql.statements import Statements
from snowflake_etl.warehouse.local.sql_errors import SqlError, from_engine
from snowflake_etl.warehouse.local.staging.names import identifier

SECONDS_UNTIL_IN_PROGRESS = 15.0
VALIDITY_SECONDS = 4 * 3600
# An answer with more rows than this is serialised in a thread, so that nobody else waits for it.
_ROWS_AT_ONCE = 200
_IN_PROGRESS, _IN_PROGRESS_ASYNC = "333333", "333334"
_WRONG_PASSWORD, _NO_TOKEN, _UNKNOWN_SESSION = "390100", "390103", "390104"
_TOKEN_PREFIX, _TOKEN_SUFFIX = 'Snowflake Token="', '"'

Reply = Callable[[Request], Awaitable[Response]]


class Warehouse:
    """The server's state: its sessions and queries, and when it last received a request."""

    def __init__(self, folder: WarehouseFolder, services: Services, secret: str, instance: str) -> None:
        self.folder = folder
        self.secret = secret
        self.instance = instance
        self.sessions = Sessions(services)
        self.queries = Statements().queries
        self.last_request = time.monotonic()

    def app(self) -> Starlette:
        """The routes."""
        post, get = ["POST"], ["GET"]
        return Starlette(
            routes=[
                Route("/local/health", self._health, methods=get),
                Route("/session/v1/login-request", self._answered(self._login), methods=post),
                Route("/session/token-request", self._answered(self._renew), methods=post),
                Route("/session/heartbeat", self._answered(self._heartbeat), methods=post),
                Route("/session", self._answered(self._end_session), methods=post),
                Route("/queries/v1/query-request", self._answered(self._query), methods=post),
                Route("/queries/v1/abort-request", self._answered(self._abort_request), methods=post),
                Route("/queries/{id}/abort-request", self._answered(self._abort_query), methods=post),
                Route("/queries/{id}/result", self._answered(self._result), methods=get),
                Route("/monitoring/queries/{id}", self._answered(self._monitor), methods=get),
                # As connector 5.2 requests it.
                Route("/monitoring/queries//{id}", self._answered(self._monitor), methods=get),
                Route("/telemetry/send", self._answered(self._telemetry), methods=post),
                Route("/objects/{ticket}", self._upload, methods=["PUT"]),
                Route("/objects/{ticket}", self._download, methods=get),
            ]
        )

    def _answered(self, reply: Reply) -> Reply:
        async def answer(request: Request) -> Response:
            self.last_request = time.monotonic()
            try:
                return await reply(request)
            except SqlError as error:
                return failure(error.number, error.message, error.sqlstate)
            except ClientDisconnect:
                raise
            except Exception as error:
                found = from_engine(error)
                return failure(found.number, found.message, found.sqlstate)

        return answer

    # -- who is there ---------------------------------------------------------------------------

    async def _health(self, request: Request) -> Response:
        """Prove to a client that knows the secret that this is the server of this folder; tell others nothing."""
        nonce = request.query_params.get("nonce", "")
        expected = health_proof(self.secret, "client", nonce)
        if not nonce or not hmac.compare_digest(request.query_params.get("proof", ""), expected):
            return Response(status_code=401)
        facts = {
            "instance": self.instance,
            "proof": health_proof(self.secret, "server", nonce + self.instance),
            "pid": os.getpid(),
            "sessions": len(self.sessions.all()),
            "queries": len(self.queries.running()),
            "idle_seconds": round(time.monotonic() - self.last_request, 1),
        }
        if request.query_params.get("use") == "1":
            self.last_request = time.monotonic()
        return JSONResponse(facts)

    async def _login(self, request: Request) -> Response:
        data = (await _body(request)).get("data") or {}
        user, password = str(data.get("LOGIN_NAME") or ""), str(data.get("PASSWORD") or "")
        right = hmac.compare_digest(password.encode(), self.secret.encode())
        if not (user.upper() == USER and right):
            await asyncio.sleep(0.2)
            return failure(_WRONG_PASSWORD, "Incorrect username or password was specified.", "08001")
        asked = request.query_params
        database = identifier(asked["databaseName"]) if asked.get("databaseName") else None
        schema = identifier(asked["schemaName"]) if asked.get("schemaName") else None
        given = data.get("SESSION_PARAMETERS") or {}
        session = await run_in_threadpool(self.sessions.open, database, schema, given)
        session.warehouse = identifier(asked.get("warehouse") or session.warehouse)
        session.role = identifier(asked.get("roleName") or session.role)
        # Connector 5.x learns from the upload itself that an object exists already, and accepts no other answer.
        session.skips_by_itself = str(data.get("CLIENT_APP_VERSION") or "").split(".")[0] not in ("", "2", "3", "4")
        self._remember_socket(request, session)
        facts = {
            **_tokens(session),
            "sessionId": session.id,
            "serverVersion": "9.99.0",
            "displayUserName": USER,
            "firstLogin": False,
            "remMeToken": None,
            "parameters": _client_parameters(session),
            "sessionInfo": _where(session, "databaseName", "schemaName", "warehouseName", "roleName"),
        }
        return succeeded(facts)

    def _session(self, request: Request) -> Session:
        header = request.headers.get("Authorization", "")
        if not header.startswith(_TOKEN_PREFIX):
            raise SqlError("Session token not found in the request data.", int(_NO_TOKEN), "08001")
        session = self.sessions.find(header.removeprefix(_TOKEN_PREFIX).removesuffix(_TOKEN_SUFFIX))
        if session is None:
            raise SqlError("User must login again to access the service.", int(_UNKNOWN_SESSION), "08001")
        self._remember_socket(request, session)
        return session

    @staticmethod
    def _remember_socket(request: Request, session: Session) -> None:
        if request.client:
            session.sockets.add((request.client.host, request.client.port))

    async def _renew(self, request: Request) -> Response:
        header = request.headers.get("Authorization", "")
        session = self.sessions.by_master(header.removeprefix(_TOKEN_PREFIX).removesuffix(_TOKEN_SUFFIX))
        if session is None:
            raise SqlError("User must login again to access the service.", int(_UNKNOWN_SESSION), "08001")
        self.sessions.renew(session)
        facts = _tokens(session)
        return succeeded({"sessionToken": facts["token"], **facts})

    async def _heartbeat(self, request: Request) -> Response:
        self._session(request)
        return succeeded(None)

    async def _telemetry(self, request: Request) -> Response:
        self._session(request)
        return succeeded("Log Received")

    async def _end_session(self, request: Request) -> Response:
        session = self._session(request)
        if request.query_params.get("delete"):
            for query in self.queries.running():
                if query.session_id == session.id:
                    self.queries.stop(query)
            await run_in_threadpool(self.sessions.close, session)
        return succeeded(None)

    # -- queries --------------------------------------------------------------------------------

    async def _query(self, request: Request) -> Response:
        session = self._session(request)
        body = await _body(request)
        bindings = Bindings(body.get("bindings"))
        beside = bool(body.get("asyncExec"))
        sql = str(body.get("sqlText") or "")
        request_id = request.query_params.get("requestId", "")
        # A retry of a request whose answer was lost: the statement must not run a second time.
        repeated = "retryCount" in request.query_params and self.queries.by_request(request_id)
        if repeated and repeated.session_id == session.id:
            query = repeated
        else:
            text = description_of(sql) if body.get("describeOnly") else sql
            query = self.queries.submit(session, text, bindings, request_id=request_id, beside=beside)
        if beside:
            return _in_progress(query, _IN_PROGRESS_ASYNC)
        return await self._wait_for(query, session)

    async def _wait_for(self, query: Query, session: Session) -> Response:
        if not query.ended:
            await asyncio.wait([asyncio.wrap_future(query.future)], timeout=SECONDS_UNTIL_IN_PROGRESS)
        if not query.ended:
            return _in_progress(query, _IN_PROGRESS)
        return await query_reply(query, session)

    async def _result(self, request: Request) -> Response:
        session = self._session(request)
        query = self.queries.find(request.path_params["id"])
        if query is None or (query.ended and not query.error and query.answer is None):
            raise SqlError(f"Statement {request.path_params['id']} not found", 709, "02000")
        return await self._wait_for(query, session)

    async def _monitor(self, request: Request) -> Response:
        self._session(request)
        query = self.queries.find(request.path_params["id"])
        return succeeded({"queries": [_monitored(query)] if query else []})

    async def _abort_request(self, request: Request) -> Response:
        self._session(request)
        query = self.queries.by_request(str((await _body(request)).get("requestId", "")))
        if query:
            self.queries.stop(query)
        return succeeded(None)

    async def _abort_query(self, request: Request) -> Response:
        self._session(request)
        query = self.queries.find(request.path_params["id"])
        if query:
            self.queries.stop(query)
        return succeeded(None)

    # -- objects --------------------------------------------------------------------------------

    async def _upload(self, request: Request) -> Response:
        """Receive one object: into ``incoming``, then in one step to its place."""
        self.last_request = time.monotonic()
        ticket = self.sessions.services.tickets.find(request.path_params["ticket"], upload=True)
        if ticket is None or ticket.session not in {session.id for session in self.sessions.all()}:
            return Response(status_code=403)
        incoming = self.folder.incoming / secrets.token_hex(12)
        try:
            complete = await _receive(request, incoming)
            if not complete:
                return Response(status_code=400)
            kept = self.sessions.services.stages.put(ticket.stage, ticket.path, incoming, overwrite=ticket.overwrite)
            if not kept and request.headers.get("x-goog-if-generation-match") == "0":
                return Response(status_code=412)
        except SqlError as error:
            return Response(error.message, status_code=409)
        except OSError as error:
            return Response(f"cannot keep the object: {error.strerror}", status_code=507)
        finally:
            incoming.unlink(missing_ok=True)
        return Response()

    async def _download(self, request: Request) -> Response:
        self.last_request = time.monotonic()
        ticket = self.sessions.services.tickets.find(request.path_params["ticket"], upload=False)
        if ticket is None or ticket.session not in {session.id for session in self.sessions.all()}:
            return Response(status_code=403)
        found = self.sessions.services.stages.look(ticket.stage, ticket.path)
        return FileResponse(found.file) if found else Response(status_code=404)


async def _receive(request: Request, incoming: Path) -> bool:
    """Write a request's body to a new file; return whether it has the announced length."""
    expected = request.headers.get("content-length")
    received = 0
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
        try:
            async for chunk in _chunks(request):
                file.write(chunk)
                received += len(chunk)
        except ClientDisconnect:
            return False
    return expected is None or received == int(expected)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    found = json.loads(body) if body else {}
    return found if isinstance(found, dict) else {}


def description_of(sql: str) -> str:
    """A statement with the columns of a query's result but no rows.  Raise SqlError for anything but a query."""
    if not sql.lstrip().upper().startswith(("SELECT", "WITH", "(")):
        raise SqlError("Unsupported feature 'describing this statement' of the embedded warehouse.", 2, "0A000")
    return f"SELECT * FROM ({sql.strip().rstrip(';')}) LIMIT 0"


def succeeded(data: object) -> JSONResponse:
    return JSONResponse({"data": data, "code": None, "message": None, "success": True})


def failure(code: str, message: str, sqlstate: str, query_id: str = "") -> JSONResponse:
    """An error as the connector reads it; never HTTP 500."""
    data = {"errorCode": code, "sqlState": sqlstate, "queryId": query_id, "internalError": False}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False})


async def query_reply(query: Query, session: Session) -> Response:
    """What the connector gets for a query that has ended."""
    if query.error:
        return failure(query.error.number, query.error.message, query.error.sqlstate, query.id)
    answer = query.answer
    if answer is None:
        return failure("000709", f"Statement {query.id} not found", "02000", query.id)
    large = answer.table is not None and answer.row_count > _ROWS_AT_ONCE
    data = await run_in_threadpool(answer.data) if large else answer.data()
    data |= {"queryId": query.id, "parameters": _client_parameters(session), "sqlState": "00000"}
    data |= _where(session, "finalDatabaseName", "finalSchemaName", "finalWarehouseName", "finalRoleName")
    return succeeded(data)


def _in_progress(query: Query, code: str) -> Response:
    data = {"queryId": query.id, "getResultUrl": f"/queries/{query.id}/result", "queryAbortsAfterSecs": 300}
    return JSONResponse({"data": data, "code": code, "message": "Query execution in progress.", "success": True})


def _monitored(query: Query) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": query.id,
        "status": query.status.value,
        "sqlText": query.text,
        "sessionId": query.session_id,
        "startTime": int(query.started * 1000),
        "endTime": int(query.ended * 1000),
        "queryTag": query.tag,
    }
    if query.error:
        facts |= {"errorCode": query.error.number, "errorMessage": query.error.message}
    return facts


def _tokens(session: Session) -> dict[str, Any]:
    return {
        "token": session.token,
        "validityInSeconds": VALIDITY_SECONDS,
        "masterToken": session.master_token,
        "masterValidityInSeconds": VALIDITY_SECONDS,
    }


def _client_parameters(session: Session) -> list[dict[str, Any]]:
    return [
        {"name": "AUTOCOMMIT", "value": session.parameters.autocommit},
        {"name": "TIMEZONE", "value": "Etc/UTC"},
        {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
        {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
        # Several rows of bound values are sent inline; there is no stage for them.
        {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
    ]


def _where(session: Session, database: str, schema: str, warehouse: str, role: str) -> dict[str, Any]:
    return {database: session.database, schema: session.schema, warehouse: session.warehouse, role: session.role}
