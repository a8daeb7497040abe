"""The columns that on-demand functions compute, each function called once for all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from feast.online_response import _convert_uuids_for_arrow
from feast.type_map import feast_value_type_to_python_type, python_values_to_proto_values
from feast.value_type import ValueType

from oo_stores.errors import OnDemandOutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
    from feast.protos.feast.types.Value_pb2 import Value

    from oo_stores.redis.plan.model import OnDemandPlan, OutputPlan
    from oo_stores.redis.values import PlainValue

    Columns = Mapping[str, list[PlainValue]]
    """Columns by name, all of one length."""

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


@dataclass(slots=True)  # not frozen, which would cost more than the look at its values
class Computed:
    """A computed column, never changed.

    Args:
        values: What the response shows.
        value_type: Their type.
        converted: The values as Feast's messages, where these had to be made.
        statuses: One for each row, where not all are present.
    """

    values: list[PlainValue]
    value_type: ValueType
    converted: list[Value] | None = None
    statuses: list[FieldStatus.ValueType] | None = None

    def messages(self) -> list[Value]:
        """Return the column as Feast's messages."""
        if self.converted is not None:
            return self.converted
        made: list[Value] = python_values_to_proto_values(self.values, self.value_type)
        return made


def compute(
    plan: OnDemandPlan, request: Columns, stored: Sequence[list[PlainValue]], count: int
) -> dict[str, Computed]:
    """Call an on-demand function and return its requested columns by their names in a response.

    A feature that the function leaves out is left out here.

    Args:
        plan: Which function, and what of its answer.
        request: Join keys and request data.
        stored: Columns of the read plan's inputs.
        count: Number of rows.

    Raises:
        OnDemandOutputError: A column has not one value for each row.
        Exception: Whatever the function raises, and Feast for values that a type cannot hold.
    """
    if plan.view.mode == "pandas":
        return _compute_frame(plan, request, stored, count)
    inputs: dict[str, Any] = {**request}
    for name, other_name, number in plan.inputs:
        inputs[name] = inputs[other_name] = stored[number]
    if plan.view.singleton:
        answer: Mapping[str, Any] = _each(plan.function, inputs, count)
    else:
        if plan.requested is not None:
            inputs.setdefault(*plan.requested)  # a column of that name goes before
        answer = {**plan.function(inputs)}
    return {
        shown: _column(plan, output, answer[output.feature], count)
        for shown, output in plan.outputs.items()
        if output.feature in answer
    }


def _each(
    function: Callable[[Any], Mapping[str, Any]], inputs: Columns, count: int
) -> dict[str, list[Any]]:
    """Call a function of single values for each row."""
    answers = [function({name: c[row] for name, c in inputs.items()}) for row in range(count)]
    return {name: [value for a in answers for value in _listed(a[name])] for name in answers[0]}


def _listed(values: Any) -> list[Any]:  # noqa: ANN401 - whatever a function returns
    """Return a function's column as a list; anything but a list or an array is one value."""
    if type(values) is list:
        return values
    if isinstance(values, np.ndarray) and values.ndim:
        listed: list[Any] = values.tolist() if values.dtype.kind in "biufU" else list(values)
        return listed
    return values if isinstance(values, list) else [values]


def _column(
    plan: OnDemandPlan,
    output: OutputPlan,
    values: Any,  # noqa: ANN401 - whatever a function returns
    count: int,
) -> Computed:
    listed = _listed(values)
    if len(listed) != count:
        raise OnDemandOutputError(plan.view.name, output.feature, len(listed), count)
    return _converted(listed, output)


def _converted(values: Any, output: OutputPlan) -> Computed:  # noqa: ANN401 - as above
    """Return values as the response shows them: converted to Feast's messages and back."""
    plain, value_type = output.plain, output.value_type
    if plain is not None:
        if _is_repeated(values, plain) and _fits(values[:1], value_type):
            return Computed(values[:1] * len(values), value_type)
        if set(map(type, values)) == {plain} and _fits(values, value_type):
            return Computed(list(values), value_type)
    messages = python_values_to_proto_values(values, value_type)
    shown = [feast_value_type_to_python_type(message) for message in messages]
    return Computed(shown, value_type, messages)


def _is_repeated(values: Any, plain: type) -> bool:  # noqa: ANN401 - as above
    """Tell whether a column is one value of a type, as it is where rows share a user.

    Columns of zeros are left out, since -0.0 equals 0.0.
    """
    first = values[0]
    if type(values) is not list or type(first) is not plain or not first:
        return False
    # The last row first: nearly all columns that differ are told by it.
    return bool(values[-1] == first) and values.count(first) == len(values)


def _fits(values: list[Any], value_type: ValueType) -> bool:
    """Tell whether no value becomes null (NaN) or is refused (beyond 64 bits)."""
    if value_type is ValueType.DOUBLE:
        return not math.isnan(sum(values))
    if value_type is ValueType.INT64:
        return bool(_INT64_MIN <= min(values) <= max(values) <= _INT64_MAX)
    return True


def _compute_frame(
    plan: OnDemandPlan, request: Columns, stored: Sequence[list[PlainValue]], count: int
) -> dict[str, Computed]:
    inputs = dict(request)
    for name, _, number in plan.inputs:
        inputs[name] = stored[number]
    table = pa.Table.from_pydict(_convert_uuids_for_arrow(inputs))
    answer = plan.view.transform_arrow(table, plan.full_names)
    computed = {}
    for shown, output in plan.outputs.items():
        if output.feature in answer.column_names:
            values = answer[output.feature].to_numpy()
            if len(values) != count:
                raise OnDemandOutputError(plan.view.name, output.feature, len(values), count)
            computed[shown] = _converted(values, output)
    return computed
