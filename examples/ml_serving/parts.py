"""All parts of the running service, opened and closed together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from feast.infra.online_stores.helpers import get_online_store_from_config

from ml_serving.features import FeatureReader
from ml_serving.messages import Health
from ml_serving.metrics import Metrics
from ml_serving.outbox import Outbox
from ml_serving.resends import Resends
from ml_serving.rollouts import Rollouts
from ml_serving.service import SERVICE, Service
from ml_serving.spool import Spool
from ml_serving.stream import Stream
from oo_bandit import rollout_key
from oo_stores.redis import RedisOnlineStore
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

    from feast import FeatureStore

    from ml_serving.config import ServingConfig
    from ml_serving.rollouts import ReadRollout

_EXPIRE_EVERY: Final = timedelta(minutes=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with.

    Attributes:
        service: Ranks, and takes feedback.
        reader: Reads features.
        rollouts: Which policy acts.
        outbox: Takes signals.
        stream: Where they go.
        spool: Where they wait.
        metrics: What Prometheus is told.
        tasks: What runs beside requests.
    """

    service: Service
    reader: FeatureReader
    rollouts: Rollouts
    outbox: Outbox
    stream: Stream
    spool: Spool
    metrics: Metrics
    tasks: Sequence[asyncio.Task[None]]

    def is_alive(self) -> bool:
        """Say whether everything runs that is to run beside requests."""
        return not any(task.done() for task in self.tasks)

    def health(self, reason: str | None) -> Health:
        """Say how the service is; it is well without a reason why not."""
        return Health(
            ok=reason is None,
            reason=reason,
            stage=self.rollouts.current.stage,
            online_store=self.reader.is_reading,
            stream=self.stream.is_connected,
            spooled=len(self.spool),
        )


@contextlib.asynccontextmanager
async def opened(config: ServingConfig, store: FeatureStore) -> AsyncIterator[Parts]:
    """Open everything, look once at registry and rollout, and close it all in the end.

    Raises:
        SpoolInUseError: Another process has the spool.
    """
    with Spool(config.spool, time.time) as spool:
        metrics = Metrics(spool)
        stream = Stream(config.stream)
        outbox = Outbox(stream, spool, metrics, time.monotonic)
        reader = FeatureReader(store, POLICIES[SERVICE], config.read_time_out, time.monotonic)
        async with _rollout_reader(store) as read:
            rollouts = Rollouts(config.rollout, read, metrics)
            await asyncio.to_thread(reader.look)
            await rollouts.look()
            service = Service(
                reader=reader,
                rollouts=rollouts,
                outbox=outbox,
                resends=Resends(),
                metrics=metrics,
                clock=lambda: time.time_ns() // 1_000,
            )
            running = (
                stream.run(),
                outbox.run(),
                reader.run(config.look_every),
                rollouts.run(config.look_every),
                _expire(spool, metrics),
            )
            async with _beside(running) as tasks:
                yield Parts(service, reader, rollouts, outbox, stream, spool, metrics, tasks)
        await store.close()


@contextlib.asynccontextmanager
async def _beside(
    running: Sequence[Coroutine[object, object, None]],
) -> AsyncIterator[Sequence[asyncio.Task[None]]]:
    """Run what never ends beside a block, and cut it off in the end."""
    tasks = [asyncio.create_task(one) for one in running]
    for task in tasks:
        task.add_done_callback(_say_why)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        _log.critical("background.ended task=%s", task.get_name(), exc_info=task.exception())


@contextlib.asynccontextmanager
async def _rollout_reader(store: FeatureStore) -> AsyncIterator[ReadRollout]:
    """Give what reads the rollout from the Redis that serves features."""
    online = get_online_store_from_config(store.config.online_store)
    key = rollout_key(store.project)

    async def read() -> bytes | None:
        if isinstance(online, RedisOnlineStore):
            return await asyncio.to_thread(online.notes(store.config).get, key)
        return None  # another store has no place for it, and the first rollout holds

    try:
        yield read
    finally:
        await online.close()


async def _expire(spool: Spool, metrics: Metrics) -> None:
    while True:
        lost = await asyncio.to_thread(spool.expire)
        if lost:
            metrics.expired.inc(lost)
            _log.error("spool.expired signals=%d", lost)
        await asyncio.sleep(_EXPIRE_EVERY.total_seconds())
