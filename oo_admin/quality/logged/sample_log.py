"""A sample of profiles logged with Feast, measured by its monitoring, and kept within bounds."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from feast.monitoring.monitoring_service import MonitoringService

from oo_admin.quality.facts import LoggedPoint
from oo_admin.quality.logged.log_table import LogRowsTable
from oo_admin.quality.logged.sampling import take_sample
from oo_admin.quality.logged.vectors import LogRows
from oo_admin.quality.observing import sampled_users
from oo_profile.building.profile_features import PROFILE_SERVICE, ProfileFeatures
from oo_profile.errors import NotAppliedError
from oo_profile.storage.database import reading
from oo_stores.sqlite import SQLiteLoggingDestination
from oo_stores.sqlite.monitoring.storage import MetricStorage
from oo_transforms.clock import DAY_US, from_micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feast import FeatureStore

    from oo_admin.quality.logged.sampling import LoggedSample
    from oo_admin.quality.store import QualityStore
    from oo_profile.settings import Settings

USERS: Final = 1000
"""A share of them is within 3 points of that of all users, nineteen times out of twenty."""

BACK_US: Final = 30 * DAY_US
NEAR_US: Final = 3 * DAY_US
"""So near a sample may be to the moment that it stands for."""

ROWS_KEPT_US: Final = 8 * DAY_US
METRICS_KEPT_US: Final = 63 * DAY_US


class SampleLog:
    """Logs profiles of a sample of users and has Feast measure how they are distributed.

    Args:
        settings: Where the builder's database is.
        store: Feast, with the definitions applied.
        quality: Where it is put down what was logged.

    Raises:
        NotAppliedError: The registry has no service of profiles that is logged to SQLite.
    """

    def __init__(self, settings: Settings, store: FeatureStore, quality: QualityStore) -> None:
        self._settings = settings
        self._store = store
        self._quality = quality
        self._features = ProfileFeatures(store)
        self._service = store.get_feature_service(PROFILE_SERVICE)
        config = self._service.logging_config
        if config is None or not isinstance(config.destination, SQLiteLoggingDestination):
            raise NotAppliedError(
                f"the registry's service '{PROFILE_SERVICE}' is not logged: run `oo apply`"
            )
        self._rows = LogRows(store, self._service)
        self._table = LogRowsTable(settings.db, config.destination.table)

    def run(self, now_us: int) -> list[LoggedPoint]:
        """Log a sample of now, and one of a month ago unless there is one.

        What is logged of a day takes the place of what was logged of it before. Rows are kept for a
        week and metrics for nine.

        Args:
            now_us: The present, microseconds.

        Returns:
            What was logged, the present last; nobody's profile is logged of a time without states.

        Raises:
            NoDatabaseError: There is no database of a builder.
            DatabaseError: It cannot be read or written; the call may be made again.
            OfflineStoreError: The same, said by the offline store.
        """
        then_us = now_us - BACK_US
        known = self._quality.logged(then_us - NEAR_US, then_us + NEAR_US)
        moments = [now_us] if known else [then_us, now_us]
        # What an interrupted run left.
        self._table.remove_forgotten()
        logged = [self._log(sample) for sample in self._samples(moments) if sample.profiles]
        self._table.keep_since(now_us - ROWS_KEPT_US)
        first = from_micros(now_us - METRICS_KEPT_US).date()
        MetricStorage.of(self._store.config).delete_before(self._store.project, "log", first)
        return logged

    def _samples(self, moments: Sequence[int]) -> list[LoggedSample]:
        with reading(self._settings.db) as connection:
            users = sampled_users(connection, USERS)
            return [take_sample(connection, self._features, users, at_us) for at_us in moments]

    def _log(self, sample: LoggedSample) -> LoggedPoint:
        self.write(sample)
        day = from_micros(sample.at_us).date()
        MonitoringService(self._store).compute_log_metrics(
            self._store.project, PROFILE_SERVICE, start_date=day, end_date=day, granularity="daily"
        )
        point = LoggedPoint(sample.at_us, len(sample.profiles), sample.views)
        with self._quality.transaction():
            self._quality.add_logged(point)
        return point

    def write(self, sample: LoggedSample) -> None:
        """Write a sample's rows, those of people who were forgotten meanwhile left out."""
        self._table.clear_day(sample.at_us)
        rows = self._rows.table(sample, request_id=uuid.uuid4().hex)
        self._store.write_logged_features(rows, self._service)
        # Whoever was forgotten since the sample was taken has a tombstone by now.
        self._table.remove_forgotten()
