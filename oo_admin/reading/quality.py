"""How fresh the states of active users are, and what was rejected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.reading.staleness import Staleness, staleness
from oo_profile.reports.profile_report import Freshness, StateAge
from oo_profile.storage import user_activity
from oo_transforms.clock import MICROSECOND

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.reports.catalogue import SourceView

USERS: Final = 300
"""So many users, those active most recently, are looked at."""
REJECTED_LOOKED_AT: Final = 10_000
LATEST_REJECTED: Final = 10
SHOWN_BYTES: Final = 500


@dataclass(frozen=True, slots=True)
class ViewStaleness:
    """How fresh a view's states are among some users.

    Attributes:
        view: The view.
        source: Where its signals come from.
        counts: Users by `Staleness`.
        newest_us: Event time of the newest state, microseconds; None: there is none.
        oldest_us: Event time of the oldest of the newest states; None: there is none.
    """

    view: str
    source: str
    counts: dict[Staleness, int]
    newest_us: int | None
    oldest_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedCount:
    """Rejected messages of one reason and subject.

    Attributes:
        reason: Why, in fixed words.
        subject: Their subject.
        count: How many, among the latest 10,000.
        newest_us: When the stream took the newest of them, microseconds.
    """

    reason: str
    subject: str
    count: int
    newest_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRejected:
    """A rejected message.

    Attributes:
        subject: Its subject.
        reason: Why, in fixed words.
        detail: What was found and what is allowed.
        received_us: When the stream took it, microseconds.
        payload: Its beginning.
        payload_bytes: How long it was.
    """

    subject: str
    reason: str
    detail: str
    received_us: int
    payload: str
    payload_bytes: int


def view_staleness(
    connection: sqlite3.Connection, views: Sequence[SourceView], now_us: int
) -> list[ViewStaleness]:
    """Look at the users active most recently, one seek each in every view."""
    users = [user_id for _, user_id in user_activity.ordered(connection, USERS)]
    return [_of_view(connection, view, users, now_us) for view in views]


def rejected_by_reason(connection: sqlite3.Connection) -> tuple[RejectedCount, ...]:
    """Count rejected messages by reason and subject, among the first so many of the table."""
    rows = connection.execute(
        "SELECT reason, subject, count(*), max(received_at) FROM "
        "(SELECT reason, subject, received_at FROM rejected_signals "
        "ORDER BY stream_created_at DESC, stream_sequence DESC LIMIT ?) "
        "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        (REJECTED_LOOKED_AT,),
    )
    return tuple(
        RejectedCount(reason=reason, subject=subject, count=count, newest_us=newest_us)
        for reason, subject, count, newest_us in rows
    )


def latest_rejected(connection: sqlite3.Connection) -> tuple[LatestRejected, ...]:
    """List the messages that were rejected last."""
    rows = connection.execute(
        "SELECT subject, reason, detail, received_at, substr(payload, 1, ?), payload_bytes "
        "FROM rejected_signals ORDER BY stream_created_at DESC, stream_sequence DESC LIMIT ?",
        (SHOWN_BYTES, LATEST_REJECTED),
    )
    return tuple(
        LatestRejected(
            subject=subject,
            reason=reason,
            detail=detail,
            received_us=received_us,
            payload=bytes(payload).decode(errors="replace"),
            payload_bytes=size,
        )
        for subject, reason, detail, received_us, payload, size in rows
    )


def _of_view(
    connection: sqlite3.Connection, view: SourceView, users: Sequence[str], now_us: int
) -> ViewStaleness:
    statement = (
        f"SELECT (SELECT event_timestamp FROM {view.name} WHERE user_id = asked.value "  # noqa: S608 - ours
        "ORDER BY event_timestamp DESC LIMIT 1) FROM json_each(?) AS asked"
    )
    times = [at for (at,) in connection.execute(statement, (json.dumps(users),))]
    counts = dict.fromkeys(Staleness, 0)
    for at in times:
        counts[_staleness(view, at, now_us)] += 1
    seen = [at for at in times if at is not None]
    return ViewStaleness(
        view.name, view.source, counts, max(seen, default=None), min(seen, default=None)
    )


def _staleness(view: SourceView, seen_us: int | None, now_us: int) -> Staleness:
    if seen_us is None:
        return Staleness.NEVER
    expires_us = None if view.ttl is None else seen_us + view.ttl // MICROSECOND
    expired = expires_us is not None and now_us > expires_us
    freshness = Freshness.EXPIRED if expired else Freshness.FRESH
    return staleness(StateAge(view.name, freshness, seen_us, expires_us), now_us)
