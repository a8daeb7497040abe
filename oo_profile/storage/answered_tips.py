"""Which answer to a tip counts for what policies learn: the first in log order that is worth it.

Like the first names of a user's categories it depends on the order of the log and not on event
times, so the builder keeps it: `answered_tips` is what the batches found, a function of the log
that a rebuild makes again and `oo verify` holds against it. `pruned_answers` are those of pruned
signals, which no log tells any more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_transforms.notes import Answers

Table: TypeAlias = Literal["answered_tips", "pruned_answers"]

TABLES: Final = ("answered_tips", "pruned_answers")
"""They have a `user_id`: whoever removes a person removes it there too."""

_FIND = """
    SELECT user_id, tip_id, event_id FROM json_each(?) AS asked CROSS JOIN answered_tips
    ON user_id = json_extract(asked.value, '$[0]') AND tip_id = json_extract(asked.value, '$[1]')
"""


def find_many(connection: sqlite3.Connection, tips: Iterable[tuple[str, str]]) -> Answers:
    """Read the answers that count to some tips, one (user, tip) each; others are left out."""
    rows = connection.execute(_FIND, (json.dumps(sorted(set(tips))),))
    return {(user_id, tip_id): event_id for user_id, tip_id, event_id in rows}


def of_users(
    connection: sqlite3.Connection, users: ChosenUsers, table: Table = "answered_tips"
) -> Answers:
    """Read all answers of some users that count, or those of pruned signals."""
    rows = connection.execute(
        f"SELECT user_id, tip_id, event_id FROM {table} WHERE {users.condition}",  # noqa: S608
        users.arguments,
    )
    return {(user_id, tip_id): event_id for user_id, tip_id, event_id in rows}


def insert_many(
    connection: sqlite3.Connection,
    answers: Mapping[tuple[str, str], str],
    table: Table = "answered_tips",
) -> None:
    """Write answers, in the place of those to the same tips."""
    connection.executemany(
        f"INSERT OR REPLACE INTO {table} (user_id, tip_id, event_id) VALUES (?, ?, ?)",  # noqa: S608
        ((*tip, event_id) for tip, event_id in sorted(answers.items())),
    )


def without(answers: Answers, user_ids: Collection[str]) -> Answers:
    """Return answers without those of some users."""
    if not user_ids:
        return answers
    return {tip: event_id for tip, event_id in answers.items() if tip[0] not in user_ids}


def swap(connection: sqlite3.Connection, users: ChosenUsers, answers: Answers) -> set[str]:
    """Put answers in the place of all that some users have; return of whom any was wrong."""
    stored = of_users(connection, users)
    wrong = [tip for tip in stored if answers.get(tip) != stored[tip]]
    connection.executemany("DELETE FROM answered_tips WHERE (user_id, tip_id) = (?, ?)", wrong)
    added = {tip: event for tip, event in answers.items() if stored.get(tip) != event}
    insert_many(connection, added)
    return {user_id for user_id, _ in (*wrong, *added)}
