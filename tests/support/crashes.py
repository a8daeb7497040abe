"""A builder that is killed again and again while its servers come and go, and what is left."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import redis
from support.building import all_is_acknowledged, number_of, redis_has_all, with_redis
from support.crash_traffic import Publisher, disordered, last_words
from support.nursery import Nursery, Order, nursery
from support.redis_servers import eventually
from support.upkeep import Upkeep

from oo_profile.building.builder import Step
from oo_profile.development.ports import free_port
from oo_profile.development.servers import LocalServer, NatsServer, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from support.world import SignalData, World

HOOK_SECONDS = 5.0
"""A builder that did not come by its step by then is killed where it is."""

LONGEST_LIFE_SECONDS = 0.3
"""Of a builder that is killed at any moment; it is born in a third of that."""

AFTER_A_STEP = ("after TAKEN", "after COMMITTED", "after SERVED", "after ACKNOWLEDGED")
_ROUNDS = (
    *((kind,) for kind in AFTER_A_STEP),
    ("at any moment",),
    ("at any moment",),
    ("Redis away, after SERVED", "Redis back, after SERVED"),
    ("Redis full, after SERVED", "Redis as before, after CAUGHT_UP"),
    ("Redis flushed",),
    ("Redis restarted",),
    ("NATS restarted",),
)
"""Kinds of deaths; those of one entry follow each other."""


@dataclass(frozen=True, slots=True)
class Ordeal:
    """How much is to be gone through.

    Attributes:
        seed: Decides the stream, the order of deaths, and the moments as far as they can be.
        kills: Builders that are killed, at least.
        signals: Signals, each once.
        users: Users they are of.
        max_batch: The most messages of a builder's batch.
        upkeep: What is done to the database meanwhile, by whom a user is forgotten after half of
            the kills: "none", "all", or all but the stream's erasing, which takes its time.
    """

    seed: int
    kills: int
    signals: int
    users: int
    max_batch: int
    upkeep: Literal["none", "all but the stream", "all"] = "none"


@dataclass(slots=True)
class Report:
    """What happened.

    Attributes:
        killed: Builders killed, by the kind of death.
        at_step: Of them, by the step right after which they killed themselves.
        published: Messages that the stream acknowledged, copies included.
        upkeep: What was done beside it, and what was refused, how often.
    """

    killed: Counter[str] = field(default_factory=Counter)
    at_step: Counter[str] = field(default_factory=Counter)
    published: int = 0
    upkeep: Counter[str] = field(default_factory=Counter)

    def text(self) -> str:
        """Return it in words, a line for each kind of death."""
        counted = [*sorted(self.killed.items()), *sorted(self.upkeep.items())]
        kinds = "\n".join(f"{count:6} {kind}" for kind, count in counted)
        return (
            f"{self.published:,} messages, {self.killed.total()} builders killed, "
            f"{self.at_step.total()} of them right after a step:\n{kinds}"
        )


class CrashTest:
    """Goes through an ordeal.

    Args:
        ordeal: How much.
        world: Registry and database; servers are its own.
        folder: For the servers' files.
        environment: Where the builders find their settings.
    """

    def __init__(
        self, ordeal: Ordeal, world: World, folder: Path, environment: pytest.MonkeyPatch
    ) -> None:
        self._ordeal = ordeal
        self._chance = random.Random(ordeal.seed)
        self._redis = RedisServer(folder / "redis", port=free_port())
        self._nats = NatsServer(folder / "nats", port=free_port())
        self._log = folder / "builders.log"
        environment.setenv("OO_NATS", self._nats.url)
        moved = with_redis(world, self._redis.address, environment)
        self.world = replace(moved, nats_url=self._nats.url)
        self._stream = disordered(ordeal.seed, ordeal.signals, ordeal.users)
        self._all = [*self._stream, *last_words(ordeal.users)]
        self._upkeep = self._make_upkeep()
        self.report = Report(published=len(self._all))

    @property
    def sent(self) -> list[SignalData]:
        """What was published, but for what is of somebody who was forgotten."""
        return [sent for sent in self._all if sent[1]["user_id"] != self.forgotten]

    @property
    def forgotten(self) -> str | None:
        """Who is forgotten meanwhile."""
        return None if self._upkeep is None else self._upkeep.forgotten

    def run(self) -> None:
        """Publish everything while builders are killed; let the last one finish, and end it.

        Servers run until `check` has seen them, so both go into one `with` of `servers`.
        """
        publisher, kills = Publisher(self._nats.url, self._all), self._ordeal.kills
        with nursery(self._log) as forks:
            publisher.start()
            for number, kind in enumerate(itertools.islice(self._deaths(), kills), start=1):
                publisher.allow(len(self._stream) * number // kills)
                self._live_and_die(forks, kind)
                self._look_after(number)
            self._end_upkeep()
            self._finish(forks)
            # Whose last word Redis did not take, and who is heard of no more, is remembered.
            publisher.finish()
            self._live_and_die(forks, "Redis full, after ACKNOWLEDGED")
            self._finish(forks)

    def _make_upkeep(self) -> Upkeep | None:
        ordeal = self._ordeal
        if ordeal.upkeep == "none":
            return None
        # Somebody who is active for a while in the middle of it all.
        somebody = f"u{ordeal.users // 2}"
        return Upkeep(self.world, somebody, stream=ordeal.upkeep == "all")

    def _look_after(self, deaths: int) -> None:
        """Begin upkeep once there is a database, and to forget half way."""
        if self._upkeep is None:
            return
        if deaths == 1:
            self._upkeep.start()
        elif deaths == self._ordeal.kills // 2:
            self._upkeep.forget_from_now()

    def _end_upkeep(self) -> None:
        if self._upkeep is not None:
            self._redis.start()
            self._tell_redis("Redis as before")
            self._upkeep.finish()
            self.report.upkeep = self._upkeep.done + self._upkeep.refused
            assert not self._upkeep.differences

    def servers(self) -> ExitStack:
        """Start the servers; they are stopped on leaving the context."""
        stack = ExitStack()
        stack.enter_context(self._redis)
        stack.enter_context(self._nats)
        return stack

    def _deaths(self) -> Iterator[str]:
        """Give kinds of deaths for ever, each about as often as the others."""
        while True:
            yield from itertools.chain(*self._chance.sample(_ROUNDS, len(_ROUNDS)))

    def _live_and_die(self, forks: Nursery, kind: str) -> None:
        if kind.startswith("Redis away"):
            self._end(self._redis)
        else:
            self._redis.start()
            self._tell_redis(kind)
        _, _, step = kind.partition("after ")
        times = 0 if step == Step.CAUGHT_UP.name else self._chance.randrange(3)
        order = Order(step or None, times, self._ordeal.max_batch)
        pid = forks.fork(order)
        if step:
            self._await_step(forks, pid, step)
        else:
            self._kill_at_any_moment(forks, pid, kind)
        self.report.killed[kind] += 1

    def _tell_redis(self, kind: str) -> None:
        with redis.Redis(host=self._redis.host, port=self._redis.port) as client:
            if kind == "Redis flushed":
                client.flushall()
            elif kind.startswith("Redis full"):
                # It keeps what it has, and takes nothing more.
                client.config_set("maxmemory", 1)
            elif kind.startswith("Redis as before"):
                client.config_set("maxmemory", 0)

    def _await_step(self, forks: Nursery, pid: int, step: str) -> None:
        too_late = threading.Timer(HOOK_SECONDS, _kill, (pid,))
        began = time.monotonic()
        too_late.start()
        assert forks.status() == -signal.SIGKILL
        too_late.cancel()
        self.report.at_step[step] += time.monotonic() - began < HOOK_SECONDS

    def _kill_at_any_moment(self, forks: Nursery, pid: int, kind: str) -> None:
        server = {"Redis restarted": self._redis, "NATS restarted": self._nats}.get(kind)
        if server is not None:
            time.sleep(self._chance.uniform(0, LONGEST_LIFE_SECONDS))
            self._end(server)
            server.start()
        time.sleep(self._chance.uniform(0, LONGEST_LIFE_SECONDS))
        _kill(pid)
        # One that did not find NATS at its birth has ended by itself, with an error.
        ends = {-signal.SIGKILL, 1} if server is self._nats else {-signal.SIGKILL}
        assert forks.status() in ends

    def _end(self, server: LocalServer) -> None:
        """Stop a server, in good order or not."""
        if server.pid is not None and self._chance.random() < 0.5:
            os.kill(server.pid, signal.SIGKILL)
        server.stop()

    def _finish(self, forks: Nursery) -> None:
        self._redis.start()
        self._tell_redis("Redis as before")
        pid = forks.fork(Order(max_batch=self._ordeal.max_batch))
        eventually(self._is_done)
        os.kill(pid, signal.SIGTERM)
        assert forks.status() == 0

    def _is_done(self) -> bool:
        left = ("profile_due", "late_tails", "online_behind")
        return (
            all_is_acknowledged(self.world)
            and not any(number_of(self.world, table) for table in left)
            and redis_has_all(self.world)
        )


def _kill(pid: int) -> None:
    """Kill a builder, which may just have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
