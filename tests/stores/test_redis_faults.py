"""A Redis that fails: every request answers or says why, and all goes on when Redis does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from support.redis_repo import make_project
from support.redis_servers import ConfiguredRedis, eventually, replica_of

from oo_profile.development.ports import free_port
from oo_stores.errors import (
    OnlineServerError,
    ServerDeniedError,
    ServerFullError,
    ServerReadOnlyError,
    ServerTimeoutError,
    ServerUnavailableError,
)
from oo_stores.redis import OnlineRow
from oo_stores.redis.scripts import sha_of
from oo_stores.redis.writes import Command, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.redis_repo import Project

    Request = Callable[[Project], object]

pytestmark = pytest.mark.live

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IMPATIENT: dict[str, Any] = {"connect_timeout_seconds": 0.3, "read_timeout_seconds": 0.3}
"""For a server that hangs; one that merely is slow may be late as well."""
PASSWORD = "pass1234"  # noqa: S105 - of a server of the test's own


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConfiguredRedis]:
    """Give a Redis that a test may break, and that comes back on the same port."""
    with ConfiguredRedis(tmp_path / "redis", port=free_port()) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: ConfiguredRedis) -> Project:
    """Give a project on that Redis, with one user's mood in it."""
    project = make_project(tmp_path / "repo", server.address)
    write(project)
    return project


def write(project: Project, joy: float = 0.5, at: int = 1) -> None:
    """Write a mood, as a builder does."""
    row = OnlineRow({"user_id": "u"}, {"joy": joy}, at, at)
    project.online.write_rows(project.config, project.view("mood"), [row])


def read(project: Project) -> object:
    """Read it by the public call."""
    return project.read("mood", {"user_id": "u"})["joy"]


def write_async(project: Project) -> None:
    """Write another mood as Feast's server does."""
    key = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val="v")])

    async def run() -> None:
        await project.online.online_write_batch_async(
            project.config,
            project.view("mood"),
            [(key, {"joy": Value(double_val=1.0)}, EPOCH, None)],
            None,
        )

    asyncio.run(run())


def read_async(project: Project) -> object:
    """Read it by the asynchronous twin."""

    async def run() -> object:
        answer = await project.feast.get_online_features_async(["mood:joy"], [{"user_id": "u"}])
        return answer.to_dict()["joy"][0]

    return asyncio.run(run())


def answers(request: Request, project: Project) -> bool:
    """Make a request, and say whether it was done; a reading one may say so itself."""
    try:
        return request(project) is not False
    except OnlineServerError:
        return False


requests = pytest.mark.parametrize("request_", [write, read, write_async, read_async])


@requests
def test_a_server_that_is_gone_is_named(
    project: Project, server: ConfiguredRedis, request_: Request
) -> None:
    """Without a server a request says where it looked; with one again, it answers."""
    server.stop()
    with pytest.raises(ServerUnavailableError, match=f"Redis at {server.address} is not available"):
        request_(project)
    server.start()
    write(project)
    request_(project)
    assert read(project) == 0.5


@requests
def test_a_paused_server_is_not_waited_for(
    tmp_path: Path, server: ConfiguredRedis, request_: Request
) -> None:
    """A server that hangs ends a request by its time-out; awake again, it answers."""
    project = make_project(tmp_path / "repo", server.address, **IMPATIENT)
    eventually(lambda: answers(write, project))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ServerTimeoutError, match=server.address):
            request_(project)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    eventually(lambda: answers(request_, project))
    eventually(lambda: answers(lambda of: read(of) == 0.5, project))


def test_a_server_killed_under_load_is_survived(project: Project, server: ConfiguredRedis) -> None:
    """Requests of several threads around a kill answer right or raise; afterwards all answer."""
    stop, emptied = threading.Event(), threading.Event()
    answers: list[object] = []

    def load() -> None:
        while not stop.is_set():
            try:
                was_emptied = emptied.is_set()
                write(project)
                answer = read(project)
            except OnlineServerError as error:
                answers.append(error)
            else:
                # What was written to the server that is gone is not in the new one.
                if answer is not None or was_emptied or not emptied.is_set():
                    answers.append(answer)

    with ThreadPoolExecutor(4) as pool, set_at_the_end(stop):
        done = [pool.submit(load) for _ in range(4)]
        eventually(lambda: 0.5 in answers)
        os.kill(server.pid or 0, signal.SIGKILL)
        eventually(lambda: any(isinstance(answer, OnlineServerError) for answer in answers))
        server.stop()
        emptied.set()
        server.start()
        known = len(answers)
        eventually(lambda: 0.5 in answers[known:])
    for one in done:
        one.result()
    assert {answer for answer in answers if not isinstance(answer, OnlineServerError)} == {0.5}


