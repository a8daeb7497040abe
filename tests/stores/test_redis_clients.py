"""Clients of every kind of Redis, in threads and event loops, opened once and closed."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from redis import Redis
from redis.connection import SSLConnection
from support.redis_repo import make_project
from support.redis_servers import Cluster, ConfiguredRedis, Sentinel, eventually, replica_of

from oo_stores.errors import OnlineServerError, ServerUnavailableError
from oo_stores.redis import OnlineRow, RedisOnlineStore, RedisOnlineStoreConfig
from oo_stores.redis.connections import connect, connect_async

if TYPE_CHECKING:
    from pathlib import Path

    from support.redis_repo import Project

pytestmark = pytest.mark.live

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USERS = [f"u{n}" for n in range(50)]


def write(project: Project, joy: float, at: int = 1) -> None:
    """Write a mood for every user, as a builder does."""
    rows = [OnlineRow({"user_id": user}, {"joy": joy}, at, at) for user in USERS]
    project.online.write_rows(project.config, project.view("mood"), rows)


async def write_async(project: Project, joy: float) -> None:
    """Write a mood for every user as Feast's server does, without created times."""
    batch = [
        (
            EntityKey(join_keys=["user_id"], entity_values=[Value(string_val=user)]),
            {"joy": Value(double_val=joy)},
            EPOCH.replace(microsecond=1),
            None,
        )
        for user in USERS
    ]
    await project.online.online_write_batch_async(project.config, project.view("mood"), batch, None)


def read(project: Project) -> list[float | None]:
    """Read all users' moods by the public call."""
    rows = [{"user_id": user} for user in USERS]
    found: list[float | None] = project.feast.get_online_features(["mood:joy"], rows).to_dict()[
        "joy"
    ]
    return found


async def read_async(project: Project) -> list[float | None]:
    """Read all users' moods by the asynchronous twin."""
    rows = [{"user_id": user} for user in USERS]
    answer = await project.feast.get_online_features_async(["mood:joy"], rows)
    found: list[float | None] = answer.to_dict()["joy"]
    return found


def connections(watching: Redis) -> int:
    """Return how many clients a server has, the one that asks included."""
    return len(cast("list[object]", watching.client_list()))


def succeeds(project: Project) -> bool:
    """Write once more, and say whether the server of the moment took it."""
    try:
        write(project, 4.0, at=3)
    except OnlineServerError:
        return False
    return True


def check_all_ways(project: Project) -> None:
    """Write and read by both twins."""
    write(project, 1.0)
    assert read(project) == [1.0] * len(USERS)

    async def both() -> list[float | None]:
        await write_async(project, 2.0)
        return await read_async(project)

    assert asyncio.run(both()) == [2.0] * len(USERS)


def test_a_cluster_of_several_servers_is_written_and_read(tmp_path: Path) -> None:
    """Rows spread over a Cluster's servers; all are written, read and deleted."""
    with Cluster(tmp_path / "cluster") as cluster:
        project = make_project(
            tmp_path / "repo",
            cluster.servers[0].address,
            redis_type="redis_cluster",
        )
        check_all_ways(project)
        assert all(server.key_count() > 0 for server in cluster.servers)
        cluster.servers[1].client().script_flush()
        write(project, 3.0, at=2)
        assert read(project) == [3.0] * len(USERS)
        project.online.delete_table(project.config, project.view("mood"))
        assert all(server.key_count() == 0 for server in cluster.servers)
        asyncio.run(project.online.close())


def test_a_cluster_that_is_gone_is_named(tmp_path: Path) -> None:
    """Without any of its servers a Cluster is not available, by its addresses."""
    project = make_project(tmp_path, "127.0.0.1:1", redis_type="redis_cluster")
    with pytest.raises(ServerUnavailableError, match=r"Redis Cluster at 127\.0\.0\.1:1"):
        write(project, 1.0)
    with pytest.raises(OnlineServerError, match=r"Redis Cluster at 127\.0\.0\.1:1"):
        asyncio.run(write_async(project, 1.0))


