"""A person whose signals keep coming, one after the other, while something else is looked at."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from live import PATIENCE_SECONDS, jetstream, with_nats
from support.world import signal

if TYPE_CHECKING:
    from nats.aio.client import Client

PAUSE_SECONDS = 0.03


class SteadySignals:
    """Publishes signals of a person in a thread, as long as the context is open.

    Args:
        url: Of NATS.
        user_id: Whose.
    """

    def __init__(self, url: str, user_id: str) -> None:
        self._url = url
        self._user_id = user_id
        self._acknowledged = 0
        self._came = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; everything that was sent is acknowledged then."""
        self._stop.set()
        self._thread.join()

    @property
    def acknowledged(self) -> int:
        """How many the stream has."""
        return self._acknowledged

    def wait_for_more(self, count: int) -> None:
        """Wait until the stream has so many more."""
        wanted = self._acknowledged + count
        with self._came:
            assert self._came.wait_for(lambda: self._acknowledged >= wanted, PATIENCE_SECONDS)

    def _run(self) -> None:
        with_nats(self._url, self._publish)

    async def _publish(self, connection: Client) -> None:
        stream = jetstream(connection)
        while not self._stop.is_set():
            subject, data = signal(
                "task.completed" if self._acknowledged % 2 else "app.session",
                self._user_id,
                datetime.now(UTC),
                task_id="t",
                category="steady",
                duration_seconds=60,
            )
            await stream.publish(subject, json.dumps(data).encode())
            with self._came:
                self._acknowledged += 1
                self._came.notify_all()
            await asyncio.sleep(PAUSE_SECONDS)
