"""Messages that are no valid signals: kept with their reason, so that nothing is lost unseen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_transforms.signals import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from oo_profile.transport.message import Message
    from oo_transforms.errors import SignalRejected

_INSERT = """
    INSERT OR IGNORE INTO rejected_signals
        (stream_created_at, stream_sequence, subject, reason, detail, received_at, payload,
         payload_bytes, payload_sha256)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message and why it was refused."""

    message: Message
    error: SignalRejected


def insert_many(
    connection: sqlite3.Connection, stream_created_at: str, rejections: Iterable[Rejection]
) -> None:
    """Keep rejections; one that is kept already, by stream and sequence, is left as it is.

    Of a message over 64 KiB the first 64 KiB, the length and the SHA-256 are kept.
    """
    connection.executemany(
        _INSERT,
        (
            (
                stream_created_at,
                rejection.message.sequence,
                rejection.message.subject,
                rejection.error.reason,
                rejection.error.detail,
                rejection.message.received_us,
                rejection.message.payload[:MAX_PAYLOAD_BYTES],
                len(rejection.message.payload),
                hashlib.sha256(rejection.message.payload).hexdigest(),
            )
            for rejection in rejections
        ),
    )
