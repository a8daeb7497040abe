"""What two stores answered, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from feast.errors import FeatureNameCollisionError
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from hypothesis import reject
from pyarrow.lib import ArrowException, ArrowInvalid, ArrowTypeError
from support.parity_values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd
    import pyarrow as pa
    from feast import OnDemandFeatureView
    from feast.online_response import OnlineResponse
    from support.parity_project import Pair
    from support.parity_requests import Request
T = TypeVar("T")


def columns(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of `to_dict` with each value's type.

    Their order is left out: Feast's goes through a set, and changes from process to process.
    """
    return {name: canonical(values) for name, values in answer.items()}


def frame(answer: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a frame with dtypes, values and their types."""
    return {
        str(name): (str(column.dtype), canonical(column.tolist()))
        for name, column in answer.items()
    }


def table(answer: pa.Table) -> dict[str, Any]:
    """Return the columns of an Arrow table with their types."""
    return {
        name: (str(answer.schema.field(name).type), canonical(answer[name].to_pylist()))
        for name in answer.column_names
    }


def vectors(answer: OnlineResponse) -> dict[str, Any]:
    """Return the columns of the proto: types, sizes, instants and statuses.

    Sizes stand for the bytes, since maps have no order on the wire; `columns` compares what
    they hold.
    """
    names = answer.proto.metadata.feature_names.val
    return {
        name: (
            [(value.WhichOneof("val"), value.ByteSize()) for value in vector.values],  # noqa: PD011 - of a proto  # noqa: PD011 - of a proto
            [(instant.seconds, instant.nanos) for instant in vector.event_timestamps],
            list(vector.statuses),
        )
        for name, vector in zip(names, answer.proto.results, strict=True)
    }


def honest(answer: Mapping[str, Any], stored: Collection[str]) -> dict[str, Any]:
    """Return what `vectors` says of stock's answer, with the statuses that ours gives.

    Args:
        answer: Stock calls everything present; what it has no instant for it did not find.
        stored: The columns that come out of Redis.
    """
    return {
        name: (values, instants, [_status(*pair) for pair in zip(values, instants, strict=True)])
        if name in stored
        else (values, instants, statuses)
        for name, (values, instants, statuses) in answer.items()
    }


def _status(value: tuple[str | None, int], instant: tuple[int, int]) -> int:
    if value[0] is not None:
        return int(FieldStatus.PRESENT)
    return int(FieldStatus.NULL_VALUE if any(instant) else FieldStatus.NOT_FOUND)


def stock_answer(pair: Pair, request: Request) -> OnlineResponse:
    """Return stock's answer; a request that it fails on is no example.

    It fails on columns of one name from two views, on singleton views beside pandas ones, and
    on what Arrow cannot hold.
    """
    try:
        return request.ask(pair.stock)
    except (FeatureNameCollisionError, KeyError, ArrowInvalid, ArrowTypeError):
        reject()


def form(call: Callable[[], T]) -> T | str:
    """Return a form of an answer, or the name of the error where it has no such form."""
    try:
        return call()
    except (ArrowException, ValueError, TypeError) as error:
        return type(error).__name__


def improved(pair: Pair, request: Request) -> set[str]:
    """Name the columns of a request that ours answers better, instants included.

    Stock drops python-mode features where full names are asked, and calls a singleton function
    for the first row only, which leaves a column that is too short.
    """
    names = set()
    for view, shown, feature in _asked(pair, request):
        if view.mode == "python" and request.full:
            names.add(f"{shown}__{feature}")
        elif getattr(view, "singleton", False) and len(request.rows) > 1:
            names.add(feature)
    return names | {f"{name}__ts" for name in names}


def python_features(pair: Pair, request: Request) -> list[tuple[str, str, str]]:
    """List the python-mode features of a request: view, name of the view there, feature."""
    asked = _asked(pair, request)
    return [(view.name, shown, name) for view, shown, name in asked if view.mode == "python"]


def _asked(pair: Pair, request: Request) -> list[tuple[OnDemandFeatureView, str, str]]:
    views = {view.name: view for view in pair.declared.computed}
    if isinstance(request.features, str):
        parts = pair.stock.get_feature_service(request.features).feature_view_projections
        asked = [
            (part.name, part.name_alias or part.name, f.name)
            for part in parts
            for f in part.features
        ]
    else:
        pairs = [reference.split(":") for reference in request.features]
        asked = [(view, view, feature) for view, feature in pairs]
    return [(views[view], shown, name) for view, shown, name in asked if view in views]
