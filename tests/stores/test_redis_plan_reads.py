"""A request costs Redis one round trip, and survives what happens to its connection."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, cast

import pytest
from redis import Redis
from redis import asyncio as redis_asyncio
from redis.exceptions import ResponseError
from support.contract_project import contract

from oo_stores.redis.hash_reads import READS_A_PACKET, HashFields, read_hashes, read_hashes_async

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

FIELDS = HashFields.of(["a", b"b", "absent"])
READS = [(b"one", FIELDS), (b"nobody", FIELDS)]
REPLIES = [[b"1", b"2", None], [None, None, None]]


@pytest.fixture
def client(redis_address: str) -> Iterator[Redis]:
    """Give a client of a Redis with one hash, and a text where a hash is looked for."""
    host, port = redis_address.split(":")
    with Redis(host=host, port=int(port)) as client:
        client.hset("one", mapping={"a": "1", "b": "2"})
        client.set("text", "x")
        yield client


def commands(client: Redis, name: str) -> int:
    """Return how often the server has run a command."""
    statistics = cast("dict[str, dict[str, int]]", client.info("commandstats"))
    return statistics.get(f"cmdstat_{name}", {"calls": 0})["calls"]


def test_an_entity_is_read_once_for_all_its_views(tmp_path: Path, redis_address: str) -> None:
    """Rows of one entity and views of one kind share one HMGET, functions' inputs included."""
    shop = contract(tmp_path, redis_address)
    features = ["mood:joy", "habit:orders", "seen:twice", "brief:heat"]
    before = commands(shop.redis.client, "hmget")
    rows = [{"user_id": name, "now": 1.5} for name in ("u", "v", "u")]
    shop.feast.get_online_features(features, rows).to_df()
    assert commands(shop.redis.client, "hmget") == before + 2


def test_replies_come_in_the_order_of_the_reads(client: Redis) -> None:
    """Every read has its reply, None for what is not there; no read costs nothing."""
    assert read_hashes(client, READS) == REPLIES
    assert read_hashes(client, []) == []


def test_a_client_of_one_connection_reads_the_same(client: Redis) -> None:
    """A client that is no pool's is asked in its own way."""
    place = client.connection_pool.connection_kwargs
    with Redis(host=place["host"], port=place["port"], single_connection_client=True) as single:
        assert read_hashes(single, READS) == REPLIES


def test_the_asynchronous_twin_reads_the_same(client: Redis) -> None:
    """Replies, and refusals, are those of the blocking call."""
    place = client.connection_pool.connection_kwargs

    async def read() -> None:
        asynchronous = redis_asyncio.Redis(host=place["host"], port=place["port"])
        assert await read_hashes_async(asynchronous, READS) == REPLIES
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await read_hashes_async(asynchronous, [(b"text", FIELDS), *READS])
        assert await read_hashes_async(asynchronous, READS) == REPLIES
        assert await read_hashes_async(asynchronous, []) == []
        await asynchronous.aclose()

    asyncio.run(read())


@pytest.mark.parametrize("count", [1, READS_A_PACKET, READS_A_PACKET + 1, 5 * READS_A_PACKET])
def test_any_number_of_reads_is_answered_in_order(client: Redis, count: int) -> None:
    """However many packets the commands fill, each has its reply."""
    for number in range(count):
        client.hset(f"user {number}", mapping={"a": number})
    reads = [(f"user {number}".encode(), FIELDS) for number in range(count)]
    assert read_hashes(client, reads) == [[b"%d" % n, None, None] for n in range(count)]


def test_work_is_done_while_redis_looks(client: Redis) -> None:
    """What a caller does meanwhile is done once, after the commands have left."""
    before, seen = commands(client, "hmget"), []

    def meanwhile() -> None:
        with Redis(**client.connection_pool.connection_kwargs) as other:
            while commands(other, "hmget") < before + len(READS):
                pass
            seen.append("answered")

    assert read_hashes(client, READS, meanwhile) == REPLIES
    assert seen == ["answered"]


def test_work_that_fails_leaves_no_answer_behind(client: Redis) -> None:
    """After an error meanwhile the next request gets its own answers."""

    def meanwhile() -> None:
        raise RuntimeError("no")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            read_hashes(client, [(b"text", FIELDS)], meanwhile)
        assert read_hashes(client, READS) == REPLIES


def test_a_refused_read_leaves_no_answer_behind(client: Redis) -> None:
    """After a refusal in the middle the next request gets its own answers."""
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        read_hashes(client, [READS[0], (b"text", FIELDS), READS[1]])
    assert read_hashes(client, READS) == REPLIES


def test_a_connection_that_was_cut_is_replaced(client: Redis) -> None:
    """A kept connection that the server closed meanwhile costs no error, even without retries."""
    for _ in range(3):
        assert read_hashes(client, READS) == REPLIES
        place = client.connection_pool.connection_kwargs
        with Redis(host=place["host"], port=place["port"]) as other:
            other.client_kill_filter(_type="normal", skipme=True)


def test_a_forked_process_has_connections_of_its_own(client: Redis) -> None:
    """Parent and child never read each other's answers."""
    assert read_hashes(client, READS) == REPLIES
    child = os.fork()
    if child == 0:
        os._exit(0 if read_hashes(client, READS) == REPLIES else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert read_hashes(client, READS) == REPLIES


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project with one row."""
    shop = contract(tmp_path, redis_address)
    shop.write("habit", user_id="u", visits=2.5, orders=3, brands=["a"], picture=b"p")
    return shop


def test_the_message_is_made_when_it_is_asked_for(shop: Contract) -> None:
    """Until then there is none, and afterwards it is the same object."""
    answer = shop.feast.get_online_features(["habit:visits"], [{"user_id": "u"}])
    answer.to_df()
    assert "proto" not in vars(answer)
    assert answer.proto is answer.proto
