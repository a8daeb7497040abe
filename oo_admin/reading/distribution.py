"""How the values of each feature are spread over the users active most recently, and were."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from oo_profile.building.profile_features import ProfileFeatures, Subject
from oo_profile.reports.words import value_text
from oo_profile.storage import user_activity
from oo_profile.storage.state_table import StateTable
from oo_transforms.clock import DAY_US, MINUTE_US
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from oo_admin.reading.reader import Reader
    from oo_profile.building.profile_features import Profile
    from oo_profile.reports.catalogue import Entry

USERS = 200
BACK_US: Final = 30 * DAY_US
KEPT_US: Final = 5 * MINUTE_US
BINS = 10
TOP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The share of users whose value lies somewhere.

    Attributes:
        label: Where.
        now: The share now.
        then: The share a month ago.
    """

    label: str
    now: float
    then: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How a feature's values are spread over some users, and were a month ago.

    Attributes:
        users: How many users are looked at.
        users_then: How many of them had states a month ago.
        now: The share of states that are "expired" and "never seen" now; null: no users.
        then: The same a month ago.
        bins: Where the values lie that rest on evidence.
    """

    users: int
    users_then: int
    now: dict[str, float] | None
    then: dict[str, float] | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class _Sample:
    made_us: int
    now: Sequence[Profile]
    then: Sequence[Profile]


class Distributions:
    """Computes the profiles of some users, now and a month ago, every few minutes at most.

    Args:
        reader: Where from.
        clock: Tells the present in microseconds.
    """

    def __init__(self, reader: Reader, clock: Callable[[], int]) -> None:
        self._reader = reader
        self._clock = clock
        self._features = ProfileFeatures(reader.store)
        self._sample: _Sample | None = None
        self._lock = threading.Lock()

    def of(self, entry: Entry) -> Distribution | None:
        """Tell how a feature's values are spread; None for what no profile holds."""
        if entry.name not in self._reader.profile_features:
            return None
        with self._lock:
            now_us = self._clock()
            if self._sample is None or now_us - self._sample.made_us > KEPT_US:
                self._sample = self._taken(now_us)
            sample = self._sample
        now, then = _values(sample.now, entry), _values(sample.then, entry)
        return Distribution(
            users=len(sample.now),
            users_then=len(sample.then),
            now=_shares(sample.now, entry),
            then=_shares(sample.then, entry),
            bins=_bins(now, then, entry.unit),
        )

    def _taken(self, now_us: int) -> _Sample:
        with self._reader.reading() as connection:
            users = [user_id for _, user_id in user_activity.ordered(connection, USERS)]
            return _Sample(
                now_us,
                self._features.compute_many(_subjects(connection, users, now_us)),
                self._features.compute_many(_subjects(connection, users, now_us - BACK_US)),
            )


def _subjects(connection: sqlite3.Connection, users: Sequence[str], at_us: int) -> list[Subject]:
    tables = [StateTable(view) for view in STATE_VIEWS]
    subjects = []
    for user_id in users:
        found = {table.name: table.newest_at(connection, user_id, at_us) for table in tables}
        states = {name: version for name, version in found.items() if version is not None}
        if states:
            subjects.append(Subject(user_id, states, at_us, 0))
    return subjects


def _values(profiles: Sequence[Profile], entry: Entry) -> list[Any]:
    return [p.values[entry.name] for p in profiles if not _without(p, entry)]


def _without(profile: Profile, entry: Entry) -> bool:
    return entry.name in profile.expired or not any(
        view.name in profile.subject.states for view in entry.views
    )


def _shares(profiles: Sequence[Profile], entry: Entry) -> dict[str, float] | None:
    if not profiles:
        return None
    expired = sum(entry.name in profile.expired for profile in profiles)
    without = sum(_without(profile, entry) for profile in profiles)
    return {
        "expired": expired / len(profiles),
        "never seen": (without - expired) / len(profiles),
    }


def _bins(now: Sequence[Any], then: Sequence[Any], unit: str) -> tuple[Bin, ...]:
    """Count values that rest on evidence, in the same bins at both times."""
    both = [*now, *then]
    numbers = all(isinstance(value, float) for value in both) and unit != "Unix seconds"
    if not both:
        return ()
    if not numbers:
        return _named_bins(now, then, unit)
    low, high = min(both), max(both)
    edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts = [np.histogram(values, edges)[0].tolist() for values in (now, then)]
    return tuple(
        Bin(
            label=f"{value_text(float(a), unit)} to {value_text(float(b), unit)}",
            now=here / max(len(now), 1),
            then=before / max(len(then), 1),
        )
        for a, b, here, before in zip(edges, edges[1:], *counts, strict=False)
    )


def _named_bins(now: Sequence[Any], then: Sequence[Any], unit: str) -> tuple[Bin, ...]:
    counted, before = Counter(now), Counter(then)
    names = [name for name, _ in (counted + before).most_common(TOP)]
    return tuple(
        Bin(
            label=value_text(name, unit),
            now=counted[name] / max(len(now), 1),
            then=before[name] / max(len(then), 1),
        )
        for name in names
    )
