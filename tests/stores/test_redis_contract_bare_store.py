"""A store object works by itself, without a `FeatureStore` or a registry around it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from feast import FeatureView, FileSource, RepoConfig
from feast.infra.online_stores.redis import RedisOnlineStore as StockStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import Float64, Int64
from live import PATIENCE_SECONDS
from redis import Redis
from support.contract_project import HOUR, NOW, SHOP, USER, view
from support.redis_repo import OURS, PATIENT, STOCK

from oo_stores.errors import ServerUnavailableError
from oo_stores.redis import RedisOnlineStore

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.live

Rows: TypeAlias = list[tuple[datetime | None, dict[str, Value] | None]]

ROWS = FileSource(name="rows", path="rows.parquet", timestamp_field="event_timestamp")
BRIEF = view("brief", [USER], ROWS, ttl=HOUR, heat=Float64, cold=Float64)
MOOD = view("mood", [USER], ROWS, joy=Float64)
SHELF = view("shelf", [SHOP], ROWS, items=Int64)
U = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val="u")])
NOBODY = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val="nobody")])
S = EntityKey(join_keys=["shop_id"], entity_values=[Value(int64_val=1)])
END = NOW + HOUR
NULL = Value()
SETTINGS: dict[str, Any] = {**PATIENT}
WRITTEN = {"heat": Value(double_val=2.5), "cold": NULL}


def config(address: str, *, kind: str = OURS, **settings: object) -> RepoConfig:
    """Return a configuration whose registry is never opened."""
    return RepoConfig(
        project="bare",
        provider="local",
        registry="none.db",
        online_store={"type": kind, "connection_string": address, **settings},
        entity_key_serialization_version=3,
    )


def store_at(moment: datetime) -> RedisOnlineStore:
    """Return a store whose wall clock stands still."""
    instant = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return RedisOnlineStore(wall_clock=lambda: instant)


@pytest.fixture
def written(redis_address: str) -> Iterator[RepoConfig]:
    """Give a project with a row in each of three views."""
    found = config(redis_address, **SETTINGS)
    store = RedisOnlineStore()
    store.online_write_batch(found, BRIEF, [(U, WRITTEN, NOW, NOW)], None)
    store.online_write_batch(found, MOOD, [(U, {"joy": Value(double_val=0.5)}, NOW, NOW)], None)
    store.online_write_batch(found, SHELF, [(S, {"items": Value(int64_val=7)}, NOW, NOW)], None)
    yield found
    asyncio.run(store.close())


def found(config: RepoConfig, view: FeatureView, key: EntityKey) -> object:
    """Return the features of an entity, None for one without a row."""
    ((_, features),) = store_at(NOW).online_read(config, view, [key])
    return features


def test_rows_are_read_by_their_keys(written: RepoConfig) -> None:
    """Event time and features come in the order of the keys; an unknown entity has neither."""
    rows: Rows = store_at(END).online_read(written, BRIEF, [NOBODY, U])
    assert rows == [(None, None), (NOW, WRITTEN)]


def test_named_features_alone_are_read(written: RepoConfig) -> None:
    """Only these come back, and the caller's list stays as it was."""
    named = ["heat"]
    rows: Rows = store_at(END).online_read(written, BRIEF, [U], named)
    assert rows == [(NOW, {"heat": WRITTEN["heat"]})]
    assert named == ["heat"]


def test_a_row_expires_to_the_microsecond(written: RepoConfig) -> None:
    """Past the view's TTL values are null and keep their time."""
    late = END + timedelta(microseconds=1)
    rows: Rows = store_at(late).online_read(written, BRIEF, [U])
    assert rows == [(NOW, {"heat": NULL, "cold": NULL})]


def test_a_clock_of_requests_is_none_here(written: RepoConfig) -> None:
    """With `ttl_clock` values of any age are given, for the caller to judge by their times."""
    written.online_store.ttl_clock = "now"
    rows: Rows = store_at(END + HOUR).online_read(written, BRIEF, [U])
    assert rows == [(NOW, WRITTEN)]


def test_the_twin_reads_the_same(written: RepoConfig) -> None:
    """`online_read_async` gives the rows of `online_read`, TTL included."""
    for moment in (END, END + HOUR):
        store = store_at(moment)

        async def twin(store: RedisOnlineStore = store) -> Rows:
            rows: Rows = await store.online_read_async(written, BRIEF, [NOBODY, U])
            await store.close()
            return rows

        assert asyncio.run(twin()) == store.online_read(written, BRIEF, [NOBODY, U])


def test_stock_semantics_read_what_stock_reads(written: RepoConfig, redis_address: str) -> None:
    """With the switch age is no matter, and an unknown entity has nulls of 1970."""
    written.online_store.stock_semantics = True
    stock = StockStore().online_read(config(redis_address, kind=STOCK), BRIEF, [NOBODY, U])
    assert store_at(END + HOUR).online_read(written, BRIEF, [NOBODY, U]) == stock


def test_an_update_deletes_the_views_named(written: RepoConfig) -> None:
    """A view that goes takes its rows with it; its neighbour on the same entity stays."""
    RedisOnlineStore().update(written, [BRIEF], [MOOD, SHELF], [], [], partial=False)
    assert found(written, BRIEF, U) is None
    assert found(written, MOOD, U) == {"joy": Value(double_val=0.5)}


def test_a_teardown_deletes_the_entities_of_its_views(
    written: RepoConfig, redis_address: str
) -> None:
    """All keys of the project go, and those of other projects stay."""
    host, port = redis_address.split(":")
    other = config(redis_address, **SETTINGS).model_copy(update={"project": "other"})
    store = RedisOnlineStore()
    store.online_write_batch(other, MOOD, [(U, {"joy": Value(double_val=1.0)}, NOW, NOW)], None)
    store.teardown(written, [BRIEF, MOOD, SHELF], [USER, SHOP])
    assert [found(written, view, key) for view, key in ((MOOD, U), (SHELF, S))] == [None, None]
    assert found(other, MOOD, U) == {"joy": Value(double_val=1.0)}
    assert Redis(host=host, port=int(port)).dbsize() == 1


def test_a_read_of_no_server_says_which() -> None:
    """The error names the server, as that of a request does."""
    nowhere = config("127.0.0.1:1", connect_timeout_seconds=PATIENCE_SECONDS)
    with pytest.raises(ServerUnavailableError, match=r"127\.0\.0\.1:1"):
        RedisOnlineStore().online_read(nowhere, MOOD, [U])
