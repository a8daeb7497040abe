"""Many requests: from several threads, under asyncio, and one after the other for long."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]
import redis.asyncio
from online_peers import user_id
from online_reads import BARE, OURS, STOCK, profile_columns, reading, references

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from feast import FeatureStore
    from online_peers import Peers

THREADS = (1, 4, 16)
CONCURRENT = 16
PARTS = 4
"""In how many turns each peer does its requests."""

WARM_UP_SHARE = 5
MEGABYTE = 2**20


def measure_throughput(found: Peers, requests: int) -> None:
    """Print requests a second of one user's fields.

    Args:
        found: The peers.
        requests: Of each peer, for each number of threads.
    """
    columns = profile_columns(found)
    key, fields = found.key(user_id(0)), found.fields(columns)
    rows = [{"user_id": user_id(0)}]
    calls: dict[str, Callable[[], object]] = {
        OURS: reading(found.ours, references(columns), rows),
        STOCK: reading(found.stock, references(columns), rows),
        BARE: lambda: found.hmget(key, fields),
    }
    print(f"throughput, one user's {len(columns)} fields, requests/s:")
    for threads in THREADS:
        _show_rates(f"{threads} threads", _thread_rates(calls, threads, requests))
    _show_rates(f"asyncio, {CONCURRENT} at once", asyncio.run(_async_rates(found, requests)))


def measure_memory(found: Peers, requests: int) -> None:
    """Print the resident memory before and after many requests, whose users change.

    Args:
        found: The peers.
        requests: How many; a fifth more go ahead as a warm-up.
    """
    process = psutil.Process()
    columns = references(profile_columns(found))
    calls = [reading(found.ours, columns, [{"user_id": user_id(number)}]) for number in range(100)]
    for number in range(requests // WARM_UP_SHARE):
        calls[number % len(calls)]()
    before = process.memory_info().rss / MEGABYTE
    for number in range(requests):
        calls[number % len(calls)]()
    after = process.memory_info().rss / MEGABYTE
    print(f"memory over {requests:,} requests: {before:.1f} MB, then {after:.1f} MB")
    print(f"  grown by {(after - before) / requests * 1e6:.2f} bytes a request")


def _thread_rates(
    calls: dict[str, Callable[[], object]], threads: int, requests: int
) -> dict[str, float]:
    """Let each peer do its requests in several turns; return requests a second."""
    spent = dict.fromkeys(calls, 0.0)
    each = requests // PARTS // threads

    def repeat(call: Callable[[], object]) -> None:
        for _ in range(each):
            call()

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(PARTS):
            for name, call in calls.items():
                began = time.perf_counter()
                for done in [pool.submit(repeat, call) for _ in range(threads)]:
                    done.result()
                spent[name] += time.perf_counter() - began
    return {name: PARTS * each * threads / seconds for name, seconds in spent.items()}


async def _async_rates(found: Peers, requests: int) -> dict[str, float]:
    columns = profile_columns(found)
    key, fields = found.key(user_id(0)), found.fields(columns)
    connection = found.client.get_connection_kwargs()
    async with redis.asyncio.Redis(host=connection["host"], port=connection["port"]) as client:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            OURS: _async_reading(found.ours, references(columns)),
            STOCK: _async_reading(found.stock, references(columns)),
            BARE: lambda: _hmget(client, key, fields),
        }
        spent = dict.fromkeys(calls, 0.0)
        each = requests // PARTS // CONCURRENT
        for _ in range(PARTS):
            for name, call in calls.items():
                began = time.perf_counter()
                await asyncio.gather(*(_repeat(call, each) for _ in range(CONCURRENT)))
                spent[name] += time.perf_counter() - began
    await found.ours.close()
    return {name: PARTS * each * CONCURRENT / seconds for name, seconds in spent.items()}


async def _hmget(client: redis.asyncio.Redis, key: bytes, fields: list[bytes]) -> object:
    return await client.hmget(key, fields)  # type: ignore[arg-type, misc]


async def _repeat(call: Callable[[], Awaitable[object]], count: int) -> None:
    for _ in range(count):
        await call()


def _async_reading(store: FeatureStore, columns: list[str]) -> Callable[[], Awaitable[object]]:
    rows = [{"user_id": user_id(0)}]

    async def read() -> object:
        return (await store.get_online_features_async(columns, rows)).to_dict()

    return read


def _show_rates(title: str, rates: dict[str, float]) -> None:
    shown = ", ".join(f"{name} {rate:9,.0f}" for name, rate in rates.items())
    print(f"  {title:22} {shown}   ours over bare {rates[OURS] / rates[BARE]:.2f}")
