"""What becomes of rejected messages: published again after a fix, or dropped for good."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.storage import rejected_rows
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.client import Client

    from oo_profile.privacy.writing import PoliteWriter
    from oo_profile.storage.rejected_rows import RejectedKey, RejectedMessage

AT_ONCE: Final = 200
"""Messages that are published, and then removed, together."""

_PREFIX = SUBJECTS.removesuffix(">")
# How a subject that was no UTF-8 is kept, and what no client publishes on.
_NO_SUBJECT = re.compile(r"\\x[0-9a-f]{2}|[\s*>]|\.\.|\.$")


@dataclass(frozen=True, slots=True)
class RetryReport:
    """What a retry did.

    Attributes:
        published: Messages that the stream has taken again; they are no longer kept.
        cut: Messages that stay, since only the first 64 KiB of them are kept.
        unpublishable: Messages that stay, since nobody can publish on their subject.
    """

    published: int
    cut: int
    unpublishable: int


async def retry(
    connection: Client,
    writer: PoliteWriter,
    keys: Sequence[RejectedKey],
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> RetryReport:
    """Publish rejected messages again, each on its subject, and remove what the stream has taken.

    A crash in between publishes some twice, and the builder knows the second copy by its id. What
    is still no signal is rejected again, as a new message.

    Args:
        connection: A connection to NATS, as a user who may publish.
        writer: The database.
        keys: Which.
        progress: Told how many more are done with.

    Raises:
        PublishError: The stream takes no more; what it has taken is removed.
        NotPermittedError: This user may not publish.
        DatabaseError: Another writer held the database for too long.
    """
    published = cut = unpublishable = 0
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        found = [rejected_rows.find(writer.connection, key) for key in some]
        messages = [message for message in found if message is not None]
        sendable = [each for each in messages if each.is_whole and _may_be_published(each)]
        cut += sum(not each.is_whole for each in messages)
        unpublishable += sum(each.is_whole and not _may_be_published(each) for each in messages)
        if sendable:
            await publish(connection, [SignalLine(each.subject, each.payload) for each in sendable])
            drop(writer, [each.key for each in sendable])
        published += len(sendable)
        progress(len(some))
    return RetryReport(published, cut, unpublishable)


def drop(writer: PoliteWriter, keys: Sequence[RejectedKey]) -> int:
    """Remove rejected messages for good, some at a time; return how many were there.

    Raises:
        DatabaseError: Another writer held the database for too long.
    """
    dropped: list[int] = []
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        writer.write(
            lambda some=some: dropped.append(rejected_rows.delete_many(writer.connection, some))  # type: ignore[misc]
        )
    return sum(dropped)


def _may_be_published(message: RejectedMessage) -> bool:
    subject = message.subject
    return subject.startswith(_PREFIX) and not _NO_SUBJECT.search(subject)
