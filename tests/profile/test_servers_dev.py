"""The servers of `oo up` outlive it, and `oo down` stops exactly them."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]
import pytest

from oo_profile.development.dev_servers import DevServers, Outcome, ServerStatus
from oo_profile.development.ports import LOOPBACK, free_port, is_busy
from oo_profile.errors import PortBusyError, ServerDiedError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[DevServers]:
    """Give development servers on free ports; stopped whatever happens."""
    made = DevServers(tmp_path, redis=("localhost", free_port()), nats=(LOOPBACK, free_port()))
    yield made
    made.down()


def outcomes(statuses: list[ServerStatus]) -> list[tuple[str, Outcome]]:
    """Return names and outcomes."""
    return [(status.name, status.outcome) for status in statuses]


def runs(pid: int) -> bool:
    """Say whether a process is at work: one that ended may wait for whoever adopted it."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_up_twice_is_up_once(servers: DevServers) -> None:
    """The second call finds the servers of the first and says so."""
    first, second = servers.up(), servers.up()
    assert outcomes(first) == [("redis", Outcome.STARTED), ("nats", Outcome.STARTED)]
    assert outcomes(second) == [("redis", Outcome.ALREADY_UP), ("nats", Outcome.ALREADY_UP)]
    assert [s.pid for s in first] == [s.pid for s in second]
    assert [s.address for s in first] == [s.address for s in second]


def test_down_stops_both_and_then_has_nothing_to_do(servers: DevServers) -> None:
    """Down stops what up started; the second time there is nothing."""
    started = servers.up()
    assert outcomes(servers.down()) == [("redis", Outcome.STOPPED), ("nats", Outcome.STOPPED)]
    assert not any(runs(status.pid) for status in started)
    assert servers.down() == []


def test_a_server_that_died_is_started_again_alone(servers: DevServers) -> None:
    """Up starts the one that is missing and leaves the other."""
    redis, _ = servers.up()
    process = psutil.Process(redis.pid)
    process.kill()
    process.wait(10)
    assert outcomes(servers.up()) == [("redis", Outcome.STARTED), ("nats", Outcome.ALREADY_UP)]


def test_down_never_stops_a_process_that_is_not_ours(servers: DevServers) -> None:
    """A record whose pid now belongs to another process stops nothing."""
    record = servers.folder / "redis.json"
    record.parent.mkdir(exist_ok=True)
    me = psutil.Process()
    record.write_text(json.dumps({"pid": me.pid, "port": 1}), encoding="utf-8")
    assert outcomes(servers.down()) == [("redis", Outcome.WAS_GONE)]
    assert me.is_running()
    assert not record.exists()


def test_when_one_port_is_busy_none_is_started(tmp_path: Path) -> None:
    """A busy port of the second server keeps the first from starting."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        busy = int(listener.getsockname()[1])
        free = free_port()
        servers = DevServers(tmp_path, redis=(LOOPBACK, free), nats=("localhost", busy))
        with pytest.raises(PortBusyError, match=f"nats cannot have port {busy}"):
            servers.up()
    assert not is_busy(LOOPBACK, free)
    assert servers.down() == []


def test_when_one_does_not_start_the_other_is_stopped(tmp_path: Path) -> None:
    """A NATS that cannot read its files leaves no Redis behind."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("no folder")
    redis_port = free_port()
    servers = DevServers(tmp_path, redis=(LOOPBACK, redis_port), nats=(LOOPBACK, free_port()))
    with pytest.raises(ServerDiedError, match="nats ended with code"):
        servers.up()
    assert not is_busy(LOOPBACK, redis_port)
    assert servers.down() == []


def test_other_ports_than_those_it_is_up_at_are_refused(servers: DevServers) -> None:
    """After a change of settings, up asks for a down first and changes nothing."""
    before = servers.up()
    changed = DevServers(servers.folder, redis=(LOOPBACK, free_port()), nats=(LOOPBACK, 1))
    with pytest.raises(SettingsError, match="run `oo down` first"):
        changed.up()
    assert [status.pid for status in servers.up()] == [status.pid for status in before]


def test_servers_of_another_machine_are_not_started_here(tmp_path: Path) -> None:
    """A setting that names another host is refused, with what to do."""
    servers = DevServers(tmp_path, redis=("redis.example", 6379), nats=(LOOPBACK, free_port()))
    with pytest.raises(SettingsError, match=r"OO_REDIS names 'redis\.example'"):
        servers.up()
    assert servers.down() == []
