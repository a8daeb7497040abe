"""Profiles of a sample of users at one instant, by the functions that serving runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_admin.quality.facts import StateCounts
from oo_profile.building.profile_features import Subject
from oo_profile.storage import signal_log, tombstones
from oo_profile.storage.state_table import StateTable
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from oo_profile.building.profile_features import Profile, ProfileFeatures


@dataclass(frozen=True, slots=True)
class LoggedSample:
    """Profiles at one instant.

    Attributes:
        at_us: The instant, microseconds; a whole second.
        profiles: Those of the users who had any state by then.
        views: By state view.
    """

    at_us: int
    profiles: tuple[Profile, ...]
    views: Mapping[str, StateCounts]


def take_sample(
    connection: sqlite3.Connection, features: ProfileFeatures, users: Sequence[str], at_us: int
) -> LoggedSample:
    """Compute the profiles of users at an instant: what is true then, late signals included.

    Who has no state by then, or is forgotten, is left out. All sums are as of the one instant, so
    that values of two users, and of two samples, can be compared.

    Args:
        connection: One read transaction.
        features: The functions.
        users: Whose.
        at_us: The instant, microseconds; its part of a second is cut off, since Feast's monitoring
            counts days by whole seconds.
    """
    at_us -= at_us % 1_000_000
    gone = tombstones.forgotten(connection, users)
    tables = [StateTable(view) for view in STATE_VIEWS]
    subjects = []
    for user_id in users:
        found = {t.name: t.newest_at(connection, user_id, at_us) for t in tables}
        states = {name: version for name, version in found.items() if version is not None}
        if states and user_id not in gone:
            offset = signal_log.newest_offset(connection, user_id, at_us) or 0
            subjects.append(Subject(user_id, states, at_us, offset))
    return LoggedSample(
        at_us, tuple(features.compute_many(subjects)), _counts(features, subjects, at_us)
    )


def _counts(
    features: ProfileFeatures, subjects: Sequence[Subject], at_us: int
) -> dict[str, StateCounts]:
    seen, expired = Counter[str](), Counter[str]()
    for subject in subjects:
        for name, version in subject.states.items():
            seen[name] += 1
            expired[name] += not features.is_live(name, version, at_us)
    return {
        view.name: StateCounts(expired[view.name], len(subjects) - seen[view.name])
        for view in STATE_VIEWS
    }
