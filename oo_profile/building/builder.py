"""The profile builder: signals from the stream into state, history and Redis.

A batch is one SQLite transaction, then Redis, then the acknowledgement. A crash between any two
of these replays the batch: its signals are recognised by their keys, and Redis is written again.
While Redis is away, its place is taken by a list in SQLite of the users who are behind there.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from oo_profile.building.chores import Chore
from oo_profile.building.observer import BatchReport, BuilderObserver
from oo_profile.building.pace import Pace
from oo_profile.errors import UnreadableStateError
from oo_profile.insight.events import EventLog
from oo_profile.knobs import refuse_unless_positive
from oo_profile.transport.waiting import set_within
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from oo_profile.building.late_tails import TailCorrector
    from oo_profile.building.mending import StateMender
    from oo_profile.building.observer import Part
    from oo_profile.building.online_sync import OnlineSync
    from oo_profile.building.outcome import Outcome
    from oo_profile.building.poison import PoisonProof
    from oo_profile.building.profile_table import ProfileTable
    from oo_profile.building.stream_eraser import StreamEraser
    from oo_profile.transport.message import Message
    from oo_profile.transport.puller import Puller
    from oo_profile.transport.restoring import Restorer

_log = EventLog(__name__)

T = TypeVar("T")

BATCHES_AHEAD: Final = 2
"""Taken while one is at work: the first is read and folded beside it, the second decoded."""


@dataclass(frozen=True, slots=True)
class BuilderConfig:
    """The builder's knobs.

    Attributes:
        quiet_seconds: How long to wait for a message before looking for old profile rows.
        profile_users: Users whose profile rows are refreshed at a time; a batch waits for them.
        profile_share: The share of time that profile rows may take while batches are full.
        catch_up_share: The same for states that Redis lacks after it was away.
        tail_share: The share of time in which long tails of late signals are corrected; while
            nothing comes for `quiet_seconds` they have all of it.
        overlap_from: Messages of a full batch from which on the next one is made ready while it
            goes into SQLite, and it goes to Redis while the next one does; a smaller one is there
            before that would pay.
        retry_seconds: First pause after SQLite refused; it doubles.
        max_retry_seconds: Where the doubling ends.
    """

    quiet_seconds: float = 0.5
    profile_users: int = 12
    profile_share: float = 0.02
    catch_up_share: float = 0.3
    tail_share: float = 0.05
    overlap_from: int = 500
    retry_seconds: float = 0.1
    max_retry_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse knobs that cannot work.

        Raises:
            ValueError: A knob is out of its range.
        """
        refuse_unless_positive(self)
        for name in ("profile_share", "catch_up_share", "tail_share"):
            if getattr(self, name) >= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be below 1")


class Step(Enum):
    """How far the builder is; a crash right after any of these is made good."""

    TAKEN = "a batch has come, and nothing is done with it"
    COMMITTED = "a batch is in SQLite"
    SERVED = "it is in Redis, or its users are remembered as behind"
    ACKNOWLEDGED = "it is acknowledged"
    CAUGHT_UP = "users are up to date in Redis, and still remembered as behind"


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


@dataclass(frozen=True, slots=True)
class _Committed:
    """A batch that is in SQLite, and on its way to Redis unless that is away."""

    messages: list[Message]
    outcome: Outcome
    began: float
    sent: Future[int] | None
    since: int


