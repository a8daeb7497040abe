"""The profile builder: signals from the stream into state, history and Redis.

A batch is one SQLite transaction, then Redis, then the acknowledgement. A crash between any two
of these replays the batch: its signals are recognised by their keys, and Redis is written again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from oo_profile.building.observer import BatchReport, BuilderObserver
from oo_profile.insight.events import EventLog
from oo_profile.transport.waiting import set_within
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_profile.building.batch import BatchWriter, Outcome
    from oo_profile.building.observer import Part
    from oo_profile.building.online import OnlineWriter
    from oo_profile.building.profile_table import ProfileTable
    from oo_profile.transport.message import Message
    from oo_profile.transport.puller import Puller

_log = EventLog(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BuilderConfig:
    """The builder's knobs.

    Attributes:
        quiet_seconds: How long to wait for a message before looking for old profile rows.
        profile_users: Users whose profile rows are refreshed at a time; a batch waits for them.
        profile_share: The share of time that profile rows may take while batches are full.
        retry_seconds: First pause after SQLite or Redis refused; it doubles.
        max_retry_seconds: Where the doubling ends.
    """

    quiet_seconds: float = 0.5
    profile_users: int = 50
    profile_share: float = 0.1
    retry_seconds: float = 0.1
    max_retry_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse knobs that cannot work.

        Raises:
            ValueError: A knob is out of its range.
        """
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
        if self.profile_share >= 1:
            raise ValueError(f"profile_share is {self.profile_share}; it must be below 1")


@dataclass(slots=True)
class Totals:
    """What a builder has done since it started."""

    stored: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    kept_out: int = 0
    batches: int = 0
    busy_seconds: float = 0.0

    @property
    def handled(self) -> int:
        """Messages taken care of: stored, duplicate, rejected or kept out."""
        return self.stored.total() + self.duplicates + self.rejected.total() + self.kept_out

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Count a batch."""
        self.stored += outcome.stored
        self.duplicates += outcome.duplicates
        self.rejected += outcome.rejected
        self.kept_out += len(outcome.kept_out)
        self.batches += 1
        self.busy_seconds += seconds


class Builder:
    """Runs batches until it is told to stop; then it finishes the one at hand.

    Args:
        config: The knobs.
        puller: Where messages come from.
        writer: The database.
        online: Redis.
        profiles: The `profile` table.
        clock: Tells the present, microseconds since the epoch.
        observer: Is told what happens.
        on_batch: Called with the totals after each acknowledged batch.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that it connects
        self,
        config: BuilderConfig,
        puller: Puller,
        writer: BatchWriter,
        online: OnlineWriter,
        profiles: ProfileTable,
        *,
        clock: Callable[[], int],
        observer: BuilderObserver | None = None,
        on_batch: Callable[[Totals], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._puller = puller
        self._writer = writer
        self._online = online
        self._profiles = profiles
        self._clock = clock
        self._observer = observer or BuilderObserver()
        self._on_batch = on_batch
        # One thread of its own: SQLite and Redis block, and messages arrive meanwhile.
        self._thread = ThreadPoolExecutor(1, "builder")
        self._profile_seconds = 0.0
        self.totals = Totals()

    async def run(self, stop: asyncio.Event) -> None:
        """Handle batches until `stop` is set and the batch at hand is acknowledged; once only.

        A batch that SQLite or Redis refuses is tried again until `stop` is set, and then handed
        back to the stream, from where it comes again.
        """
        config, refreshed = self._config, 0
        unhandled: list[Message] = []
        with self._thread:
            await self._puller.start()
            try:
                while not stop.is_set():
                    self._observer.on_turn()
                    messages = await self._puller.take(0 if refreshed else config.quiet_seconds)
                    if messages and not await self._handle(messages, stop):
                        unhandled = messages
                        break
                    full = len(messages) == self._puller.batch
                    if not full or self._may_refresh():
                        refreshed = await self._insist(stop, self._refresh) or 0
            finally:
                await self._puller.stop()
                await self._puller.hand_back(unhandled)

    async def _handle(self, messages: list[Message], stop: asyncio.Event) -> bool:
        """Store, publish and acknowledge a batch; say whether that was possible before `stop`."""
        began = time.perf_counter()
        outcome = await self._insist(stop, lambda: self._writer.write(messages))
        # Apart from the commit: once more, the batch would be one of duplicates.
        if outcome is None or await self._insist(stop, lambda: self._publish(outcome)) is None:
            return False
        online_us = self._clock()
        await self._puller.acknowledge(messages)
        seconds = time.perf_counter() - began
        self.totals.add(outcome, seconds)
        self._observer.on_batch(BatchReport(messages, outcome, seconds, online_us))
        self._on_batch(self.totals)
        return True

    def _publish(self, outcome: Outcome) -> int:
        written = self._online.write(outcome.newest)
        self._writer.withdraw_forgotten(self._online, {user_id for user_id, _ in outcome.newest})
        return written

    def _may_refresh(self) -> bool:
        """Say whether profile rows had less than their share of the time so far."""
        share = self._config.profile_share
        return self._profile_seconds < self.totals.busy_seconds * share / (1 - share)

    def _refresh(self) -> int:
        began = time.perf_counter()
        now_us, users = self._clock(), self._config.profile_users
        refreshed = self._profiles.refresh_due(now_us, users) or self._profiles.sweep(now_us, users)
        self._profile_seconds += time.perf_counter() - began
        return refreshed

    async def _insist(self, stop: asyncio.Event, work: Callable[[], T]) -> T | None:
        """Do something in the thread, again and again until it succeeds.

        Returns:
            None if it did not succeed before `stop`: then nothing may be acknowledged.
        """
        loop = asyncio.get_running_loop()
        pause = self._config.retry_seconds
        waiting_for: Part | None = None
        while True:
            try:
                done = await loop.run_in_executor(self._thread, work)
            except (sqlite3.OperationalError, OnlineServerError) as error:
                waiting_for = "redis" if isinstance(error, OnlineServerError) else "sqlite"
                _log.warning(
                    "builder.waiting", part=waiting_for, reason=str(error), pause_seconds=pause
                )
                self._observer.on_waiting(waiting_for, str(error))
            else:
                if waiting_for:
                    _log.info("builder.resumed", part=waiting_for)
                    self._observer.on_resumed(waiting_for)
                return done
            if await set_within(stop, pause):
                return None
            pause = min(2 * pause, self._config.max_retry_seconds)
