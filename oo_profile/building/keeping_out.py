"""Keeping forgotten people out: of batches, and of the online store.

A message of theirs is counted and acknowledged, never stored; the one exception to the rule that
nothing is dropped. One that is no valid signal is theirs if any text in it is such an id.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from oo_profile.storage import tombstones
from oo_transforms.signals import MAX_PAYLOAD_BYTES, Signal, occurred_us

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_profile.building.online import OnlineWriter
    from oo_profile.storage.rejected import Rejection
    from oo_profile.transport.message import Message

Decoded: TypeAlias = "tuple[Message, Signal]"
"""A message and what it says."""

MAX_TEXTS: Final = 1000
"""Texts of one rejected message that are looked up: it may hold as many as its sender likes."""

# A text without an end is one too, and a word may stand between quotes that do not match.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)', re.DOTALL)
_WORD = re.compile(r'[^\s"\\,;=(){}\[\]]+')


def without_forgotten(
    connection: sqlite3.Connection, decoded: Sequence[Decoded]
) -> tuple[list[Decoded], list[Message]]:
    """Part the signals that may be stored from the messages that may not; in one transaction."""
    found = tombstones.find_many(connection, {signal.user_id for _, signal in decoded})
    if not found:
        return list(decoded), []
    kept, kept_out = [], []
    for message, signal in decoded:
        tombstone = found.get(signal.user_id)
        if tombstone and tombstone.keeps_out(occurred_us(signal), message.received_us):
            kept_out.append(message)
        else:
            kept.append((message, signal))
    return kept, kept_out


def rejections_without_forgotten(
    connection: sqlite3.Connection, rejections: Sequence[Rejection]
) -> tuple[list[Rejection], list[Message]]:
    """Part the rejections that may be kept from the messages that may not be; as above."""
    if not tombstones.any_exist(connection):
        return list(rejections), []
    kept, kept_out = [], []
    for rejection in rejections:
        message = rejection.message
        found = tombstones.find_many(connection, texts_of(message))
        # When it happened cannot be told.
        received_us = message.received_us
        if any(tombstone.keeps_out(received_us, received_us) for tombstone in found.values()):
            kept_out.append(message)
        else:
            kept.append(rejection)
    return kept, kept_out


def withdraw_forgotten(
    connection: sqlite3.Connection, online: OnlineWriter, user_ids: Iterable[str]
) -> int:
    """Delete from the online store who was forgotten while his state was written.

    To be called after every write to it.

    Returns:
        How many users had anything there.

    Raises:
        OnlineServerError: To be tried again.
    """
    forgotten = tombstones.forgotten(connection, user_ids)
    return online.delete(sorted(forgotten)) if forgotten else 0


def texts_of(message: Message) -> set[str]:
    r"""List the texts of a message that is no signal: its JSON strings, words and subject's parts.

    >>> from oo_profile.transport.message import Message
    >>> broken = Message("signals.a", rb'{"user_id": "ad\u0061 b", of bob', 1, 1)
    >>> sorted(texts_of(broken) & {"a", "ada b", "bob"})
    ['a', 'ada b', 'bob']
    """
    content = message.payload[:MAX_PAYLOAD_BYTES].decode(errors="replace")
    quoted = (_unescaped(match[1]) for match in _QUOTED.finditer(content))
    words = (match[0] for match in _WORD.finditer(content))
    return {
        *message.subject.split("."),
        *itertools.islice(quoted, MAX_TEXTS),
        *itertools.islice(words, MAX_TEXTS),
    }


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:
        return quoted
