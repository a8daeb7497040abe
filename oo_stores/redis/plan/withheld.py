"""Computed columns made null where there is nothing behind them; see `oo_stores.withholding`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.protos.feast.types.Value_pb2 import Value

from oo_stores.redis.plan.computed import Computed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oo_stores.redis.plan.model import StoredColumn
    from oo_stores.redis.plan.stored import StoredRows
    from oo_stores.redis.values import PlainValue

    Status: TypeAlias = FieldStatus.ValueType

WORST_FIRST = (FieldStatus.OUTSIDE_MAX_AGE, FieldStatus.NOT_FOUND, FieldStatus.NULL_VALUE)
"""Of several views that have nothing, the one whose status comes first is told."""


@dataclass(frozen=True, slots=True)
class WithheldPlan:
    """Which outputs of a function are withheld, and what has to be there for them.

    Args:
        outputs: Their names in the response.
        sources: For each view that the function reads, its number, and the numbers of what is
            read of it among the read plan's inputs.
    """

    outputs: tuple[str, ...]
    sources: tuple[tuple[int, tuple[int, ...]], ...]

    @classmethod
    def of(
        cls,
        outputs: Iterable[str],
        sources: Iterable[Sequence[StoredColumn]],
        inputs: Mapping[StoredColumn, int],
    ) -> WithheldPlan:
        """Look up the numbers of stored columns."""
        numbered = ((columns[0].view, tuple(inputs[c] for c in columns)) for columns in sources)
        return cls(tuple(outputs), tuple(numbered))


def withhold(
    plan: WithheldPlan,
    computed: dict[str, Computed],
    stored: Sequence[list[PlainValue]],
    views: Sequence[StoredRows],
) -> None:
    """Make values null, each with the status of what is missing behind it.

    With stock semantics, where nobody is told of ages, nothing is withheld.

    Args:
        plan: Which.
        computed: The columns of the function, replaced where values are withheld.
        stored: Columns of the read plan's inputs.
        views: Rows of the read plan's views.
    """
    statuses = [
        _statuses(views[view], [stored[number] for number in numbers])
        for view, numbers in plan.sources
        if views[view].tells_truth
    ]
    worst = worst_of(statuses)
    if worst is None:
        return
    for name in plan.outputs:
        if name in computed:
            computed[name] = _masked(computed[name], worst)


def worst_of(statuses: Sequence[Sequence[Status]]) -> list[Status] | None:
    """Return for each row the status to tell; None if all of all views are present."""
    if all(status == FieldStatus.PRESENT for one in statuses for status in one):
        return None
    return [
        next((status for status in WORST_FIRST if status in row), FieldStatus.PRESENT)
        for row in zip(*statuses, strict=True)
    ]


def _statuses(rows: StoredRows, columns: Sequence[list[PlainValue]]) -> list[Status]:
    return rows.statuses(any(v is not None for v in row) for row in zip(*columns, strict=True))


def _masked(column: Computed, statuses: list[Status]) -> Computed:
    there = [status == FieldStatus.PRESENT for status in statuses]
    values = [v if ok else None for v, ok in zip(column.values, there, strict=True)]
    converted = column.converted
    if converted is not None:
        converted = [m if ok else Value() for m, ok in zip(converted, there, strict=True)]
    return Computed(values, column.value_type, converted, statuses)