@contextlib.contextmanager
def set_at_the_end(stop: threading.Event) -> Iterator[None]:
    """Set an event however the block ends, so that no thread runs on."""
    try:
        yield
    finally:
        stop.set()


def test_a_flushed_server_is_an_empty_one(project: Project, server: ConfiguredRedis) -> None:
    """Without keys and scripts a read finds nobody, and a write brings both back."""
    server.client().flushall()
    server.client().script_flush()
    assert read(project) is None
    write(project)
    assert read(project) == 0.5


def test_a_script_lost_between_round_trips_is_sent_again(
    project: Project, server: ConfiguredRedis
) -> None:
    """Rows of many calls are all written, once each, by a server that has lost the script."""
    server.client().script_flush()
    mood = project.view("mood")
    rows = [OnlineRow({"user_id": f"w{n}"}, {"joy": 1.0}, 2, 2) for n in range(1_000)]
    assert project.online.write_rows(project.config, mood, rows) == 1_000
    assert server.key_count() == 1_001


def test_what_follows_a_lost_script_keeps_its_order(server: ConfiguredRedis) -> None:
    """A command behind one whose script was lost is done after it, not before."""
    script = b"return redis.call('SET', KEYS[1], 'first')"
    lost = Command(("EVALSHA", sha_of(script), 1, "key"), script)
    answers = send(server.client(), [lost, Command(("SET", "key", "last"))])
    assert server.client().get("key") == b"last"
    assert answers == [b"OK", True]


def test_a_full_server_is_called_full(project: Project, server: ConfiguredRedis) -> None:
    """Out of memory without eviction, writes say so, what is stored is read, and space helps."""
    client = server.client()
    client.config_set("maxmemory", 1)
    with pytest.raises(ServerFullError, match="maxmemory"):
        write(project, 2.0, at=2)
    with pytest.raises(ServerFullError):
        write_async(project)
    assert read(project) == 0.5
    client.config_set("maxmemory", 0)
    write(project, 2.0, at=2)
    assert read(project) == 2.0


@pytest.mark.parametrize(
    "given", ["", ",password=wrong5678", f",username=nobody,password={PASSWORD}"]
)
def test_a_refused_password_is_not_shown(
    tmp_path: Path, server: ConfiguredRedis, given: str
) -> None:
    """A missing or wrong password, or user, is denied access without any password shown."""
    project = make_project(tmp_path / "repo", server.address)
    server.client().config_set("requirepass", PASSWORD)
    project.config.online_store.connection_string += given
    for request in (write, read, write_async, read_async):
        with pytest.raises(ServerDeniedError, match="denied access") as caught:
            request(project)
        assert "1234" not in str(caught.value)
        assert "5678" not in str(caught.value)


def test_a_password_of_digits_is_a_text(tmp_path: Path, server: ConfiguredRedis) -> None:
    """A password that looks like a number keeps its zeros, in the blocking and the other client."""
    server.client().config_set("requirepass", "0042")
    project = make_project(tmp_path, server.address)
    project.config.online_store.connection_string += ",password=0042"
    write(project)
    write_async(project)
    assert read(project) == read_async(project) == 0.5


def test_a_replica_takes_no_writes(tmp_path: Path, project: Project) -> None:
    """A write to a replica says that it needs the primary."""
    host, port = project.config.online_store.connection_string.split(":")
    with ConfiguredRedis(tmp_path / "replica", f"replicaof {host} {port}") as replica:
        project.config.online_store.connection_string = replica.address
        for request in (write, write_async):
            with pytest.raises(ServerReadOnlyError, match="primary"):
                request(project)


@pytest.mark.usefixtures("project")
def test_reads_fall_back_to_the_replica(tmp_path: Path, server: ConfiguredRedis) -> None:
    """With the primary gone the configured replica answers reads; writes say what is missing."""
    with replica_of(server, tmp_path / "replica") as replica:
        eventually(lambda: replica.key_count() == 1)
        fallen_back = make_project(
            tmp_path / "repo",
            server.address,
            replica_connection_string=replica.address,
        )
        server.stop()
        assert read(fallen_back) == 0.5
        assert read_async(fallen_back) == 0.5
        with pytest.raises(ServerUnavailableError):
            write(fallen_back)
    with pytest.raises(ServerUnavailableError, match=replica.address):
        read(fallen_back)
