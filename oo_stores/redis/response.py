"""The response of a read plan: columns now, Feast's protobuf message if somebody asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from feast.feature_view import DUMMY_ENTITY_ID
from feast.online_response import TIMESTAMP_POSTFIX, OnlineResponse
from feast.protos.feast.serving.ServingService_pb2 import (
    FieldStatus,
    GetOnlineFeaturesResponse,
)
from feast.type_map import python_values_to_proto_values
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs

from oo_stores.redis.plan.model import StoredColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from feast.protos.feast.types.Value_pb2 import Value

    from oo_stores.redis.plan.computed import Computed
    from oo_stores.redis.plan.model import ReadPlan
    from oo_stores.redis.plan.request import EntityColumn
    from oo_stores.redis.plan.stored import StoredRows
    from oo_stores.redis.values import PlainValue


class PlannedResponse(OnlineResponse):
    """Feast's response, decoded as it is asked for.

    Join keys come first, in the request's order, then features in the order of the service or of
    the references.

    Args:
        plan: How the features were read.
        count: Number of rows.
        entities: Columns of join keys.
        views: Rows of the plan's views.
        computed: Columns of the plan's on-demand views.
    """

    def __init__(
        self,
        plan: ReadPlan,
        count: int,
        entities: Mapping[str, EntityColumn],
        views: Sequence[StoredRows],
        computed: Sequence[Mapping[str, Computed]],
    ) -> None:
        # Feast's own __init__ takes the message, which nobody has asked for yet.
        self._plan = plan
        self._count = count
        self._entities = {n: c for n, c in entities.items() if n != DUMMY_ENTITY_ID}
        self._views = views
        self._computed = computed

    def to_dict(self, include_event_timestamps: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  Feast's signature
        """Return the columns by name.

        Args:
            include_event_timestamps: Give each column a second one, `<name>__ts`: event times in
                whole Unix seconds, 0 where there is none.
        """
        columns: dict[str, Any] = {n: list(c.values) for n, c in self._entities.items()}
        if self._count == 1 and not self._computed:
            columns |= self._only_row()
            return self._with_event_times(columns) if include_event_timestamps else columns
        for column in self._plan.columns:
            if isinstance(column, StoredColumn):
                columns[column.name] = self._views[column.view].own_values(column)
            elif column.name in self._computed[column.source]:
                columns[column.name] = list(self._computed[column.source][column.name].values)
        return self._with_event_times(columns) if include_event_timestamps else columns

    def _only_row(self) -> dict[str, list[PlainValue]]:
        """Return the stored features of one row, the request that has to be fastest."""
        replies: list[Any] = [rows.shared() for rows in self._views]
        cells = self._plan.cells
        return {name: [decode(replies[view][at])] for name, view, at, decode in cells}

    @cached_property
    def proto(self) -> GetOnlineFeaturesResponse:  # type: ignore[override]  # an attribute there
        """Feast's message, with statuses, event times and the views' versions."""
        message = GetOnlineFeaturesResponse(results=[])
        for name, vector in self._vectors():
            message.metadata.feature_names.val.append(name)
            message.results.append(vector)
        if self._plan.version_metadata:
            for name, version in {v.shown_name: v.version for v in self._plan.views}.items():
                message.metadata.feature_view_metadata.add(name=name, version=version)
        return message

    def _with_event_times(self, columns: dict[str, Any]) -> dict[str, Any]:
        seconds = {
            number: [instant.seconds for instant in rows.event_times()]
            for number, rows in enumerate(self._views)
        }
        views = {c.name: c.view for c in self._plan.columns if isinstance(c, StoredColumn)}
        timed: dict[str, Any] = {}
        for name, values in columns.items():
            timed[name] = values
            times = seconds[views[name]] if name in views else [0] * self._count
            timed[name + TIMESTAMP_POSTFIX] = list(times)
        return timed

    def _vectors(self) -> Iterator[tuple[str, GetOnlineFeaturesResponse.FeatureVector]]:
        for name, entity in self._entities.items():
            yield name, self._present(_entity_messages(entity))
        for column in self._plan.columns:
            if isinstance(column, StoredColumn):
                yield column.name, self._views[column.view].vector(column)
            elif column.name in self._computed[column.source]:
                computed = self._computed[column.source][column.name]
                yield column.name, self._present(computed.messages(), computed.statuses)

    def _present(
        self, values: Sequence[Value], statuses: Sequence[FieldStatus.ValueType] | None = None
    ) -> GetOnlineFeaturesResponse.FeatureVector:
        return GetOnlineFeaturesResponse.FeatureVector(
            values=values,
            statuses=statuses or [FieldStatus.PRESENT] * self._count,
            event_timestamps=[Timestamp()] * self._count,
        )


def _entity_messages(column: EntityColumn) -> Sequence[Value]:
    if column.messages is not None:
        return column.messages
    made: Sequence[Value] = python_values_to_proto_values(column.values, column.value_type)
    return made
