"""What a feature service asks of entity rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from oo_profile.errors import MissingColumnsError, TrainingError, UnknownNameError
from oo_profile.registry import service_fields
from oo_profile.training.entity_file import event_times, is_text, refuse_nulls

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from feast import FeatureService, FeatureStore

USER = "user_id"
TIME = "event_timestamp"
NOW = "now"
OFFSET = "utc_offset_minutes"

ARROW_TYPES = {
    "Float64": pa.float64(),
    "Int64": pa.int64(),
    "Bool": pa.bool_(),
    "String": pa.string(),
    "Array(Float64)": pa.list_(pa.float64()),
    "Array(String)": pa.list_(pa.string()),
}
"""The types that a training set has, whatever its values are."""


@dataclass(frozen=True, slots=True)
class ServiceNeeds:
    """A service and what it asks of entity rows.

    Attributes:
        service: The service.
        features: Its features in its order, with Feast's names of their types.
        request: Request data that its features take, with the types.
        views: Names of the views whose history its features are read from.
    """

    service: FeatureService
    features: Mapping[str, str]
    request: Mapping[str, str]
    views: frozenset[str]

    @classmethod
    def of(cls, store: FeatureStore, name: str) -> ServiceNeeds:
        """Look a service up.

        Raises:
            UnknownNameError: There is no such service.
        """
        services = {service.name: service for service in store.list_feature_services()}
        if name not in services:
            raise UnknownNameError("service", name, sorted(services))
        service = services[name]
        projections = {projection.name for projection in service.feature_view_projections}
        computed = [v for v in store.list_on_demand_feature_views() if v.name in projections]
        request = {
            field.name: str(field.dtype)
            for view in computed
            for source in view.source_request_sources.values()
            for field in source.schema
        }
        features = {field.name: str(field.dtype) for field in service_fields(service)}
        read = {
            source.name
            for view in computed
            for source in view.source_feature_view_projections.values()
        }
        return cls(service, features, request, frozenset(read | projections))

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns of entity rows that are text."""
        return (USER, *(name for name, dtype in self.request.items() if dtype == "String"))

    def empty(self) -> pa.Table:
        """Return the features of no rows."""
        types = {name: ARROW_TYPES[dtype] for name, dtype in self.features.items()}
        return pa.schema(types).empty_table()

    def entities(self, table: pa.Table, time_column: str) -> pd.DataFrame:
        """Take from entity rows what Feast needs, in the types that the service declares.

        Args:
            table: Entity rows.
            time_column: Their column of event times.

        Returns:
            Users, event times under Feast's usual name, and the request data that are there.

        Raises:
            MissingColumnsError: Columns are missing; those that can be filled in are not needed.
            TrainingError: A column has the name of a feature, or values that are none of its kind.
        """
        self._check(table, time_column)
        columns = {
            USER: _users(table.column(USER)),
            TIME: event_times(table.column(time_column), time_column),
        }
        for name, dtype in self.request.items():
            if name in table.column_names:
                columns[name] = _cast(table.column(name), name, dtype)
        frame: pd.DataFrame = pa.table(columns).to_pandas()
        return frame

    def _check(self, table: pa.Table, time_column: str) -> None:
        present = table.column_names
        needed = (USER, time_column, *(n for n in self.request if n not in {NOW, OFFSET}))
        if missing := [name for name in needed if name not in present]:
            raise MissingColumnsError(self.service.name, missing, needed, present)
        if clash := [name for name in present if name in self.features]:
            raise TrainingError(
                f"the entity rows have columns named like features of {self.service.name}: "
                f"{', '.join(clash)}. Rename them"
            )


def _users(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not is_text(column.type):
        raise TrainingError(f"column {USER} holds {column.type}: ids of users are text")
    users = column.cast(pa.string())
    # An empty cell of a CSV is an empty text.
    refuse_nulls(pc.if_else(pc.equal(users, ""), None, users), USER, "a user")
    return users


def _cast(column: pa.ChunkedArray, name: str, dtype: str) -> pa.ChunkedArray:
    """Bring request data to the declared type: Feast goes by the first value otherwise."""
    kind = column.type
    # Arrow would turn a number into text, and an instant into a number of its own unit.
    is_other = not is_text(kind) if dtype == "String" else pa.types.is_temporal(kind)
    reason = "no conversion"
    try:
        if not is_other or column.null_count == len(column):
            return column.cast(ARROW_TYPES[dtype])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error)
    hint = "; instants are Unix seconds as numbers" if dtype == "Float64" else ""
    raise TrainingError(f"column {name} holds {kind}, the service takes {dtype}{hint} ({reason})")
