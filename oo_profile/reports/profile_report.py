"""One user's profile at a moment, read from history: values, and how fresh their state is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from oo_profile.building.profile_features import PROFILE_SERVICE, ProfileFeatures, Subject
from oo_profile.errors import UnknownNameError, UnknownUserError
from oo_profile.storage import signal_log
from oo_profile.storage.near_users import near_users
from oo_profile.storage.state_table import StateTable
from oo_transforms.clock import MICROSECOND
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from feast import FeatureStore

    from oo_profile.reports.catalogue import Catalogue, Entry, SourceView
    from oo_transforms.history import Version


class Freshness(StrEnum):
    """What a state is at a moment; past its TTL and never there are two different things."""

    FRESH = "fresh"
    EXPIRED = "expired"
    NEVER = "never seen"


@dataclass(frozen=True, slots=True)
class StateAge:
    """How old a state is.

    Attributes:
        view: The state view.
        freshness: Whether it counts.
        event_time_us: Its newest event time, microseconds; None: never seen.
        expires_us: The last moment at which it counts; None: never seen, or no TTL.
    """

    view: str
    freshness: Freshness
    event_time_us: int | None = None
    expires_us: int | None = None


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """A feature's value and the state behind it.

    Attributes:
        entry: What the registry says of it.
        value: As served.
        state: The state that it rests on; of several the freshest, then the newest.
    """

    entry: Entry
    value: object
    state: StateAge


@dataclass(frozen=True, slots=True)
class ProfileReport:
    """A user's profile at a moment.

    Attributes:
        user_id: The user.
        now_us: The moment, microseconds.
        utc_offset_minutes: The user's local clock: of the signal with the newest event time by
            then; 0 if there was none.
        has_signals: Whether there was a signal by then.
        features: In the order of `profile_v1`.
        states: The version of each state view that is true then.
    """

    user_id: str
    now_us: int
    utc_offset_minutes: int
    has_signals: bool
    features: tuple[FeatureReport, ...]
    states: Mapping[str, Version]

    def feature(self, name: str) -> FeatureReport:
        """Return a feature by name.

        Raises:
            UnknownNameError: A profile has no such feature.
        """
        for feature in self.features:
            if feature.entry.name == name:
                return feature
        names = [feature.entry.name for feature in self.features]
        raise UnknownNameError("feature of a profile", name, names)

    def as_json(self) -> dict[str, object]:
        """Return what `oo profile --json` prints; instants in Unix seconds, null: none."""
        return {
            "user_id": self.user_id,
            "now": self.now_us / 1e6,
            "utc_offset_minutes": self.utc_offset_minutes,
            "features": [self._feature_json(feature) for feature in self.features],
        }

    def _feature_json(self, feature: FeatureReport) -> dict[str, object]:
        state = feature.state
        seen = state.event_time_us
        return {
            "name": feature.entry.name,
            "value": feature.value,
            "unit": feature.entry.unit,
            "view": feature.entry.group,
            "state": state.view,
            "freshness": str(state.freshness),
            "state_age_seconds": None if seen is None else (self.now_us - seen) / 1e6,
            "state_expires_at": None if state.expires_us is None else state.expires_us / 1e6,
        }


class ProfileReader:
    """Reads profiles with the functions that serving runs.

    Args:
        store: Feast, with the definitions applied.
        catalogue: Its features.
    """

    def __init__(self, store: FeatureStore, catalogue: Catalogue) -> None:
        self._features = ProfileFeatures(store)
        self._entries = catalogue.service(PROFILE_SERVICE)
        self._tables = [StateTable(view) for view in STATE_VIEWS]

    def read(self, connection: sqlite3.Connection, user_id: str, now_us: int) -> ProfileReport:
        """Read the profile of a user at a moment: what is true then, late signals included.

        Args:
            connection: One read transaction.
            user_id: The user.
            now_us: The moment, microseconds.

        Raises:
            UnknownUserError: The user has no signal at all.
        """
        offset = signal_log.newest_offset(connection, user_id, now_us)
        if offset is None and signal_log.newest_offset(connection, user_id) is None:
            raise UnknownUserError(user_id, near_users(connection, user_id))
        versions = {t.name: t.newest_at(connection, user_id, now_us) for t in self._tables}
        states = {name: version for name, version in versions.items() if version is not None}
        subject = Subject(user_id, states, now_us, offset or 0)
        (profile,) = self._features.compute_many([subject])
        return ProfileReport(
            user_id=user_id,
            now_us=now_us,
            utc_offset_minutes=offset or 0,
            has_signals=offset is not None,
            features=tuple(
                FeatureReport(entry, profile.values[entry.name], _behind(entry, states, now_us))
                for entry in self._entries
            ),
            states=states,
        )


def state_age(view: SourceView, version: Version | None, now_us: int) -> StateAge:
    """Tell how old a state is: it counts while its age is at most the view's TTL."""
    if version is None:
        return StateAge(view.name, Freshness.NEVER)
    seen = version.event_time_us
    expires = None if view.ttl is None else seen + view.ttl // MICROSECOND
    expired = expires is not None and now_us > expires
    return StateAge(view.name, Freshness.EXPIRED if expired else Freshness.FRESH, seen, expires)


def _behind(entry: Entry, states: Mapping[str, Version], now_us: int) -> StateAge:
    order = list(Freshness)
    ages = [state_age(view, states.get(view.name), now_us) for view in entry.views]
    return min(ages, key=lambda age: (order.index(age.freshness), -(age.event_time_us or 0)))