class Builder:
    """Runs batches until it is told to stop; then it finishes the one at hand.

    Args:
        config: The knobs.
        puller: Where messages come from.
        writer: The database.
        online: Redis, or the list of those who are behind there.
        profiles: The `profile` table.
        tails: Corrects histories behind the batches.
        mender: Makes histories anew that cannot be read.
        eraser: Erases from the stream what forgotten people send.
        restorer: Makes again, if they are deleted, what messages come from.
        clock: Tells the present, microseconds since the epoch.
        observer: Is told what happens.
        on_batch: Called with the totals after each acknowledged batch.
        on_step: Called at each step of each batch.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that it connects
        self,
        config: BuilderConfig,
        puller: Puller,
        writer: PoisonProof,
        online: OnlineSync,
        profiles: ProfileTable,
        *,
        tails: TailCorrector,
        mender: StateMender,
        eraser: StreamEraser,
        restorer: Restorer,
        clock: Callable[[], int],
        observer: BuilderObserver | None = None,
        on_batch: Callable[[Totals], None] = lambda _: None,
        on_step: Callable[[Step], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._puller = puller
        self._eraser = eraser
        self._restorer = restorer
        self._writer = writer
        self._online = online
        self._profiles = profiles
        self._tails = tails
        self._mender = mender
        self._tail_pace = Pace(self._config.tail_share, self._config.quiet_seconds)
        self._clock = clock
        self._observer = observer or BuilderObserver()
        self._on_batch = on_batch
        self._on_step = on_step
        # One thread of its own: SQLite and Redis block, and messages arrive meanwhile.
        self._thread = ThreadPoolExecutor(1, "builder")
        self._chores = (
            Chore(online.catch_up, config.catch_up_share),
            Chore(self._refresh, config.profile_share),
        )
        self._waiting_for: set[Part] = set()
        self._committed: _Committed | None = None
        self._ahead: deque[list[Message]] = deque()
        self._unacknowledged: list[Message] = []
        self._acknowledged_at = 0.0
        self.totals = Totals()

    async def run(self, stop: asyncio.Event) -> None:
        """Handle batches until `stop` is set and the batch at hand is acknowledged; once only.

        A batch that SQLite refuses is tried again until `stop` is set, and then handed back to
        the stream, from where it comes again.
        """
        quiet_seconds, busy = self._config.quiet_seconds, False
        with self._thread:
            await self._puller.start()
            self._eraser.start()
            try:
                while not stop.is_set():
                    self._observer.on_turn()
                    patience = min(quiet_seconds, self._tail_pace.wait_seconds())
                    at_once = busy or self._committed is not None
                    messages = await self._next_batch(0 if at_once else patience)
                    if not await self._handle(messages, stop):
                        break
                    full = len(messages) == self._puller.batch
                    busy = await self._do_chores(stop, full=full)
                    if self._tail_pace.is_due(messages_came=bool(messages)):
                        await self._insist(stop, self._correct_tail)
                    await self._look_after_the_stream(messages)
                    self._tell("redis", self._online.away_reason if self._online.is_away else "")
                    self._tell("nats", self._puller.trouble)
                await self._serve(stop)
            finally:
                await self._puller.stop()
                await self._eraser.stop()
                await self._puller.hand_back(self._unacknowledged)

    async def _handle(self, messages: list[Message], stop: asyncio.Event) -> bool:
        """Store, publish and acknowledge a batch; say whether that was possible before `stop`.

        While a large full batch goes into SQLite, the next one is made ready if it is here, and
        the one before goes to Redis. Any other is finished at once, since what comes next may be
        long in coming.
        """
        if messages:
            began, away = time.perf_counter(), self._online.is_away
            if self._may_overlap(messages):
                await self._look_ahead()
            stored = await self._insist(stop, lambda: self._store(messages, away=away))
            if not await self._serve(stop) or stored is None:
                return False
            outcome, since = stored
            sent = None if away else self._online.start(outcome.newest)
            self._committed = _Committed(messages, outcome, began, sent, since)
        return self._may_overlap(messages) or await self._serve(stop)

    async def _next_batch(self, timeout_seconds: float) -> list[Message]:
        """Return the batch that was made ready beside the one before, or wait for messages."""
        if self._ahead:
            return self._ahead.popleft()
        return await self._take(timeout_seconds)

    async def _look_ahead(self) -> None:
        """Take the batches that can be made ready; behind one that is not full there is none."""
        while len(self._ahead) < BATCHES_AHEAD:
            messages = await self._take(0)
            if messages:
                self._ahead.append(messages)
            if not self._may_overlap(messages):
                break

    async def _take(self, timeout_seconds: float) -> list[Message]:
        messages = await self._puller.take(timeout_seconds)
        self._unacknowledged += messages
        return messages

    def _may_overlap(self, messages: list[Message]) -> bool:
        full = len(messages) == self._puller.batch
        return full and len(messages) >= self._config.overlap_from

    async def _serve(self, stop: asyncio.Event) -> bool:
        """Acknowledge the batch on its way to Redis when it is there; say whether none is left."""
        batch = self._committed
        if batch is None:
            return True
        if batch.sent is not None:
            # What Redis refused is for the one who remembers it.
            with contextlib.suppress(OnlineServerError):
                await asyncio.wrap_future(batch.sent)
        # Apart from the commit: once more, the batch would be one of duplicates.
        if await self._insist(stop, lambda: self._publish(batch)) is None:
            return False
        online_us = None if self._online.is_away else self._clock()
        await self._acknowledge(batch.messages, batch.outcome)
        del self._unacknowledged[: len(batch.messages)]
        self._committed = None
        self._on_step(Step.ACKNOWLEDGED)
        now, before = time.perf_counter(), self._acknowledged_at
        self._acknowledged_at = now
        self.totals.add(batch.outcome, now - max(batch.began, before))
        seconds = now - batch.began
        self._observer.on_batch(BatchReport(batch.messages, batch.outcome, seconds, online_us))
        self._on_batch(self.totals)
        return True

    async def _acknowledge(self, messages: list[Message], outcome: Outcome) -> None:
        if outcome.kept_out:
            kept_out = set(outcome.kept_out)
            self._eraser.add(m for m in messages if m.sequence in kept_out)
            messages = [m for m in messages if m.sequence not in kept_out]
        await self._puller.acknowledge(messages)

    def _store(self, messages: list[Message], *, away: bool) -> tuple[Outcome, int]:
        self._on_step(Step.TAKEN)
        since = self._online.commits_of_others()
        outcome = self._writer.write(
            messages, ahead=tuple(self._ahead), meanwhile=self._online.pack, remember=away
        )
        self._on_step(Step.COMMITTED)
        return outcome, since

    def _publish(self, batch: _Committed) -> int:
        written = self._online.finish(batch.outcome.newest, batch.sent, batch.since)
        self._on_step(Step.SERVED)
        return written

    async def _do_chores(self, stop: asyncio.Event, *, full: bool) -> bool:
        """Do a portion of each kind of work behind the batches; say whether there is more."""
        busy = False
        for chore in self._chores:
            if not full or chore.may_run(self.totals.busy_seconds):
                busy |= bool(await self._insist(stop, chore.run))
        return busy

    async def _look_after_the_stream(self, messages: list[Message]) -> None:
        """Have stream and consumer made again if the server says that there are none."""
        if messages:
            self._restorer.is_well()
        elif self._puller.trouble:
            await self._restorer.attempt()

    def _tell(self, part: Part, reason: str) -> None:
        """Tell the observer when a part goes away, and when it is back."""
        if reason and part not in self._waiting_for:
            self._waiting_for.add(part)
            self._observer.on_waiting(part, reason)
        if part in self._waiting_for and not reason:
            self._waiting_for.remove(part)
            self._observer.on_resumed(part)

    def _refresh(self) -> int:
        now_us, users = self._clock(), self._config.profile_users
        return self._profiles.refresh_due(now_us, users) or self._profiles.sweep(now_us, users)

    def _correct_tail(self) -> bool:
        began = time.perf_counter()
        busy = self._tails.correct()
        self._tail_pace.spend(time.perf_counter() - began, busy=busy)
        return busy

    async def _insist(self, stop: asyncio.Event, work: Callable[[], T]) -> T | None:
        """Do something in the thread, again and again until it succeeds.

        A history that it cannot read is made anew; once, since then the fault is another.

        Returns:
            None if it did not succeed before `stop`: then nothing may be acknowledged.
        """
        mended: set[tuple[str, str]] = set()
        while True:
            try:
                return await self._insist_on(stop, work)
            except UnreadableStateError as error:
                if (error.view, error.user_id) in mended:
                    raise
                mended.add((error.view, error.user_id))
                if await self._insist_on(stop, partial(self._mender.mend, error)) is None:
                    return None

    async def _insist_on(self, stop: asyncio.Event, work: Callable[[], T]) -> T | None:
        """Do something in the thread until SQLite does not refuse it."""
        loop = asyncio.get_running_loop()
        pause, began, reason = self._config.retry_seconds, loop.time(), ""
        while True:
            try:
                done = await loop.run_in_executor(self._thread, work)
            except sqlite3.OperationalError as error:
                # A full disk, a lock, an I/O error: said once, and again if it becomes another.
                if str(error) != reason:
                    _log.warning("builder.waiting", part="sqlite", reason=str(error))
                reason = str(error)
                self._observer.on_waiting("sqlite", reason)
            else:
                if reason:
                    seconds = round(loop.time() - began, 1)
                    _log.info("builder.resumed", part="sqlite", seconds=seconds)
                    self._observer.on_resumed("sqlite")
                return done
            if await set_within(stop, pause):
                return None
            pause = min(2 * pause, self._config.max_retry_seconds)