def test_sentinel_leads_to_the_primary_and_to_the_next_one(tmp_path: Path) -> None:
    """The primary is asked for; when it dies, requests go on with the one promoted."""
    with (
        ConfiguredRedis(tmp_path / "primary") as primary,
        replica_of(primary, tmp_path / "replica") as replica,
        Sentinel(tmp_path / "sentinel", primary) as sentinel,
    ):
        project = make_project(
            tmp_path / "repo",
            sentinel.address,
            redis_type="redis_sentinel",
            sentinel_master="shop",
        )
        check_all_ways(project)
        eventually(sentinel.knows_a_replica)
        eventually(lambda: replica.key_count() == len(USERS))
        primary.stop()
        with pytest.raises(OnlineServerError, match="'shop' of the Sentinels at"):
            write(project, 3.0, at=2)
        sentinel.be_alert()
        eventually(lambda: sentinel.primary_port() == replica.port)
        eventually(lambda: succeeds(project))
        assert read(project) == [4.0] * len(USERS)
        assert asyncio.run(read_async(project)) == [4.0] * len(USERS)


def test_every_event_loop_has_a_client_of_its_own(tmp_path: Path, redis_address: str) -> None:
    """Loops one after another, and several in threads at once, all write and read."""
    project = make_project(tmp_path, redis_address)

    def run(joy: float) -> list[float | None]:
        async def both() -> list[float | None]:
            await write_async(project, joy)
            return await read_async(project)

        return asyncio.run(both())

    assert run(1.0) == [1.0] * len(USERS)
    assert run(2.0) == [2.0] * len(USERS)
    with ThreadPoolExecutor(4) as pool:
        assert set(map(len, pool.map(run, [3.0] * 8))) == {len(USERS)}


def test_a_loop_that_ends_leaves_no_connection(tmp_path: Path) -> None:
    """When a loop has ended, its connections are closed, without a warning from anybody."""
    with ConfiguredRedis(tmp_path / "redis") as server:
        project = make_project(tmp_path / "repo", server.address)
        watching = server.client()
        before = connections(watching)
        asyncio.run(write_async(project, 1.0))
        gc.collect()
        eventually(lambda: connections(watching) == before)


def test_closing_closes_and_the_next_call_opens(tmp_path: Path) -> None:
    """`close` leaves no connection of this loop and of the blocking client; both come back."""
    with ConfiguredRedis(tmp_path / "redis") as server:
        project = make_project(tmp_path / "repo", server.address)
        watching = server.client()
        before = connections(watching)

        async def run() -> None:
            await write_async(project, 1.0)
            write(project, 1.0)
            await project.online.close()
            await asyncio.to_thread(eventually, lambda: connections(watching) == before)
            await write_async(project, 2.0)
            await project.online.close()
            await project.online.close()

        asyncio.run(run())
        write(project, 3.0)
        assert read(project) == [3.0] * len(USERS)
        asyncio.run(project.online.close())


def test_threads_share_one_client(redis_address: str) -> None:
    """Threads that ask at once all get the same client."""
    store = RedisOnlineStore()
    settings = RedisOnlineStoreConfig(connection_string=redis_address)
    with ThreadPoolExecutor(8) as pool:
        clients = set(pool.map(lambda _: id(store._get_client(settings)), range(64)))  # noqa: SLF001  Feast's name for it
    assert len(clients) == 1


def test_parameters_of_the_connection_string_reach_the_client() -> None:
    """Database, TLS and time-outs of the connection string are redis-py's, and win."""
    settings = RedisOnlineStoreConfig(
        connection_string="h:1,db=3,ssl=true,ssl_cert_reqs=none,socket_timeout=9,username=u",
        connect_timeout_seconds=4.0,
    )
    for client in (connect(settings), connect_async(settings)):
        known = client.get_connection_kwargs()
        assert (known["db"], known["username"], known["ssl_cert_reqs"]) == (3, "u", "none")
        assert (known["socket_timeout"], known["socket_connect_timeout"]) == (9, 4.0)
    client = connect(settings)
    assert isinstance(client, Redis)
    assert client.connection_pool.connection_class is SSLConnection
