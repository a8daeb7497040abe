"""The store's data as the pages read it; may be used from any thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oo_admin.reading.course import Course, course
from oo_admin.reading.heat_map import HeatMap, heat_maps
from oo_admin.reading.online_state import OnlineState, online_state
from oo_admin.reading.signals_behind import (
    Behind,
    LatestSignal,
    latest_signals,
    signals_behind,
)
from oo_bandit import rollout_key
from oo_profile.building.online import OnlineWriter
from oo_profile.building.profile_features import PROFILE_SERVICE, ProfileFeatures
from oo_profile.privacy.person_export import export_person
from oo_profile.registry import service_features
from oo_profile.reports.catalogue import Catalogue
from oo_profile.reports.explain import Explanation, explain
from oo_profile.reports.profile_report import ProfileReader, ProfileReport
from oo_profile.storage.database import reading
from oo_profile.storage.pruning import count_pruned
from oo_profile.storage.state_table import StateTable, newest_created_many
from oo_stores.errors import OnlineServerError
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager

    from feast import FeatureStore

    from oo_bandit import Rollout
    from oo_profile.settings import Settings


@dataclass(frozen=True, slots=True)
class Person:
    """All that a user's page tells.

    Attributes:
        report: The profile.
        course: Its features over time.
        behind: Signals behind each state.
        heat_maps: When in the week.
        latest: The latest signals.
        online: What Redis has; None for a moment in the past.
        pruned: Signals that were pruned: they count in the states, and in nothing else here.
        received_us: When the newest signal was received, microseconds; 0: there is none.
    """

    report: ProfileReport
    course: Course
    behind: dict[str, Behind]
    heat_maps: list[HeatMap]
    latest: list[LatestSignal]
    online: OnlineState | None
    pruned: int
    received_us: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a feature has its value.

    Attributes:
        report: The profile that it is part of.
        explanation: The signals behind it.
        course: The profile's features over time.
    """

    report: ProfileReport
    explanation: Explanation
    course: Course


@dataclass(frozen=True, slots=True)
class OnlineRollout:
    """Whether services see the rollout as the newest step left it.

    Attributes:
        agrees: Whether Redis says the same.
        refusal: Why Redis does not answer; empty: it does.
    """

    agrees: bool
    refusal: str


class Reader:
    """Reads what the pages tell.

    Args:
        settings: Where the database is.
        store: Feast, with the definitions applied.

    Attributes:
        settings: As given.
        store: As given.
        catalogue: The registry's features, as they were when this was made.
    """

    def __init__(self, settings: Settings, store: FeatureStore) -> None:
        self.settings = settings
        self.store = store
        self.catalogue = Catalogue(store)
        self._profiles = ProfileReader(store, self.catalogue)
        self._features = ProfileFeatures(store)
        self.online = OnlineWriter(store)
        self._one_at_a_time = threading.Lock()
        self._services = {
            service.name: frozenset(service_features(service))
            for service in store.list_feature_services()
        }

    @property
    def profile_features(self) -> frozenset[str]:
        """The features that a profile has."""
        return self._services[PROFILE_SERVICE]

    @property
    def services(self) -> tuple[str, ...]:
        """The names of all services."""
        return tuple(sorted(self._services))

    def services_of(self, feature: str) -> list[str]:
        """List the services that have a feature, by name."""
        return sorted(name for name, names in self._services.items() if feature in names)

    def redis_refusal(self) -> str:
        """Say why Redis does not answer, empty if it does."""
        try:
            with self._one_at_a_time:
                self.online.ping()
        except OnlineServerError as error:
            return str(error)
        return ""

    def online_rollout(self, rollout: Rollout) -> OnlineRollout:
        """Tell whether Redis has the rollout; before the first step it has none."""
        key = rollout_key(self.online.project)
        try:
            with self._one_at_a_time:
                found = self.online.notes.get(key)
        except OnlineServerError as error:
            return OnlineRollout(agrees=False, refusal=str(error))
        expected = rollout.to_json().encode() if rollout.step else None
        return OnlineRollout(agrees=found == expected, refusal="")

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open the builder's database for reading, all of it as of one moment."""
        return reading(self.settings.db)

    def profile(self, user_id: str, now_us: int) -> ProfileReport:
        """Read a profile at a moment.

        Raises:
            UnknownUserError: The user has no signal at all.
        """
        with self.reading() as connection:
            return self._profiles.read(connection, user_id, now_us)

    def person(self, user_id: str, now_us: int, *, in_the_past: bool) -> Person:
        """Read all that a user's page tells.

        Args:
            user_id: The user.
            now_us: The moment, microseconds.
            in_the_past: Whether that is another moment than the present, of which Redis knows
                nothing.

        Raises:
            UnknownUserError: The user has no signal at all.
        """
        with self.reading() as connection:
            report = self._profiles.read(connection, user_id, now_us)
            return Person(
                report=report,
                course=course(connection, self._features, report),
                behind=signals_behind(connection, user_id, now_us),
                heat_maps=heat_maps(connection, report),
                latest=latest_signals(connection, user_id, now_us),
                online=None if in_the_past else self._online_state(connection, user_id),
                pruned=count_pruned(connection, user_id),
                received_us=_received_us(connection, user_id),
            )

    def received_us(self, user_id: str) -> int:
        """Read when a user's newest signal was received, microseconds; 0: there is none."""
        with self.reading() as connection:
            return _received_us(connection, user_id)

    def export(self, user_id: str, now_us: int) -> dict[str, Any]:
        """Gather everything that is kept of a user.

        Raises:
            UnknownUserError: Nothing is kept of this user.
        """
        with self.reading() as connection:
            return export_person(connection, user_id, now_us)

    def reason(self, user_id: str, feature: str, now_us: int) -> Reason:
        """Read why a feature has its value.

        Raises:
            UnknownUserError: The user has no signal at all.
            UnknownNameError: A profile has no such feature.
        """
        with self.reading() as connection:
            report = self._profiles.read(connection, user_id, now_us)
            explanation = explain(connection, report, report.feature(feature))
            return Reason(report, explanation, course(connection, self._features, report))

    def _online_state(self, connection: sqlite3.Connection, user_id: str) -> OnlineState:
        # One connection to Redis, which answers in less time than a second one is made.
        with self._one_at_a_time:
            return online_state(connection, self.online, user_id)


def _received_us(connection: sqlite3.Connection, user_id: str) -> int:
    tables = [StateTable(view) for view in STATE_VIEWS]
    return newest_created_many(connection, tables, [user_id]).get(user_id, 0)
