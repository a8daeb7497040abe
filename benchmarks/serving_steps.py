"""What each step of a ranking costs in processor time, in this process and without HTTP."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from ml_serving.choosing import Judges, choose
from ml_serving.config import FIRST_ROLLOUT
from ml_serving.features import FeatureReader
from ml_serving.messages import RankRequest
from ml_serving.service import SERVICE
from ml_serving.signals import Identity

from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from feast import FeatureStore
    from serving_load import Load

_ROUNDS = 40
_CALLS = 10


def show_steps(store: FeatureStore, load: Load) -> None:
    """Print the steps of one request, one after the other."""
    asyncio.run(_show(store, load))


async def _show(store: FeatureStore, load: Load) -> None:
    reader = FeatureReader(store, POLICIES[SERVICE], timedelta(minutes=1), time.monotonic)
    reader.look()
    body = json.dumps(load.request(0)).encode()
    request = msgspec.json.decode(body, type=RankRequest)
    served = await reader.read(request)
    judges = Judges(FIRST_ROLLOUT.exploration)
    rankings = judges.rank(served.columns, served.states)
    chance = np.random.default_rng(1)
    steps: dict[str, Callable[[], object]] = {
        "decode and name the request": lambda: Identity.of(
            msgspec.json.decode(body, type=RankRequest)
        ),
        "rank by both policies": lambda: judges.rank(served.columns, served.states),
        "mix and draw": lambda: choose(request.user_id, rankings, FIRST_ROLLOUT, chance),
    }
    costs: dict[str, list[float]] = {"read features and learned state": []}
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(_CALLS):
            await reader.read(request)
        costs["read features and learned state"].append(time.process_time() - began)
        for name, step in steps.items():
            began = time.process_time()
            for _ in range(_CALLS):
                step()
            costs.setdefault(name, []).append(time.process_time() - began)
    await store.close()
    print("one request in this process, processor time:")
    for name, taken in costs.items():
        print(f"  {name:32} {1e3 * statistics.median(taken) / _CALLS:.3f} ms")
