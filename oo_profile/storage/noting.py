"""Notes of signals: what the log before them says, for views that learn; see `oo_transforms.notes`.

Of signals that are stored already `answered_tips` tells which answers count. Of what history knew
of a pruned past, what pruning kept for the signals that asked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from oo_profile.storage import answered_tips
from oo_profile.storage.chosen_users import UserList
from oo_profile.storage.state_table import StateTable
from oo_transforms.filling import FILL_SOURCES, features_seen
from oo_transforms.notes import notes_of, teaches, worthwhile
from oo_transforms.signals import TipFeedback, redecode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_transforms.notes import Answers, Asked, Note
    from oo_transforms.signals import Signal

_STAYING = (
    "SELECT subject, payload, received_at FROM signals WHERE user_id = ? AND received_at >= ?"
)
_FEATURES = msgspec.msgpack.Decoder(dict[str, float])


def notes_of_new(
    connection: sqlite3.Connection, signals: Sequence[tuple[Signal, int]], *, fills: bool
) -> tuple[list[Note], Answers]:
    """Make the notes of a batch's signals, which are not among the stored ones yet.

    Args:
        connection: In the batch's transaction; what the batch changes of other views is written.
        signals: Each with its received time, each user's in log order.
        fills: Whether any view wants to know what history knew.

    Returns:
        The notes, and the answers that count from now on.
    """
    worth = [answer for signal, _ in signals if (answer := worthwhile(signal))]
    tips = [(answer.user_id, answer.tip_id) for answer in worth]
    answers = answered_tips.find_many(connection, tips) if tips else {}
    before = set(answers)
    notes = notes_of(signals, answers, SeenHistory(connection) if fills else None)
    return notes, {tip: event for tip, event in answers.items() if tip not in before}


def notes_of_stored(
    connection: sqlite3.Connection,
    user_id: str,
    signals: Iterable[tuple[Signal, int]],
    *,
    fills: bool,
) -> list[Note]:
    """Make the notes of some of a user's stored signals, in any order."""
    answers = answered_tips.of_users(connection, UserList.of([user_id]))
    return notes_of(signals, answers, SeenHistory(connection) if fills else None)


def notes_in_order(
    connection: sqlite3.Connection,
    user_id: str,
    signals: Iterable[tuple[Signal, int]],
    *,
    fills: bool,
) -> list[Note]:
    """Make the notes of all of a user's stored signals in log order, without `answered_tips`."""
    answers = answered_tips.of_users(connection, UserList.of([user_id]), "pruned_answers")
    return notes_of(signals, answers, SeenHistory(connection) if fills else None)


def adds_of(connection: sqlite3.Connection, user_id: str) -> Callable[[str, Signal], bool]:
    """Return what says whether a stored signal, with its event id, adds to a view that learns."""
    counting = set(answered_tips.of_users(connection, UserList.of([user_id])).values())

    def adds(event_id: str, signal: Signal) -> bool:
        return teaches(signal) and (not isinstance(signal, TipFeedback) or event_id in counting)

    return adds


class SeenHistory:
    """Answers from the tables what history knew: rows as seen are never behind.

    Args:
        connection: Where to read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables = [StateTable(view) for view in FILL_SOURCES]

    def __call__(self, asked: Sequence[Asked]) -> list[Mapping[str, float]]:
        """Tell the features of each question."""
        kept = kept_features(self._connection, UserList.of(one.user_id for one in asked))
        seen = [
            {
                table.name: table.newest_seen(self._connection, one.user_id, one.as_of_us)
                for table in self._tables
            }
            for one in asked
        ]
        computed = features_seen(asked, seen)
        return [
            kept.get((one.user_id, one.event_id), features)
            for one, features in zip(asked, computed, strict=True)
        ]


def kept_features(
    connection: sqlite3.Connection, users: ChosenUsers
) -> dict[tuple[str, str], Mapping[str, float]]:
    """Read what pruning kept of what history knew, by user and event id of who asked."""
    rows = connection.execute(
        f"SELECT user_id, event_id, features FROM pruned_histories WHERE {users.condition}",  # noqa: S608
        users.arguments,
    )
    return {(user_id, event_id): _FEATURES.decode(packed) for user_id, event_id, packed in rows}


def keep_answers(
    connection: sqlite3.Connection, user_id: str, signals: Iterable[tuple[Signal, int]]
) -> None:
    """Keep which answers count among a user's signals that are about to be pruned.

    Args:
        connection: In a transaction.
        user_id: The user.
        signals: His first stored signals in log order, each with its received time.
    """
    answers = answered_tips.of_users(connection, UserList.of([user_id]), "pruned_answers")
    notes_of(signals, answers)
    answered_tips.insert_many(connection, answers, "pruned_answers")


def keep_histories(connection: sqlite3.Connection, user_id: str, before_us: int) -> None:
    """Keep what history knew for signals that stay, before versions created by then are pruned.

    Args:
        connection: In a transaction; nothing is pruned of the user yet.
        user_id: The user.
        before_us: Signals received before this go, microseconds.
    """
    signals = [
        (redecode(subject, payload), received_us)
        for subject, payload, received_us in connection.execute(_STAYING, (user_id, before_us))
    ]
    lessons = [(signal, received_us) for signal, received_us in signals if teaches(signal)]
    asked: list[Asked] = []

    def record(questions: Sequence[Asked]) -> list[Mapping[str, float]]:
        asked.extend(one for one in questions if one.as_of_us < before_us)
        return [{} for _ in questions]

    notes_of(lessons, answered_tips.of_users(connection, UserList.of([user_id])), record)
    features = SeenHistory(connection)(asked)
    connection.executemany(
        "INSERT OR REPLACE INTO pruned_histories (user_id, event_id, features) VALUES (?, ?, ?)",
        (
            (user_id, one.event_id, msgspec.msgpack.encode(dict(own)))
            for one, own in zip(asked, features, strict=True)
        ),
    )


def drop_features(connection: sqlite3.Connection, user_id: str, event_ids: Iterable[str]) -> None:
    """Drop what was kept for signals that go."""
    connection.execute(
        "DELETE FROM pruned_histories WHERE user_id = ? "
        "AND event_id IN (SELECT value FROM json_each(?))",
        (user_id, json.dumps(list(event_ids))),
    )
