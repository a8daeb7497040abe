"""Looks at SQLite and Redis for a sample of users: what the counts do not say."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from oo_admin.quality.facts import (
    BusyUser,
    FeatureSample,
    OnlineSample,
    ViewFreshness,
)
from oo_profile.building.tally import value_bin
from oo_profile.storage import signal_minutes
from oo_profile.storage.signal_minutes import MINUTE_US
from oo_profile.upkeep.sampling import sample, users_anywhere
from oo_transforms.clock import MICROSECOND
from oo_transforms.syncs import SOURCE_VIEWS
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from oo_stores.redis import StoredRow
    from oo_transforms.fields import Feature
    from oo_transforms.state_view import StateView

SAMPLE_USERS: Final = 2000
ONLINE_USERS: Final = 200
ACTIVE_US: Final = 7 * 24 * 3600 * 1_000_000
HOUR_MINUTES: Final = 60

_FEATURES: Final[Mapping[str, Feature]] = {
    feature.name: feature for group, _ in FEATURE_GROUPS for feature in group.features
}


class Online(Protocol):
    """What Redis has; `oo_profile.building.online.OnlineWriter` is one."""

    def stored(self, asked: Sequence[tuple[str, str]]) -> list[StoredRow | None]:
        """Read what is stored for each user and view asked for."""
        ...


def sampled_users(connection: sqlite3.Connection, size: int = SAMPLE_USERS) -> list[str]:
    """Choose users by a hash of their ids, the same ones each time; one seek for every user."""
    return sample(users_anywhere(connection, ["signals"]), size)


def newest_event_times(
    connection: sqlite3.Connection, users: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return the newest event time of users by view, microseconds; one seek each."""
    found = {}
    for view in SOURCE_VIEWS.values():
        rows = connection.execute(
            "SELECT asked.value, (SELECT event_timestamp FROM "  # noqa: S608 - our own tables
            f"{view.name} WHERE user_id = asked.value ORDER BY event_timestamp DESC LIMIT 1) "
            "FROM json_each(?) AS asked",
            (json.dumps(users),),
        )
        found[view.name] = {user: at_us for user, at_us in rows if at_us is not None}
    return found


def view_freshness(
    newest_us: Mapping[str, Mapping[str, int]], ttls: Mapping[str, timedelta | None], now_us: int
) -> tuple[ViewFreshness, ...]:
    """Say how fresh each view is for the users who were active within a week.

    A state is fresh, or not expired, while its age is at most the bound: the same law by which
    serving and `oo profile` go.

    Args:
        newest_us: Newest event time by view and user.
        ttls: Each view's TTL as applied; None: it never expires.
        now_us: The moment, microseconds.
    """
    latest: dict[str, int] = {}
    for times in newest_us.values():
        for user, at_us in times.items():
            latest[user] = max(at_us, latest.get(user, 0))
    active = {user for user, at_us in latest.items() if now_us - at_us <= ACTIVE_US}
    return tuple(
        _freshness(view, [t for u, t in newest_us[view.name].items() if u in active], ttls, now_us)
        for view in SOURCE_VIEWS.values()
    )


def _freshness(
    view: StateView, times: Sequence[int], ttls: Mapping[str, timedelta | None], now_us: int
) -> ViewFreshness:
    ttl = ttls.get(view.name)
    valid = [at for at in times if ttl is None or now_us - at <= ttl // MICROSECOND]
    within = view.expects.fresh_within // MICROSECOND if view.expects else None
    fresh = [at for at in valid if within is None or now_us - at <= within]
    expired = len(times) - len(valid)
    oldest = min(times, default=None)
    return ViewFreshness(
        view.name, view.source, len(fresh), len(valid) - len(fresh), expired, oldest
    )


def online_sample(
    connection: sqlite3.Connection, online: Online, users: Sequence[str]
) -> OnlineSample:
    """Compare the newest event times in Redis with those in SQLite.

    Users who are known to be behind are left out, and what differs is looked at again: the builder
    may be between its commit and its write to Redis.

    Raises:
        OnlineServerError: Redis did not do what it was asked.
    """
    behind = {user for (user,) in connection.execute("SELECT user_id FROM online_behind")}
    chosen = [user for user in users if user not in behind][:ONLINE_USERS]
    differing = _differing(connection, online, chosen)
    if differing:
        again = _differing(connection, online, sorted({user for user, _ in differing}))
        differing = {key: kind for key, kind in again.items() if key in differing}
    compared = sum(len(times) for times in newest_event_times(connection, chosen).values())
    kinds = Counter(differing.values())
    return OnlineSample(
        compared, kinds["missing"], kinds["older"], len({user for user, _ in differing})
    )


def _differing(
    connection: sqlite3.Connection, online: Online, users: Sequence[str]
) -> dict[tuple[str, str], str]:
    newest = newest_event_times(connection, users)
    asked = [(user, view) for view, times in newest.items() for user in times]
    found: dict[tuple[str, str], str] = {}
    for (user, view), row in zip(asked, online.stored(asked) if asked else [], strict=True):
        if row is None or row.event_time_us is None:
            found[user, view] = "missing"
        elif row.event_time_us != newest[view][user]:
            found[user, view] = "older"
    return found


def feature_samples(
    connection: sqlite3.Connection, users: Sequence[str]
) -> tuple[FeatureSample, ...]:
    """Say how the features of these users are distributed in the table `profile`."""
    rows = connection.execute(
        "SELECT feature_name, profile.value FROM json_each(?) AS asked CROSS JOIN profile "
        "ON user_id = asked.value",
        (json.dumps(users),),
    )
    values: dict[str, list[object]] = {}
    for name, value in rows:
        values.setdefault(name, []).append(value)
    return tuple(
        feature_sample(_FEATURES[name], found)
        for name, found in sorted(values.items())
        if name in _FEATURES
    )


def feature_sample(feature: Feature, values: Sequence[object]) -> FeatureSample:
    """Say how the values of a feature are distributed; None counts as without evidence."""
    bins: Counter[str] = Counter()
    none = out_of_range = 0
    for value in values:
        if value is None or value == feature.none:
            none += 1
        elif isinstance(value, int | float):
            out_of_range += not feature.low <= value <= feature.high
            bins[f"{'-' if value < 0 else ''}{value_bin(abs(value)) // 2}"] += 1
        else:
            bins[str(value)] += 1
    # Texts such as a user's favourite categories have no end of values: the rare ones are one.
    common = dict(bins.most_common(40))
    rest = bins.total() - sum(common.values())
    return FeatureSample(
        feature.name, len(values), none, out_of_range, common | ({"rest": rest} if rest else {})
    )


def busiest_user(connection: sqlite3.Connection, now_us: int) -> BusyUser | None:
    """Return who sent most within the last hour; None: nobody sent much."""
    end = now_us // MINUTE_US + 1
    sent: Counter[str] = Counter()
    for minute in signal_minutes.busiest_between(connection, end - HOUR_MINUTES, end):
        sent[minute.user_id] += minute.signals
    top = sent.most_common(1)
    return BusyUser(*top[0]) if top else None
