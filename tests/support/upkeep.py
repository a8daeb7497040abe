"""One who verifies, resyncs, rebuilds and forgets while builders come and go."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from oo_profile.building.online import OnlineWriter
from oo_profile.errors import DatabaseError, NoNatsError, NoRedisError, StreamRefusedError
from oo_profile.privacy.forget import Places, forget
from oo_profile.privacy.writing import Patience, open_writer
from oo_profile.transport.connection import nats_connection
from oo_profile.upkeep.rebuild import rebuild
from oo_profile.upkeep.resync import resync
from oo_profile.upkeep.verify import verify
from oo_profile.wall_clock import wall_clock
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.world import World

    from oo_profile.upkeep.findings import Difference

PAUSE_SECONDS = 0.1
"""Between two works, in which builders have the machine for themselves."""

_REFUSALS = (DatabaseError, NoRedisError, OnlineServerError, NoNatsError, StreamRefusedError)
"""What a server that is away, full or about to come up is allowed to cause."""


class Upkeep(threading.Thread):
    """Verifies, resyncs and rebuilds everybody in turn, and forgets one person when it is told to.

    Verified is before it is rebuilt, so what a builder did wrong is seen and not only made good.

    Args:
        world: Where; its servers may go away at times.
        forgotten: Who is forgotten.
        stream: Whether his messages are erased from the stream, too, which takes its time.

    Attributes:
        forgotten: As given.
        done: How often each work came to its end.
        refused: How often one ended otherwise, by work and error.
        differences: What SQLite had that the signals do not say; of the person being forgotten
            nothing is expected until it is over.
    """

    def __init__(self, world: World, forgotten: str, *, stream: bool) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._world = world
        self.forgotten = forgotten
        self._stream = stream
        self._stopped = threading.Event()
        self._is_to_forget = threading.Event()
        self._works: dict[str, Callable[[], object]] = {
            "verify": self._verify,
            "resync": lambda: resync(world.settings, world.store),
            "rebuild": lambda: rebuild(world.settings, world.store, signals_at_once=200),
        }
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Do one work after another."""
        try:
            while not self._stopped.is_set():
                for name in [*self._works, "forget"]:
                    if name != "forget" or self._is_to_forget.is_set():
                        self._try(name)
                    self._stopped.wait(PAUSE_SECONDS)
        except BaseException as failure:  # noqa: BLE001 - raised again by `finish`
            self._failure = failure

    def forget_from_now(self) -> None:
        """Let it forget the person, again and again."""
        self._is_to_forget.set()

    def finish(self) -> None:
        """End it; then do each work once more with all servers there, and raise what goes wrong."""
        self._stopped.set()
        self.join()
        if self._failure is not None:
            raise self._failure
        for name in [*self._works, "forget"]:
            self._do(name)

    def _try(self, name: str) -> None:
        try:
            self._do(name)
        except _REFUSALS as refusal:
            self.refused[f"{name}: {type(refusal).__name__}"] += 1

    def _do(self, name: str) -> None:
        if name == "forget":
            asyncio.run(self._forget())
        else:
            self._works[name]()
        self.done[name] += 1

    def _verify(self) -> None:
        # Who is behind is said to be; what a flushed Redis lacks nobody has noticed yet.
        verify(
            self._world.settings,
            self._world.store,
            patience_seconds=0.2,
            on_difference=lambda found: (
                None
                if found.place == "redis" or found.user_id == self.forgotten
                else self.differences.append(found)
            ),
        )

    async def _forget(self) -> None:
        settings, store = self._world.settings, self._world.store
        with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
            places = Places(
                writer,
                settings.db,
                OnlineWriter(store),
                (lambda: nats_connection(self._world.nats_url)) if self._stream else None,
            )
            await forget(
                places, self.forgotten, now_us=wall_clock(), random_bytes=secrets.token_bytes
            )
