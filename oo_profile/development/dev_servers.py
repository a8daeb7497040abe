"""The Redis and NATS of `oo up`: they outlive the command and `oo down` stops exactly them."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

from oo_profile.development.ports import LOOPBACK, holder_of, is_busy
from oo_profile.development.servers import STOP_SECONDS, LocalServer, NatsServer, RedisServer
from oo_profile.errors import PortBusyError, SettingsError
from oo_profile.settings import Endpoint, nats_endpoint, redis_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from oo_profile.settings import Settings

KEPT_FOLDER = ".demo"
"""Below the project: what `oo demo --keep` leaves behind."""

_ANYWHERE = (LOOPBACK, 1)
_LOCAL_HOSTS = ("localhost", "127.0.0.1")
_POLL_SECONDS = 0.02


class Outcome(enum.Enum):
    """What became of a server."""

    STARTED = "started"
    ALREADY_UP = "was already up"
    STOPPED = "stopped"
    WAS_GONE = "was not running any more"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server and what became of it.

    Attributes:
        name: "redis" or "nats".
        outcome: What became of it.
        address: Where it listens, or did.
        pid: Its process.
    """

    name: str
    outcome: Outcome
    address: str
    pid: int


class DevServers:
    """The development servers of a project.

    Each has a record (`redis.json`, `nats.json`) in the folder while it is up. A record whose
    process is gone, or is no server of this folder, counts for nothing. Commands that come at the
    same time wait for each other.

    Args:
        folder: Where records, data and logs are.
        redis: Where the settings expect Redis.
        nats: Where the settings expect NATS.
    """

    def __init__(self, folder: Path, *, redis: Endpoint, nats: Endpoint) -> None:
        self.folder = folder.resolve()
        self._hosts = {"redis": redis[0], "nats": nats[0]}
        self._servers: Sequence[LocalServer] = (
            RedisServer(self.folder / "redis", port=redis[1], keep=True),
            NatsServer(self.folder / "nats", port=nats[1]),
        )

    @classmethod
    def of(cls, settings: Settings) -> DevServers:
        """Return the servers of a project, at the addresses of its settings."""
        return cls(
            settings.data / "servers",
            redis=redis_endpoint(settings.redis),
            nats=nats_endpoint(settings.nats),
        )

    def up(self) -> list[ServerStatus]:
        """Start what is not up; all or nothing.

        Raises:
            PortBusyError: Somebody else has a port; nothing was started.
            SettingsError: The settings name another machine, or a server of ours is up at another
                port; nothing was started.
            ServerError: One did not start; the other was stopped again.
        """
        with self._lock(), contextlib.ExitStack() as undo:
            found = [(server, self._running(server)) for server in self._servers]
            for server, status in found:
                self._check(server, status)
            started = [undo.enter_context(server) for server, status in found if status is None]
            # From here on nothing fails that could leave one behind without a record.
            statuses = [
                status or _status(server, Outcome.STARTED, server.pid or 0)
                for server, status in found
            ]
            for server in started:
                record = {"pid": server.pid, "port": server.port}
                self._record(server).write_text(json.dumps(record), encoding="utf-8")
                server.detach()
        return statuses

    def down(self) -> list[ServerStatus]:
        """Stop what `up` started, and nothing else; an empty list if there was nothing."""
        if not self.folder.exists():
            return []
        with self._lock():
            return [status for server in self._servers if (status := self._stop(server))]

    def _check(self, server: LocalServer, status: ServerStatus | None) -> None:
        host = self._hosts[server.name]
        if host not in _LOCAL_HOSTS:
            message = (
                f"{server.variable} names {host!r}: `oo up` starts servers on this machine only. "
                f"Use the {server.name} there, or set {server.variable} to a port of localhost"
            )
            raise SettingsError(message)
        if status is None:
            if is_busy(host, server.port):
                holder = holder_of(server.port)
                raise PortBusyError(server.name, server.port, holder, server.variable)
        elif status.address != server.address:
            message = (
                f"{server.name} is up at {status.address}, the settings ask for {server.address}: "
                "run `oo down` first"
            )
            raise SettingsError(message)

    def _stop(self, server: LocalServer) -> ServerStatus | None:
        record = _read(self._record(server))
        if record is None:
            return None
        status = self._running(server)
        if status is not None:
            _end(status.pid)
        self._record(server).unlink(missing_ok=True)
        outcome = Outcome.STOPPED if status else Outcome.WAS_GONE
        return ServerStatus(server.name, outcome, _address(server, record[1]), record[0])

    def _running(self, server: LocalServer) -> ServerStatus | None:
        record = _read(self._record(server))
        if record is None:
            return None
        pid, port = record
        try:
            # A pid is used again after a restart; the configuration file is ours alone.
            alive = str(server.config_path) in psutil.Process(pid).cmdline()
        except psutil.Error:
            alive = False
        if not alive:
            return None
        return ServerStatus(server.name, Outcome.ALREADY_UP, _address(server, port), pid)

    def _record(self, server: LocalServer) -> Path:
        return self.folder / f"{server.name}.json"

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def kept_servers(project: Path) -> DevServers:
    """Return the servers that `oo demo --keep` left up in a project, to stop them."""
    # Their ports stand in their records; these are only where new ones would be started.
    return DevServers(project / KEPT_FOLDER / "servers", redis=_ANYWHERE, nats=_ANYWHERE)


def _status(server: LocalServer, outcome: Outcome, pid: int) -> ServerStatus:
    return ServerStatus(server.name, outcome, server.address, pid)


def _address(server: LocalServer, port: int) -> str:
    return server.address.replace(f":{server.port}", f":{port}")


def _read(record: Path) -> tuple[int, int] | None:
    """Return pid and port of a record; one that cannot be read is none."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        return int(content["pid"]), int(content["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _end(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.terminate()
        if not _has_ended(process, within_seconds=STOP_SECONDS):
            process.kill()
            _has_ended(process, within_seconds=STOP_SECONDS)


def _has_ended(process: psutil.Process, *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            process.wait(_POLL_SECONDS)
        except psutil.TimeoutExpired:
            # Ended, but not yet collected by whoever adopted it: in a container that takes a while.
            if process.status() != psutil.STATUS_ZOMBIE:
                continue
        return True
    return False
