"""Redis kept up with SQLite: written behind each commit, or remembered and caught up.

Nothing is acknowledged whose users are neither in Redis nor remembered in SQLite. While Redis is
there that costs no write; the first batch that it refuses is remembered in a transaction of its
own, and those after it in their own transactions.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.building.keeping_out import withdraw_forgotten
from oo_profile.building.newest_states import NewestStates, newest_rows
from oo_profile.building.online_copy import OnlineCopy
from oo_profile.building.rollout_copy import RolloutCopy
from oo_profile.insight.events import EventLog
from oo_profile.knobs import refuse_unless_positive
from oo_profile.storage import behind
from oo_profile.storage.database import transaction
from oo_profile.storage.state_table import StateTable
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from oo_profile.building.online import OnlineWriter
    from oo_stores.redis import PackedRows
    from oo_transforms.state_view import StateView

_log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class OnlineSyncConfig:
    """The knobs.

    Attributes:
        portion: States that are caught up or filled in at a time; a batch waits for them.
        look_seconds: How often to look whether Redis lost what it had.
        first_pause_seconds: First pause before Redis is tried again; it doubles.
        longest_pause_seconds: Where the doubling ends.
    """

    portion: int = 500
    look_seconds: float = 5.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 15.0

    def __post_init__(self) -> None:
        """Refuse knobs that cannot work.

        Raises:
            ValueError: A knob is out of its range.
        """
        refuse_unless_positive(self)


class OnlineSync:
    """Writes what a batch changed, or remembers whose it is; catches up behind the batches.

    All of it belongs into the one thread that writes batches: between reading a state and
    forgetting that its user is behind, no batch may come. Two things have threads of their own:
    states of a committed batch are sent while the next batch goes into SQLite, since Redis itself
    decides which state is newer; and whether Redis is back is tried, so that no batch waits for a
    server that does not answer.

    Args:
        connection: The builder's connection.
        views: All state views; their tables exist.
        online: Redis.
        config: The knobs.
        monotonic: Tells seconds that only grow.
        on_caught_up: Called when a portion is in Redis, and before its users are forgotten.

    Attributes:
        away_reason: Why Redis could last not be written to.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that it connects
        self,
        connection: sqlite3.Connection,
        views: Sequence[StateView],
        online: OnlineWriter,
        config: OnlineSyncConfig | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        on_caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._tables = [StateTable(view) for view in views]
        self._online = online
        self._copy = OnlineCopy(connection, self._tables, online)
        self._mark = online.mark
        self._rollout = RolloutCopy(connection, online)
        self._config = config or OnlineSyncConfig()
        self._monotonic = monotonic
        self._on_caught_up = on_caught_up
        self._away = _Away(self._config, online.mark.probe, monotonic)
        self._sending = ThreadPoolExecutor(1, "builder-redis")
        self._packed: tuple[NewestStates, PackedRows] | None = None
        self._filling: _Filling | None = None
        # A run before this one may have left some, and Redis may have lost what it had.
        self._any_behind = True
        self._seen_commits = self._copy.commits_of_others()
        self._look_at = monotonic()
        self.away_reason = ""

    @property
    def is_away(self) -> bool:
        """Whether Redis is away; then a batch must remember its users in its own transaction."""
        return self._away.since is not None

    def pack(self, newest: NewestStates) -> None:
        """Encode for `start` what a batch changes that is being committed, unless Redis is away."""
        self._packed = None if self.is_away else (newest, self._online.pack(newest))

    def start(self, newest: NewestStates) -> Future[int]:
        """Begin to bring to Redis what a committed batch changed, beside what the thread does.

        One at a time, in the order of the batches; what comes of it is for `finish`.
        """
        packed, self._packed = self._packed, None
        if packed is not None and packed[0] is newest:
            return self._sending.submit(self._online.write_packed, packed[1])
        return self._sending.submit(self._online.write, newest)

    def commits_of_others(self) -> int:
        """Return what `finish` is to be given: asked before the batch reads anything."""
        return self._copy.commits_of_others()

    def finish(self, newest: NewestStates, sent: Future[int] | None, since: int) -> int:
        """See to it that what a batch changed is in Redis, or remembered.

        After this the batch may be acknowledged.

        Args:
            newest: What Redis must have.
            sent: What `start` gave, and is done; None if the batch itself has remembered its
                users: then nothing was tried.
            since: What others had committed before the batch; see `online_copy`.

        Returns:
            How many states were written.

        Raises:
            sqlite3.Error: Neither was possible; the same call may be made again.
        """
        if sent is None:
            self._any_behind = True
            return 0
        user_ids = newest.user_ids
        try:
            written = sent.result()
            self._look_again(user_ids, since)
        except OnlineServerError as error:
            with transaction(self._connection):
                behind.insert_many(self._connection, user_ids)
            self._any_behind = True
            self._lose(error)
            return 0
        return written

    def catch_up(self) -> int:
        """Do a portion of what is left to do for Redis; return how many states or users it had.

        Returns:
            0 if Redis is away, or has everything.

        Raises:
            sqlite3.Error: Nothing is forgotten; the same call may be made again.
        """
        if self.is_away and not self._returned():
            return 0
        before, self._seen_commits = self._seen_commits, self.commits_of_others()
        # A rebuild remembers users too, and may not come to bring them itself.
        if self._seen_commits != before:
            self._any_behind = True
            self._rollout.look()
        try:
            self._rollout.bring()
            done = self._catch_up_remembered() or self._fill()
        except OnlineServerError as error:
            self._lose(error)
            return 0
        return done

    def close(self) -> None:
        """Wait for the threads that write to Redis, or try it, at most for its time-outs."""
        self._sending.shutdown()
        self._away.close()

    def _lose(self, error: OnlineServerError) -> None:
        if not self.is_away:
            _log.warning("online.away", reason=str(error))
        self.away_reason = str(error)
        # Once it is back, it may be one that has lost everything.
        self._look_at = self._monotonic()
        self._rollout.doubt()
        self._away.again()

    def _returned(self) -> bool:
        seconds = self._away.ended()
        if seconds is None:
            return False
        users = behind.count(self._connection)
        _log.info("online.back", seconds=round(seconds, 1), behind=users)
        return True

    def _catch_up_remembered(self) -> int:
        if not self._any_behind:
            return 0
        users = behind.first(self._connection, self._users_of_a_portion())
        if users:
            # Replaced, not written: a rebuild that was killed may have left what looks newer.
            self._copy.replace(users)
            withdraw_forgotten(self._connection, self._online, users)
            self._on_caught_up()
            with transaction(self._connection):
                behind.delete_many(self._connection, users)
            self._away.over()
        self._any_behind = bool(users)
        return len(users)

    def _bring(self, tables: Iterable[StateTable], users: Sequence[str]) -> None:
        since = self.commits_of_others()
        self._online.write(self._newest(tables, users))
        self._look_again(users, since)

    def _look_again(self, user_ids: Iterable[str], since: int) -> None:
        """Put right what somebody else has changed since the states were read."""
        if self.commits_of_others() != since:
            self._copy.replace(user_ids)
        withdraw_forgotten(self._connection, self._online, user_ids)

    def _users_of_a_portion(self) -> int:
        return max(1, self._config.portion // len(self._tables))

    def _newest(self, tables: Iterable[StateTable], users: Sequence[str]) -> NewestStates:
        return NewestStates(
            [newest_rows(table.newest_columns(self._connection, users), users) for table in tables]
        )

    def _fill(self) -> int:
        """Fill a Redis that lost what it had, a portion of one view at a time."""
        if self._filling is None and not self._lost_everything():
            return 0
        if self._filling is None:
            # First, since services fall back to their own beginning without it.
            self._rollout.doubt()
            self._rollout.bring()
        filling = self._filling = self._filling or _Filling(self._mark.begin())
        while filling.view < len(self._tables):
            table = self._tables[filling.view]
            users = table.users_after(self._connection, filling.user_id, self._config.portion)
            if users:
                self._bring([table], users)
                filling.user_id, filling.states = users[-1], filling.states + len(users)
                return len(users)
            filling.view, filling.user_id = filling.view + 1, ""
        self._filling = None
        if self._mark.finish(filling.token):
            self._away.over()
            _log.info("online.filled", states=filling.states)
        return 0

    def _lost_everything(self) -> bool:
        now = self._monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + self._config.look_seconds
        if self._mark.holds():
            self._away.over()
            return False
        _log.info("online.filling")
        return True


@dataclass(slots=True)
class _Filling:
    """How far a filling has come: the view and the last user of it."""

    token: bytes
    view: int = 0
    user_id: str = ""
    states: int = 0


class _Away:
    """Since when Redis is away, and when it is tried again: in growing pauses, aside."""

    def __init__(
        self, config: OnlineSyncConfig, probe: Callable[[], None], monotonic: Callable[[], float]
    ) -> None:
        self._config = config
        self._probe = probe
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, "builder-probe")
        self._probing: Future[None] | None = None
        self._pause = config.first_pause_seconds
        self._try_at = 0.0
        self.since: float | None = None

    def again(self) -> None:
        """Redis failed: try it after a pause, which grows until something has been written."""
        now = self._monotonic()
        self.since = now if self.since is None else self.since
        self._try_at = now + self._pause
        self._pause = min(2 * self._pause, self._config.longest_pause_seconds)

    def over(self) -> None:
        """Redis has taken what it was given: the next time begins with a short pause."""
        self._pause = self._config.first_pause_seconds

    def ended(self) -> float | None:
        """Return how long it was away, seconds, if it is back; else None."""
        now = self._monotonic()
        if self._probing is None:
            if now >= self._try_at:
                self._probing = self._thread.submit(self._probe)
            return None
        if not self._probing.done():
            return None
        error, self._probing = self._probing.exception(), None
        if isinstance(error, OnlineServerError):
            self.again()
            return None
        if error is not None:
            raise error
        since, self.since = self.since, None
        return now - (now if since is None else since)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
