"""Pages of users: by the beginning of their ids, or by when they were last active.

Every page is as many seeks as it has rows, however many users there are.
"""

from __future__ import annotations

import heapq
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from oo_profile.storage import user_activity
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

Order = Literal["newest", "stalest", "id"]
ORDERS: tuple[Order, ...] = ("newest", "stalest", "id")
PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in a list.

    Attributes:
        user_id: The user.
        newest_us: Event time of the newest state by view, microseconds; None: never seen.
    """

    user_id: str
    newest_us: dict[str, int | None]

    @property
    def last_active_us(self) -> int | None:
        """When this user was last active, in any view."""
        return max((at for at in self.newest_us.values() if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some users, and where the next ones begin.

    Attributes:
        rows: The users.
        after: What to ask the next page with; None: this is the last.
    """

    rows: tuple[UserRow, ...]
    after: str | None


def by_id(
    connection: sqlite3.Connection, prefix: str, after: str | None, limit: int = PAGE_ROWS
) -> UserPage:
    """List users whose ids begin with a prefix, in order of their ids.

    Args:
        connection: One read transaction.
        prefix: Any text, taken literally; empty: everybody.
        after: Only users behind this id.
        limit: Rows of a page.
    """
    found: list[str] = []
    for user_id in _ids(connection, prefix, after):
        if len(found) == limit:
            return UserPage(_rows(connection, found), found[-1])
        found.append(user_id)
    return UserPage(_rows(connection, found), None)


def by_activity(
    connection: sqlite3.Connection, order: Order, after: str | None, limit: int = PAGE_ROWS
) -> UserPage:
    """List users by when they were last active, as known within a second.

    Args:
        connection: One read transaction.
        order: "newest": the most recent first; "stalest": the longest ago first.
        after: What the page before said.
        limit: Rows of a page.

    Raises:
        ValueError: `after` is none of a page of this kind.
    """
    place = None if after is None else _place(after)
    newest_first = order == "newest"
    found = user_activity.ordered(connection, limit + 1, after=place, newest_first=newest_first)
    shown = found[:limit]
    last = f"{shown[-1][0]}:{shown[-1][1]}" if len(found) > limit else None
    return UserPage(_rows(connection, [user_id for _, user_id in shown]), last)


def _place(after: str) -> tuple[int, str]:
    time_us, _, user_id = after.partition(":")
    if not time_us.removeprefix("-").isdecimal() or len(time_us) > len(str(2**62)):
        raise ValueError(
            f"after={after[:40]!r} is no place in this list: begin with its first page"
        )
    return int(time_us), user_id


def _ids(connection: sqlite3.Connection, prefix: str, after: str | None) -> Iterator[str]:
    """Give the ids of whoever has signals, stored or pruned, each once."""
    tables = ("signals", "pruned_users")
    merged = heapq.merge(*(_ids_of(connection, table, prefix, after) for table in tables))
    return (user_id for user_id, _ in itertools.groupby(merged))


def _ids_of(
    connection: sqlite3.Connection, table: str, prefix: str, after: str | None
) -> Iterator[str]:
    # One seek each: a user may have any number of signals.
    smallest = f"SELECT min(user_id) FROM {table} WHERE user_id"  # noqa: S608 - our own tables
    begins_behind = after is not None and after >= prefix
    row = connection.execute(
        f"{smallest} {'>' if begins_behind else '>='} ?", (after if begins_behind else prefix,)
    )
    while (user_id := row.fetchone()[0]) is not None and user_id.startswith(prefix):
        yield user_id
        row = connection.execute(f"{smallest} > ?", (user_id,))


def _rows(connection: sqlite3.Connection, user_ids: Sequence[str]) -> tuple[UserRow, ...]:
    names = [view.name for view in STATE_VIEWS]
    newest = ", ".join(
        f"(SELECT event_timestamp FROM {name} WHERE user_id = asked.value "  # noqa: S608 - ours
        "ORDER BY event_timestamp DESC LIMIT 1)"
        for name in names
    )
    statement = f"SELECT asked.value, {newest} FROM json_each(?) AS asked"  # noqa: S608
    found = {row[0]: row[1:] for row in connection.execute(statement, (json.dumps(user_ids),))}
    return tuple(
        UserRow(u, dict(zip(names, found[u], strict=True))) for u in user_ids if u in found
    )
