"""The embedded warehouse's folder under the state folder: what is where, and who may read it (floor 3).

::

    <state folder>/local-warehouse/     0700
        lock            held by the one server as long as it lives; the kernel lets go of it
        starting        held by the client that starts the server
        secret          0600, the password of the login; outside what SQL can reach
        endpoint.json   host, port, pid and instance of the running server, replaced by rename
        server.log      what the server says
        stages.json     the definitions of the stages
        data/           one DuckDB file a database
        stage/          the staged files, one folder a stage
        incoming/       uploads on their way
        spill/          DuckDB's temporary files

Nothing here imports DuckDB, so that clients stay light.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import ConfigError

HOST = "127.0.0.1"
USER = "LOCAL"
FOLDER_NAME = "local-warehouse"


@dataclass(frozen=True)
class LocalEndpoint:
    """Where a running server listens and how to sign in; ``secret`` never leaves memory and its 0600 file."""

    host: str
    port: int
    user: str
    secret: str

    def __repr__(self) -> str:
        return f"LocalEndpoint(host={self.host!r}, port={self.port}, user={self.user!r}, secret='***')"


@dataclass(frozen=True)
class Running:
    """What a server writes into ``endpoint.json``: ``instance`` is a random word of this one process."""

    host: str
    port: int
    pid: int
    instance: str


@dataclass(frozen=True)
class WarehouseFolder:
    """The paths of one embedded warehouse."""

    root: Path

    @classmethod
    def of_state(cls, state_dir: Path) -> WarehouseFolder:
        """The embedded warehouse of a state folder, an absolute path whatever the caller's folder is."""
        return cls(state_dir.expanduser().resolve() / FOLDER_NAME)

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def starting(self) -> Path:
        return self.root / "starting"

    @property
    def secret(self) -> Path:
        return self.root / "secret"

    @property
    def endpoint(self) -> Path:
        return self.root / "endpoint.json"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def stages(self) -> Path:
        return self.root / "stages.json"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def stage(self) -> Path:
        return self.root / "stage"

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    @property
    def spill(self) -> Path:
        return self.root / "spill"

    def create(self) -> None:
        """Make the folders, readable by their owner only.  Raise ConfigError if that is impossible."""
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.root, self.data, self.stage, self.incoming, self.spill):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            raise ConfigError(
                f"The embedded warehouse cannot keep its data in {self.root}: {error.strerror or error}. "
                "Set ETL_STATE_DIR to a folder that you may write to."
            ) from error

    def read_secret(self) -> str:
        """The login's secret, or an empty text if none was made yet."""
        try:
            return self.secret.read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def ensure_secret(self) -> str:
        """The login's secret; made on first use, 0600 from the first byte."""
        if known := self.read_secret():
            self.secret.chmod(0o600)
            return known
        made = secrets.token_urlsafe(32)
        write_private(self.secret, made + "\n")
        return made

    def read_running(self) -> Running | None:
        """What the last server wrote about itself; it may be long dead."""
        try:
            facts = json.loads(self.endpoint.read_text(encoding="utf-8"))
            return Running(str(facts["host"]), int(facts["port"]), int(facts["pid"]), str(facts["instance"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_running(self, running: Running) -> None:
        write_private(self.endpoint, json.dumps(running.__dict__) + "\n")


def open_lock(path: Path, *, create: bool = True) -> int:
    """A descriptor of a lock file, 0600.  Raise FileNotFoundError if there is none and none is to be created."""
    return os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` by rename, 0600: a reader sees all of it or the previous file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
