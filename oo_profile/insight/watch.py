"""Looks at a running builder's surroundings every few seconds, beside its work."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from oo_profile.errors import DatabaseError
from oo_profile.insight.disk import DiskForecast
from oo_profile.insight.events import EventLog
from oo_profile.insight.newest import newest_of_stream
from oo_profile.insight.sample import sample_database, sample_lag
from oo_profile.insight.signal_count import SignalCount
from oo_profile.knobs import refuse_unless_positive
from oo_profile.storage.database import reading
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oo_profile.building.observer import Surroundings
    from oo_profile.insight.disk import Disk
    from oo_profile.insight.status import Status

_log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """How often to look.

    Attributes:
        beat_seconds: Between two signs of life of the event loop.
        look_seconds: Between the end of one look around and the next.
    """

    beat_seconds: float = 1.0
    look_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse pauses that are none.

        Raises:
            ValueError: One is not above 0.
        """
        refuse_unless_positive(self)


class Watch:
    """Keeps a status up to date; never in the way of a batch.

    Args:
        status: Where to put what is seen.
        surroundings: Where to look.
        config: How often.
    """

    def __init__(self, status: Status, surroundings: Surroundings, config: WatchConfig) -> None:
        self._status = status
        self._around = surroundings
        self._config = config
        self._inode = surroundings.database.stat().st_ino
        self._forecast = DiskForecast()
        self._count = SignalCount(status.clock)
        self._failure = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look as long as the context lasts."""
        tasks = [asyncio.create_task(work) for work in (self._beat(), self._look_again())]
        try:
            yield
        finally:
            self._status.stopping = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> NoReturn:
        while True:
            self._status.looped_at = self._status.clock()
            if self._around.nats.is_connected:
                self._status.end_waiting("nats", "watch")
            else:
                self._status.begin_waiting("nats", "not connected", "watch")
            await asyncio.sleep(self._config.beat_seconds)

    async def _look_again(self) -> NoReturn:
        first = True
        while True:
            try:
                if first:
                    self._status.saw(await newest_of_stream(self._around.nats))
                    first = False
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the builder goes on
                self._complain(f"{type(error).__name__}: {error}")
            else:
                self._failure = ""
            await asyncio.sleep(self._config.look_seconds)

    async def look(self) -> None:
        """Look around once."""
        connected = self._around.nats.is_connected
        self._status.lag = await sample_lag(self._around.nats) if connected else None
        await asyncio.to_thread(self._look_at_disk)
        await asyncio.to_thread(self._look_at_database)
        await asyncio.to_thread(self._look_at_redis)

    def _look_at_disk(self) -> None:
        usage = shutil.disk_usage(self._around.database.parent)
        disk = self._forecast.add(self._status.clock(), usage.free, usage.total)
        before, self._status.disk = self._status.disk, disk
        if disk.filling != (before is not None and before.filling):
            _tell(disk)

    def _look_at_database(self) -> None:
        status, path = self._status, self._around.database
        try:
            status.database = sample_database(path, self._inode)
            with reading(path) as connection:
                self._count.go_on(connection)
        except DatabaseError as error:
            status.database, status.database_refusal = None, str(error)
            return
        status.signals, status.database_refusal = self._count.signals, status.database.refusal

    def _look_at_redis(self) -> None:
        try:
            self._around.online.ping()
        except OnlineServerError as error:
            self._status.begin_waiting("redis", error.reason, "watch")
        else:
            self._status.end_waiting("redis", "watch")

    def _complain(self, reason: str) -> None:
        """Say that looking does not work, once for each reason."""
        if reason != self._failure:
            _log.warning("watch.failed", reason=reason)
        self._failure = reason


def _tell(disk: Disk) -> None:
    if disk.filling:
        _log.warning(
            "disk.filling",
            free_bytes=disk.free_bytes,
            total_bytes=disk.total_bytes,
            full_hours=disk.full_seconds / 3600,
        )
    else:
        _log.info("disk.enough", free_bytes=disk.free_bytes, total_bytes=disk.total_bytes)
