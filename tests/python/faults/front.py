"""A test's desk that reaches the embedded warehouse as an account behind the fault proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from desk import Desk
from faults.proxy import FaultProxy
from no_secrets import planted_in
from snowflake_etl.warehouse.local.folder import WarehouseFolder
from snowflake_etl.warehouse.local.lifecycle import ensure_running
from snowflake_etl.warehouse.objects import WorkObjects


def set_up(desk: Desk) -> None:
    """Make what a DBA makes on an account: our objects and the target."""
    columns = ", ".join(f"{name} {kind}" for name, kind in desk.entry["create_table"].items())
    for statement in WorkObjects(desk.database, "ETL_WORK").create_statements():
        desk.sql(statement)
    desk.sql(f"CREATE TABLE IF NOT EXISTS PUBLIC.T ({columns})")


def account(desk: Desk, proxy: FaultProxy, **snowflake: Any) -> Path:
    """The desk's configuration, with the proxy as an account instead of the local connection."""
    secret = WarehouseFolder.of_state(desk.state).read_secret()
    document = json.loads(desk.config.read_text())
    document["snowflake"] = {
        "account": "pond",
        "user": ensure_running(desk.state).user,
        "password": secret,
        "host": "127.0.0.1",
        "port": proxy.port,
        "protocol": "http",
        "database": desk.database,
        "schema": "PUBLIC",
        "login_timeout": 20,
        "network_timeout": 20,
        **snowflake,
    }
    path = planted_in(desk.folder / "account.json")
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return path
