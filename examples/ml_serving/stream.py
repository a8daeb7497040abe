"""Signals into the stream: a connection that is looked for until it is there, and atomic batches.

Accepted means acknowledged by the stream. A batch is stored as a whole, in order, or not at all,
and costs the server one sync of its files; so what many requests have to say at one moment is said
at once. A batch without an acknowledgement may be in the stream or not: it is sent again as it is,
and the builder recognises each signal by its `event_id`. So there is no `Nats-Msg-Id`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import ssl
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import nats.errors
from nats.aio.client import Client

from ml_serving.errors import NotAcceptedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ml_serving.segments import Outgoing

MAX_BATCH: Final = 250
"""Signals of requests that are published at once. Up to twice as many that waited go with them; a
server takes 1,000."""

MAX_BATCH_BYTES: Final = 2 << 20
"""Well within what a server holds aside until a batch is complete."""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_GOODBYE_SECONDS: Final = 0.5
_FAILURES: Final = (OSError, TimeoutError, nats.errors.Error)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """Where NATS is, and how long to wait for it.

    Attributes:
        url: Its address.
        credentials: A credentials file to log in with.
        user: A user name, with a password, instead.
        password: In no message and no log.
        ca: PEM file of the authority to trust over TLS.
        ack_wait: How long an acknowledgement may take.
    """

    url: str = "nats://localhost:4222"
    credentials: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    ack_wait: timedelta = timedelta(milliseconds=500)

    def options(self) -> dict[str, Any]:
        """Return the options for the client; each of its connections has one life."""
        options: dict[str, Any] = {
            "allow_reconnect": False,
            "connect_timeout": 2,
            "ping_interval": 5,
            "max_outstanding_pings": 2,
        }
        if self.credentials is not None:
            options["user_credentials"] = str(self.credentials)
        if self.user is not None:
            options |= {"user": self.user, "password": self.password}
        if self.ca is not None:
            options["tls"] = ssl.create_default_context(cafile=self.ca)
        return options


class _Answer(msgspec.Struct):
    stream: str | None = None
    count: int | None = None
    error: dict[str, Any] | None = None


_answers = msgspec.json.Decoder(_Answer)


class Stream:
    """The way into the stream; `run` keeps it open.

    Args:
        config: Where.
        name: What the server shows the connection as.
    """

    def __init__(self, config: StreamConfig, name: str = "ml-serving") -> None:
        self._config = config
        self._name = name
        self._connection: Client | None = None
        self._connected = asyncio.Event()
        # The server may hold the rest of an attempt aside, so no name is used twice.
        self._names = (f"{uuid.uuid4().hex}-{number}" for number in itertools.count())

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Wait until there is a connection."""
        await self._connected.wait()

    async def run(self) -> None:
        """Connect, and connect anew whenever the connection ends, in growing pauses; never ends.

        Both, that NATS is away and that it is back, are logged once.
        """
        pause, said = _FIRST_PAUSE, False
        while True:
            ended = asyncio.Event()
            connection = Client()
            try:
                async with asyncio.timeout(self._config.options()["connect_timeout"] * 2):
                    await connection.connect(
                        self._config.url,
                        name=self._name,
                        closed_cb=_setter(ended),
                        error_cb=_ignore,
                        **self._config.options(),
                    )
                _log.info("nats.connected")
                pause, said = _FIRST_PAUSE, False
                self._connection = connection
                self._connected.set()
                await ended.wait()
            except _FAILURES as error:
                if not said:
                    _log.warning("nats.away reason=%s", str(error) or type(error).__name__)
                    said = True
            finally:
                self._connected.clear()
                await _close(connection)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def publish(self, signals: Sequence[Outgoing]) -> None:
        """Publish signals in order, at most 1,000 of them; return when all are accepted.

        Raises:
            NotAcceptedError: There was no acknowledgement in time, or a refusal. They may be in
                the stream or not.
        """
        connection = self._connection
        if connection is None or not self.is_connected:
            raise NotAcceptedError("there is no connection to NATS")
        try:
            answer = await self._exchange(connection, signals)
        except (*_FAILURES, msgspec.MsgspecError) as error:
            reason = str(error) or type(error).__name__
            raise NotAcceptedError(f"no acknowledgement: {reason}") from error
        if answer.error is not None or answer.stream is None:
            raise NotAcceptedError(f"the stream refuses: {answer.error}")
        if len(signals) > 1 and answer.count != len(signals):
            raise NotAcceptedError(
                f"the stream took {answer.count} of a batch of {len(signals)}: it must allow "
                "atomic batches, as `oo run` sets it up on NATS 2.12 or newer"
            )

    async def _exchange(self, connection: Client, signals: Sequence[Outgoing]) -> _Answer:
        name, headers = next(self._names), None
        *before, last = signals
        for number, signal in enumerate(before, 1):
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            await connection.publish(signal.subject, bytes(signal.data), headers=headers)
        if before:
            headers = {
                "Nats-Batch-Id": name,
                "Nats-Batch-Sequence": str(len(signals)),
                "Nats-Batch-Commit": "1",
            }
        reply = await connection.request(
            last.subject,
            bytes(last.data),
            timeout=self._config.ack_wait.total_seconds(),
            headers=headers,
        )
        return _answers.decode(reply.data)


def _setter(event: asyncio.Event) -> Any:  # noqa: ANN401 - a callback as the client wants it
    async def callback() -> None:
        event.set()

    return callback


async def _ignore(error: Exception) -> None:
    """Tell nobody: whoever waits for an answer is told, and the end of a connection is seen."""


async def _close(connection: Client) -> None:
    # After a handshake that failed the library would wait for an end that never comes.
    with contextlib.suppress(*_FAILURES):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await connection.close()
