"""Users with a profile and learned state, and requests for tips for them."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import statistics
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from feast.infra.online_stores.helpers import get_online_store_from_config
from serving_process import post

from oo_bandit import LearnedState
from oo_profile.development.ports import LOOPBACK
from oo_stores.redis import OnlineRow, RedisOnlineStore
from oo_transforms.clock import SECOND_US
from oo_transforms.policies import POLICIES
from oo_transforms.tasks import TASK_STATE
from oo_transforms.tips import TIP_STATE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from feast import FeatureStore

    from oo_transforms.state_view import StateView

USERS = 200
NAMES = ["docs", "feat", "fix", "test"]
DECISIONS = 40
"""Decisions that each user has learned from."""

_TURNS = 30
_CALLS = 8


@dataclass(slots=True)
class Load:
    """Requests for tips, no two alike.

    Attributes:
        users: Whose.
        candidates: Of each request.
        connections: That send at once.
    """

    users: Sequence[str]
    candidates: int
    connections: int
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def alone(self) -> Load:
        """Return the same, one request after the other."""
        return Load(self.users, self.candidates, 1, self._numbers)

    def columns(self, number: int) -> dict[str, list[Any]]:
        """Return a request as Feast takes it."""
        request = self.request(number)
        tasks = request["candidates"]
        count = len(tasks)
        return {
            "user_id": [request["user_id"]] * count,
            "now": [request["now"]] * count,
            "utc_offset_minutes": [request["utc_offset_minutes"]] * count,
        } | {
            name: [task[name] for task in tasks]
            for name in ("created_at", "due_at", "priority", "category")
        }

    def request(self, number: int) -> dict[str, Any]:
        """Return a request of `POST /rank`."""
        now = time.time() + number * 1e-6
        return {
            "user_id": self.users[number % len(self.users)],
            "now": now,
            "utc_offset_minutes": 120,
            "candidates": [
                {
                    "id": f"task-{place}",
                    "category": NAMES[place % len(NAMES)],
                    "created_at": now - 7_200.0 * place,
                    "due_at": now + 3_600.0 * place if place % 3 else None,
                    "priority": float(place % 4 + 1),
                }
                for place in range(self.candidates)
            ],
        }

    async def send(self, port: int, requests: int) -> list[float]:
        """Send requests over some connections at once; return the seconds that each took.

        Raises:
            RuntimeError: One was not answered, or not in full.
        """
        each = requests // self.connections
        parts = await asyncio.gather(*(self._over_one(port, each) for _ in range(self.connections)))
        return [taken for part in parts for taken in part]

    async def _over_one(self, port: int, requests: int) -> list[float]:
        # Made ahead: the service's time is measured, and this process shares the machine with it.
        ready = [json.dumps(self.request(next(self._numbers))).encode() for _ in range(requests)]
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        durations = []
        for body in ready:
            began = time.perf_counter()
            content = await post(reader, writer, "/rank", body)
            durations.append(time.perf_counter() - began)
            if b'"degraded":[]' not in content:
                raise RuntimeError(f"not answered in full: {content!r}")
        writer.close()
        await writer.wait_closed()
        return durations


def filled(store: FeatureStore, seed: int) -> list[str]:
    """Write users with a profile and learned state to Redis; return their ids."""
    online = get_online_store_from_config(store.config.online_store)
    if not isinstance(online, RedisOnlineStore):
        raise SystemExit("this benchmark fills the Redis of the project")
    chance, rng = random.Random(seed), np.random.default_rng(seed)
    at_us = (time.time_ns() // 1_000) - 300 * SECOND_US
    users = [f"bench-{number:06}" for number in range(USERS)]
    views = {view.name: view for view in store.list_feature_views()}
    for user in users:
        rows = [(view.name, _profile(view, chance, at_us)) for view in (TASK_STATE, TIP_STATE)]
        rows += [(f"policy_state_{name}", _learned(name, rng, at_us)) for name in POLICIES]
        online.write_views(
            store.config,
            [(views[name], OnlineRow({"user_id": user}, row, at_us, at_us)) for name, row in rows],
        )
    return users


def reads_by_way(store: FeatureStore, load: Load) -> None:
    """Print what a read of all candidates' features costs by each way to call it in a service."""
    service = store.get_feature_service("bandit_v2")
    requests = [load.columns(number) for number in range(_CALLS)]

    def plain(columns: dict[str, list[Any]]) -> object:
        return store.get_online_features(service, columns).to_dict()

    async def on_the_loop(columns: dict[str, list[Any]]) -> object:
        return plain(columns)

    async def in_a_thread(columns: dict[str, list[Any]]) -> object:
        return await asyncio.to_thread(partial(plain, columns))

    async def asynchronously(columns: dict[str, list[Any]]) -> object:
        return (await store.get_online_features_async(service, columns)).to_dict()

    ways: dict[str, Callable[[dict[str, list[Any]]], Awaitable[object]]] = {
        "blocking the event loop": on_the_loop,
        "in a thread": in_a_thread,
        "asynchronously": asynchronously,
    }
    print(f"a read of {load.candidates} candidates, {_CALLS} at once, processor time:")
    for way, cost in asyncio.run(_costs(store, ways, requests)).items():
        print(f"  {way:26} {cost * 1e3:.2f} ms")


async def _costs(
    store: FeatureStore,
    ways: dict[str, Callable[[dict[str, list[Any]]], Awaitable[object]]],
    requests: list[dict[str, list[Any]]],
) -> dict[str, float]:
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(_TURNS):
        for way, read in ways.items():
            began = time.process_time()
            await asyncio.gather(*map(read, requests))
            found[way].append((time.process_time() - began) / len(requests))
    await store.close()
    return {way: statistics.median(costs) for way, costs in found.items()}


def _profile(view: StateView, chance: random.Random, at_us: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in view.fields():
        if column.dtype == "Float64":
            row[column.name] = chance.random() * 9
        elif column.dtype == "Array(String)":
            row[column.name] = NAMES
        elif column.dtype == "Array(Float64)":
            row[column.name] = [chance.random() * 9 for _ in range(column.length or len(NAMES))]
    return row | {view.anchor_field: at_us / SECOND_US}


def _learned(policy: str, rng: np.random.Generator, at_us: int) -> dict[str, Any]:
    vectors = rng.uniform(-1, 1, (DECISIONS, len(POLICIES[policy].dimensions)))
    vectors[:, 0] = 1.0
    state = LearnedState.of(vectors, rng.integers(0, 2, DECISIONS).astype(float))
    return {
        f"policy_{policy}_last_event_at": at_us / SECOND_US,
        f"policy_{policy}_count": state.count,
        f"policy_{policy}_outer": state.outer.tolist(),
        f"policy_{policy}_rewards": state.rewards.tolist(),
    }
