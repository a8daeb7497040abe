"""A mark in Redis tells, for whoever fills it, whether it still has all that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from feast.repo_config import RepoConfig
from support.redis_servers import Cluster, ConfiguredRedis

from oo_profile.development.ports import free_port
from oo_stores.errors import ServerFullError, ServerUnavailableError
from oo_stores.redis import FillMark, RedisOnlineStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.live


def config(connection_string: str, *, kind: str = "redis") -> RepoConfig:
    """Return a repository's configuration with this Redis."""
    online = {
        "type": "oo_stores.redis.RedisOnlineStore",
        "connection_string": connection_string,
        "redis_type": kind,
    }
    return RepoConfig(
        project="shop",
        provider="local",
        registry="unused",
        online_store=online,
        entity_key_serialization_version=3,
    )


def filled(mark: FillMark) -> FillMark:
    """Set a mark as whoever has written everything does."""
    assert mark.finish(mark.begin())
    return mark


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConfiguredRedis]:
    """Give a Redis that may be restarted."""
    with ConfiguredRedis(tmp_path, port=free_port()) as running:
        yield running


@pytest.fixture
def mark(server: ConfiguredRedis) -> FillMark:
    """Give the mark of a Redis that nobody has filled."""
    return RedisOnlineStore().fill_mark(config(server.address))


def test_it_holds_when_all_is_written(mark: FillMark) -> None:
    """Not before, and not while it is being written."""
    assert not mark.holds()
    token = mark.begin()
    assert not mark.holds()
    assert mark.finish(token)
    assert mark.holds()


def test_a_flush_takes_it_away(mark: FillMark, server: ConfiguredRedis) -> None:
    """Behind the filling as well as in the midst of it."""
    filled(mark)
    server.client().flushall()
    assert not mark.holds()
    token = mark.begin()
    server.client().flushall()
    assert not mark.finish(token)
    assert not mark.holds()


@pytest.mark.parametrize("saved", [False, True], ids=["empty", "from a snapshot"])
def test_a_restart_is_noticed(mark: FillMark, server: ConfiguredRedis, *, saved: bool) -> None:
    """A server that came back may have forgotten the newest, even if it has the mark."""
    filled(mark)
    if saved:
        server.client().save()
    server.stop()
    server.start()
    assert bool(server.key_count()) == saved
    assert not mark.holds()
    assert filled(mark).holds()


def test_a_restart_in_the_midst_is_noticed(mark: FillMark, server: ConfiguredRedis) -> None:
    """What was written before it may be lost, though the rest was written."""
    token = mark.begin()
    server.client().save()
    server.stop()
    server.start()
    assert mark.finish(token)
    assert not mark.holds()


def test_projects_have_their_own(server: ConfiguredRedis) -> None:
    """One that is filled says nothing of another."""
    store, shop = RedisOnlineStore(), config(server.address)
    filled(store.fill_mark(shop))
    assert not store.fill_mark(shop.model_copy(update={"project": "other"})).holds()


def test_deleting_through_the_store_takes_it_away(server: ConfiguredRedis) -> None:
    """`feast teardown` and `feast apply` delete rows, which are to be written again."""
    store, shop = RedisOnlineStore(), config(server.address)
    mark = filled(store.fill_mark(shop))
    store.delete_entity_values(shop, ["customer"])
    assert not mark.holds()


def test_a_user_without_info_has_the_mark_alone(server: ConfiguredRedis) -> None:
    """Where `INFO` is not allowed, a flush is noticed all the same."""
    server.client().execute_command(  # type: ignore[no-untyped-call]
        "ACL", "SETUSER", "plain", "on", ">secret", "~*", "+@all", "-info"
    )
    limited = config(f"{server.address},username=plain,password=secret")
    mark = filled(RedisOnlineStore().fill_mark(limited))
    assert mark.holds()
    server.client().flushall()
    assert not mark.holds()


def test_a_cluster_has_one_too(tmp_path: Path) -> None:
    """A restart of any of its servers is noticed."""
    with Cluster(tmp_path) as cluster:
        shop = config(cluster.connection_string, kind="redis_cluster")
        mark = filled(RedisOnlineStore().fill_mark(shop))
        assert mark.holds()


def test_a_probe_fails_where_a_write_would_and_changes_nothing(
    mark: FillMark, server: ConfiguredRedis
) -> None:
    """Full, or gone, is told without a key of its own."""
    mark.probe()
    assert server.key_count() == 0
    filled(mark).probe()
    assert mark.holds()
    server.client().config_set("maxmemory", 1)
    with pytest.raises(ServerFullError):
        mark.probe()
    server.stop()
    with pytest.raises(ServerUnavailableError):
        mark.probe()
