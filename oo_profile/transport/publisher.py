"""Signals into the stream, at full speed and none of them unacknowledged.

They go in atomic batches of JetStream (NATS 2.12): a batch is stored as a whole, synced once and
acknowledged once. On a server that syncs each write this is some twenty times as fast as
acknowledging message by message, at the same durability.

A batch without an acknowledgement is sent again. Where only the acknowledgement was lost its
signals are then in the stream twice, and the builder recognises the second by its `event_id`. So
there is no `Nats-Msg-Id`, which would drop one user's signal for another's of the same id.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import nats.errors

from oo_profile.errors import BatchRefusedError, PublishStoppedError
from oo_profile.transport.refusals import ask
from oo_profile.transport.stream import STREAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from nats.aio.client import Client

    from oo_profile.transport.signal_file import SignalLine

MAX_BATCH: Final = 1000
"""Signals in one batch: as many as the server takes."""

MAX_BATCH_BYTES: Final = 4 << 20  # 4 MiB: the server holds a batch aside until it is complete

_HEADER_BYTES: Final = 256  # room for ours beside the data
_INCOMPLETE: Final = 10176
_TOO_MANY_AT_ONCE: Final = (10210, 10211)
_SERVER_SIDE: Final = 500  # codes from here on are the server's trouble, not the message's


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to go on when a batch is not acknowledged.

    Attributes:
        tries: How often a batch is sent, the first time included.
        first_pause: The pause before the second try; it doubles from try to try.
        longest_pause: Where the doubling ends.
        ack_wait: How long to wait for an acknowledgement.
    """

    tries: int = 8
    first_pause: timedelta = timedelta(milliseconds=100)
    longest_pause: timedelta = timedelta(seconds=5)
    ack_wait: timedelta = timedelta(seconds=10)

    def pauses(self) -> Iterator[float]:
        """Give the seconds to wait before each further try.

        >>> list(RetryPolicy(tries=4).pauses())
        [0.1, 0.2, 0.4]
        """
        pause = self.first_pause
        for _ in range(self.tries - 1):
            yield pause.total_seconds()
            pause = min(pause * 2, self.longest_pause)


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What has been published.

    Attributes:
        published: Signals that were given and are acknowledged.
        batches: Batches they went in.
        sent_again: Signals of batches that had to be sent more than once; as many may be in the
            stream twice.
    """

    published: int
    batches: int
    sent_again: int


class _BatchFailedError(Exception):
    """A batch has no acknowledgement; whether to go on is decided by who catches this."""

    def __init__(self, reason: str, *, may_retry: bool) -> None:
        super().__init__(reason)
        self.may_retry = may_retry


async def publish(
    connection: Client,
    lines: Iterable[SignalLine],
    *,
    progress: Callable[[int], object] | None = None,
    retry: RetryPolicy | None = None,
    batch_size: int = MAX_BATCH,
) -> PublishReport:
    """Publish signals in order and return when all are acknowledged.

    The stream must be there (`ensure_stream`). Lines are taken one batch at a time; what reading
    them raises comes through, with everything before that batch published.

    Args:
        connection: A connection to NATS.
        lines: The signals.
        progress: Told the number of signals of each batch once it is acknowledged.
        retry: How long to go on without an acknowledgement.
        batch_size: Signals in a batch, 1 to `MAX_BATCH`.

    Raises:
        BatchRefusedError: The server refuses a batch for what it is, or a message is too large;
            nothing of that batch is in the stream.
        NotPermittedError: This user may not publish on a subject; nothing of that batch is in
            the stream.
        PublishStoppedError: No acknowledgement in the tries that were allowed; the batch may be in
            the stream or not, the ones before it are.
        ValueError: The batch size is out of range.
    """
    if not 1 <= batch_size <= MAX_BATCH:
        message = f"batch_size={batch_size}: a batch has 1 to {MAX_BATCH} signals"
        raise ValueError(message)
    sender = _Sender(connection, retry or RetryPolicy())
    for batch in _batches(lines, batch_size):
        await sender.send(batch)
        if progress is not None:
            progress(len(batch))
    return sender.report()


def _batches(lines: Iterable[SignalLine], size: int) -> Iterator[list[SignalLine]]:
    batch: list[SignalLine] = []
    room = MAX_BATCH_BYTES
    for line in lines:
        if batch and (len(batch) == size or len(line.data) > room):
            yield batch
            batch, room = [], MAX_BATCH_BYTES
        batch.append(line)
        room -= len(line.data)
    if batch:
        yield batch


class _Sender:
    """Sends batch after batch and counts what was acknowledged."""

    def __init__(self, connection: Client, retry: RetryPolicy) -> None:
        self._connection = connection
        self._retry = retry
        # A name is never used twice: the server may still hold the rest of an attempt.
        self._names = (f"{uuid.uuid4().hex}-{number}" for number in itertools.count())
        self._published = 0
        self._batches = 0
        self._sent_again = 0

    def report(self) -> PublishReport:
        """Return what has been acknowledged so far."""
        return PublishReport(self._published, self._batches, self._sent_again)

    async def send(self, batch: Sequence[SignalLine]) -> None:
        """Send a batch until it is acknowledged or there is no point in going on."""
        self._check_sizes(batch)
        reason = ""
        async for attempt in self._attempts():
            try:
                await self._attempt(batch)
            except _BatchFailedError as failure:
                reason = str(failure)
                if not failure.may_retry:
                    message = f"the stream {STREAM} refused a batch: {reason}"
                    raise BatchRefusedError(message, accepted=self._published) from failure
            else:
                self._published += len(batch)
                self._batches += 1
                self._sent_again += len(batch) if attempt else 0
                return
        message = f"no acknowledgement in {self._retry.tries} tries, the last: {reason}"
        raise PublishStoppedError(message, accepted=self._published)

    async def _attempts(self) -> AsyncIterator[int]:
        yield 0
        for number, pause in enumerate(self._retry.pauses(), 1):
            await asyncio.sleep(pause)
            yield number

    def _check_sizes(self, batch: Sequence[SignalLine]) -> None:
        most = self._connection.max_payload - _HEADER_BYTES
        for offset, line in enumerate(batch):
            if len(line.data) > most:
                message = (
                    f"signal {self._published + offset + 1} ({line.subject}) has {len(line.data)} "
                    f"bytes, NATS takes {most}: split or shorten it, or raise max_payload"
                )
                raise BatchRefusedError(message, accepted=self._published)

    async def _attempt(self, batch: Sequence[SignalLine]) -> None:
        try:
            answer = await self._exchange(batch)
        except (nats.errors.ConnectionClosedError, nats.errors.ConnectionDrainingError) as error:
            message = "the connection is closed"
            raise PublishStoppedError(message, accepted=self._published) from error
        except (OSError, TimeoutError, nats.errors.Error) as error:
            reason = str(error) or type(error).__name__
            raise _BatchFailedError(reason, may_retry=True) from error
        if answer.get("stream") != STREAM or answer.get("count") != len(batch):
            message = f"{answer} instead of {len(batch)} signals in {STREAM}"
            raise _BatchFailedError(message, may_retry=False)

    async def _exchange(self, batch: Sequence[SignalLine]) -> dict[str, object]:
        """Send a whole batch; return its acknowledgement."""
        name = next(self._names)
        last = len(batch)
        for number, line in enumerate(batch, 1):
            headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            if number == last:
                headers["Nats-Batch-Commit"] = "1"
                return await self._request(line, headers)
            if number == 1:
                # Its answer shows, before the rest is sent, whether the server takes batches.
                await self._request(line, headers)
            else:
                await self._connection.publish(line.subject, line.data, headers=headers)
        return {}

    async def _request(self, line: SignalLine, headers: dict[str, str]) -> dict[str, object]:
        reply = await ask(
            self._connection,
            line.subject,
            line.data,
            timeout_seconds=self._retry.ack_wait.total_seconds(),
            headers=headers,
        )
        answer: dict[str, object] = json.loads(reply.data) if reply.data else {}
        if isinstance(refused := answer.get("error"), dict):
            raise _BatchFailedError(
                f"{refused.get('description')} (code {refused.get('err_code')})",
                may_retry=_may_pass(refused),
            )
        return answer


def _may_pass(refused: dict[str, object]) -> bool:
    """Say whether the same batch may be taken later."""
    if refused.get("err_code") in (_INCOMPLETE, *_TOO_MANY_AT_ONCE):
        return True
    code = refused.get("code")
    return isinstance(code, int) and code >= _SERVER_SIDE
