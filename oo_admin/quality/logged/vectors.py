"""Profiles as Feast logs them: a column for each feature, its event time and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from feast.feature_logging import (
    LOG_DATE_FIELD,
    LOG_TIMESTAMP_FIELD,
    REQUEST_ID_FIELD,
    FeatureServiceLoggingSource,
)
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus

from oo_profile.privacy.database_erasure import USER_COLUMN
from oo_transforms.clock import SECOND_US, from_micros

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore

    from oo_admin.quality.logged.sampling import LoggedSample
    from oo_profile.building.profile_features import Profile


class LogRows:
    """Makes log rows of profiles.

    A row bears its user's id, in a column that Feast does not know of: so it is found when the user
    is to be forgotten.

    Args:
        store: Feast, with the definitions applied.
        service: The service of profiles.
    """

    def __init__(self, store: FeatureStore, service: FeatureService) -> None:
        source = FeatureServiceLoggingSource(service, store.project)
        self._schema: pa.Schema = source.get_schema(store.registry)
        self._sources: dict[str, tuple[str, str | None]] = {}
        on_demand = {view.name: view for view in store.list_on_demand_feature_views()}
        for projection in service.feature_view_projections:
            sources = list(on_demand[projection.name].source_feature_view_projections.values())
            # One over several sources rests on no one state: it has something to say in any case.
            only = sources[0].name if len(sources) == 1 else None
            used = projection.name_to_use()  # type: ignore[no-untyped-call]
            for feature in projection.features:
                column = f"{used}__{feature.name}"
                self._sources[column] = (feature.name, only)

    def table(self, sample: LoggedSample, request_id: str) -> pa.Table:
        """Return the rows of a sample.

        A status is that of the state behind the feature, also where the value without evidence is
        served.

        Args:
            sample: The profiles.
            request_id: What the rows are known by beside their time.
        """
        at = from_micros(sample.at_us)
        columns: dict[str, list[Any]] = {
            LOG_TIMESTAMP_FIELD: [at] * len(sample.profiles),
            LOG_DATE_FIELD: [at.date()] * len(sample.profiles),
            REQUEST_ID_FIELD: [request_id] * len(sample.profiles),
            "now": [sample.at_us / 1e6] * len(sample.profiles),
            "utc_offset_minutes": [p.subject.utc_offset_minutes for p in sample.profiles],
        }
        for column, (name, source) in self._sources.items():
            columns[column] = [profile.values[name] for profile in sample.profiles]
            behind = [_behind(profile, name, source) for profile in sample.profiles]
            columns[f"{column}__timestamp"] = [time for time, _ in behind]
            columns[f"{column}__status"] = [status for _, status in behind]
        made = {field.name: pa.array(columns[field.name], field.type) for field in self._schema}
        made[USER_COLUMN] = pa.array([p.subject.user_id for p in sample.profiles], pa.string())
        return pa.table(made)


def _behind(
    profile: Profile, feature: str, source: str | None
) -> tuple[int | None, FieldStatus.ValueType]:
    """Return the event time of the state behind a feature, Unix seconds, and its status."""
    if source is None:
        return None, FieldStatus.PRESENT
    state = profile.subject.states.get(source)
    if state is None:
        return None, FieldStatus.NOT_FOUND
    expired = feature in profile.expired
    status = FieldStatus.OUTSIDE_MAX_AGE if expired else FieldStatus.PRESENT
    return state.event_time_us // SECOND_US, status
