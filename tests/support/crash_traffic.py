"""A seeded stream with copies and disorder, and a publisher that sends it whatever breaks."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from support.payloads import OWN_FIELDS, TAUGHT_FIELDS
from support.world import SignalData, signal

from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import RetryPolicy, publish
from oo_profile.transport.reconnecting import ReconnectPauses
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import ensure_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = 10
SHARE = 0.1
"""Of the signals, how many come late and how many come twice."""

_NEVER_GIVE_UP = RetryPolicy(
    tries=200,
    first_pause=timedelta(milliseconds=20),
    longest_pause=timedelta(milliseconds=200),
    ack_wait=timedelta(seconds=2),
)


def disordered(seed: int, count: int, users: int) -> list[SignalData]:
    """Make signals of every subject, a tenth of them late, and copies of a tenth behind them."""
    chance = random.Random(seed)
    begin, spacing = datetime.now(UTC) - timedelta(days=DAYS), timedelta(days=DAYS - 1) / count
    placed: list[tuple[float, int, SignalData]] = []
    for number in range(count):
        subject = chance.choice(list(TAUGHT_FIELDS))
        # Half of the tips bear their decision, and most get several answers.
        fields = dict(chance.choice((OWN_FIELDS, TAUGHT_FIELDS))[subject])
        if "tip_id" in fields:
            fields["tip_id"] = f"p{number // 50}"
        sent = signal(
            subject.removeprefix("signals."),
            f"u{_somebody(chance, number / count, users)}",
            begin + number * spacing,
            f"e{number}",
            **fields,
        )
        place = number + (chance.uniform(1, 200) if chance.random() < SHARE else 0)
        placed.append((place, number, sent))
        if chance.random() < SHARE:
            placed.append((place + chance.uniform(0, 300), number, sent))
    return [sent for *_, sent in sorted(placed, key=lambda each: each[:2])]


def last_words(users: int) -> list[SignalData]:
    """Make one more signal of each user."""
    now = datetime.now(UTC).isoformat()
    return [signal("mood.logged", f"u{n}", now, f"last{n}", score=2) for n in range(users)]


def _somebody(chance: random.Random, share: float, users: int) -> int:
    """Choose who is active at a time: most are so for a while only, and then heard of no more.

    What is lost of those would not be made good by their next signal.
    """
    if chance.random() < SHARE:
        return 0
    return min(users - 1, int(share * users) + chance.randrange(3))


class Publisher(threading.Thread):
    """Publishes in order, each message until it is acknowledged, as far as it is allowed to.

    Args:
        url: A NATS, which may go away at times.
        sent: What to publish.
    """

    def __init__(self, url: str, sent: Sequence[SignalData]) -> None:
        super().__init__(name="publisher", daemon=True)
        self._url = url
        self._lines = [SignalLine(subject, json.dumps(data).encode()) for subject, data in sent]
        self._changed = threading.Condition()
        self._allowed = 0
        self.published = 0
        self.failure: BaseException | None = None

    def allow(self, count: int) -> None:
        """Let it go on up to so many messages."""
        with self._changed:
            self._allowed = count
            self._changed.notify_all()

    def finish(self) -> None:
        """Let it publish what is left, and wait for that; raise what went wrong."""
        self.allow(len(self._lines))
        self.join()
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        """Publish."""
        try:
            asyncio.run(self._send())
        except BaseException as failure:  # noqa: BLE001 - raised again by `finish`
            self.failure = failure

    async def _send(self) -> None:
        quick = ReconnectPauses(first_seconds=0.02, longest_seconds=0.2)
        async with nats_connection(self._url, pauses=quick) as connection:
            await ensure_stream(connection)
            while self.published < len(self._lines):
                allowed = await asyncio.to_thread(self._await_more)
                batch = self._lines[self.published : min(allowed, self.published + 50)]
                await publish(connection, batch, retry=_NEVER_GIVE_UP)
                self.published += len(batch)

    def _await_more(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._allowed > self.published)
            return self._allowed
