"""What is withheld on Feast's own path: its response changed after it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from feast import utils as feast_utils
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus, GetOnlineFeaturesResponse
from feast.protos.feast.types.Value_pb2 import Value

from oo_stores.redis.plan.compile import used_name
from oo_stores.redis.plan.withheld import worst_of
from oo_stores.withholding import withholding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feast.infra.registry.base_registry import BaseRegistry
    from feast.online_response import OnlineResponse

    from oo_stores.redis.plan.compile import Asked
    from oo_stores.withholding import Withholding

    Status: TypeAlias = FieldStatus.ValueType

    Read: TypeAlias = Mapping[tuple[str, str], Sequence[Status]]
    """Statuses of what was read, a column each, by view and feature."""


def withhold_in(
    response: OnlineResponse, asked: Asked, registry: BaseRegistry, read: Read
) -> OnlineResponse:
    """Make null, in a response, what on-demand views withhold; return it.

    Views that were computed when their rows were written are left as they are: nothing of what
    they were computed from is read.
    """
    views = feast_utils._get_online_request_context(  # noqa: SLF001  Feast's only resolution
        registry, asked.project, asked.features, asked.full_names
    )[1]
    names = list(response.proto.metadata.feature_names.val)
    for view in views:
        declared = withholding(view)
        worst = None if declared is None else _worst(declared, read)
        if declared is None or worst is None:
            continue
        for output in declared.outputs:
            shown = f"{used_name(view)}__{output}" if asked.full_names else output
            if shown in names:
                _mask(response.proto.results[names.index(shown)], worst)
    return response


def _worst(declared: Withholding, read: Read) -> list[Status] | None:
    statuses = []
    for source, features in declared.sources.items():
        columns = [read[source, feature] for feature in features if (source, feature) in read]
        if columns:
            # One value that is there is enough.
            statuses.append([_best(row) for row in zip(*columns, strict=True)])
    return worst_of(statuses)


def _best(statuses: Sequence[Status]) -> Status:
    return FieldStatus.PRESENT if FieldStatus.PRESENT in statuses else statuses[0]


def _mask(vector: GetOnlineFeaturesResponse.FeatureVector, statuses: Sequence[Status]) -> None:
    for row, status in enumerate(statuses):
        if status != FieldStatus.PRESENT:
            vector.values[row].CopyFrom(Value())
            vector.statuses[row] = status
