"""Rows that the demo shows, taken from what the builder stored."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pandas as pd

from oo_transforms.clock import DAY_US, HOUR_US

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.agreement import Moment

CANDIDATES = 5
OTHER_KINDS = ("feat", "fix", "docs", "test", "chore")
ENTITY_ROWS = 1000


def busiest(connection: sqlite3.Connection) -> str:
    """Name the user with most signals."""
    (user_id,) = connection.execute(
        "SELECT user_id FROM signals GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT 1"
    ).fetchone()
    return str(user_id)


def candidates(connection: sqlite3.Connection, person: Moment) -> list[dict[str, Any]]:
    """Make candidate tasks for a person: one of each kind of work, his latest kinds first."""
    found = connection.execute(
        "SELECT payload FROM signals WHERE user_id = ? AND subject = 'signals.task.created' "
        "ORDER BY occurred_at DESC",
        (person.user_id,),
    )
    own = [json.loads(payload)["category"] for (payload,) in found]
    kinds = list(dict.fromkeys((*own, *OTHER_KINDS)))[:CANDIDATES]
    dues = (None, 2 * HOUR_US, DAY_US, -DAY_US, 7 * DAY_US)
    return [
        {
            "user_id": person.user_id,
            "now": person.now_us / 1e6,
            "utc_offset_minutes": person.utc_offset_minutes,
            "created_at": (person.now_us - (number + 1) * DAY_US) / 1e6,
            "due_at": None if due is None else (person.now_us + due) / 1e6,
            "priority": float(number % 4 + 1),
            "category": kind,
        }
        for number, (kind, due) in enumerate(zip(kinds, dues, strict=True))
    ]


def entity_rows(connection: sqlite3.Connection, seed: int) -> pd.DataFrame:
    """Choose signals by a seed: entity rows at their event times, in order of time."""
    pairs = connection.execute("SELECT user_id, occurred_at FROM signals").fetchall()
    chosen = random.Random(seed).sample(pairs, min(ENTITY_ROWS, len(pairs)))  # noqa: S311 - a sample
    frame = pd.DataFrame(chosen, columns=["user_id", "event_timestamp"])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], unit="us", utc=True)
    return frame.sort_values("event_timestamp", ignore_index=True)
