"""On-demand features, computed slice by slice."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.sqlite.deadline import watched
from oo_stores.withholding import withholding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from feast.on_demand_feature_view import OnDemandFeatureView

_ROWS_AT_A_TIME = 20_000


def with_on_demand(
    table: pa.Table,
    views: Iterable[OnDemandFeatureView],
    references: Sequence[str],
    *,
    full_feature_names: bool,
    rows_at_a_time: int = _ROWS_AT_A_TIME,
) -> pa.Table:
    """Return a table with on-demand features beside its columns, as Feast itself would add them.

    Feast turns the whole table into Python objects at once, some of it twice; here that is done
    with a slice of it at a time, so a function sees the rows of one slice. What it makes of a row
    must not depend on the other rows, which also holds for online reads. Types are those of the
    whole: where Feast takes them from the values, all slices have a say, and whole numbers beside
    a null anywhere are floats for a pandas function. What a view withholds is null, as online.

    Args:
        table: Entity rows and features.
        views: The on-demand views, in the order in which they are computed.
        references: The `view:feature` asked for; none: all features of the views.
        full_feature_names: Whether columns are called `view__feature`.
        rows_at_a_time: The rows of a slice.
    """
    for view in views:
        inputs = _floats_beside_nulls(table) if view.mode == "pandas" else table
        made = [
            view.transform_arrow(part, full_feature_names)
            for part in watched(_parts(inputs, rows_at_a_time))
        ]
        features = pa.concat_tables(made, promote_options="permissive")
        asked = _asked_columns(view, references, full_feature_names=full_feature_names)
        withheld, nothing = _withheld(view, table)
        for name in features.column_names:
            if not name.startswith("__index") and (not asked or name in asked):
                column = features.column(name)
                if name in withheld:
                    column = pc.if_else(nothing, None, column)
                table = table.append_column(name, column)
    return table


def _withheld(view: OnDemandFeatureView, table: pa.Table) -> tuple[frozenset[str], pa.Array]:
    """Return the columns that a view withholds, and in which rows; see `oo_stores.withholding`."""
    declared = withholding(view)
    if declared is None:
        return frozenset(), None
    alias = str(view.projection.name_to_use())  # type: ignore[no-untyped-call]
    known = set(table.column_names)
    nothing = []
    for source, features in declared.sources.items():
        shown = (f"{source}__{f}" if f"{source}__{f}" in known else f for f in features)
        nothing.append(reduce(pc.and_, [pc.is_null(table.column(name)) for name in shown]))
    outputs = {name for output in declared.outputs for name in (output, f"{alias}__{output}")}
    return frozenset(outputs), reduce(pc.or_, nothing)


def _parts(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows or 1, rows):
        yield table.slice(start, rows)


def _floats_beside_nulls(table: pa.Table) -> pa.Table:
    """Return a table without whole numbers beside nulls, which pandas makes floats of."""
    for number, column in enumerate(table.columns):
        if pa.types.is_integer(column.type) and column.null_count:
            name = table.column_names[number]
            table = table.set_column(number, name, column.cast(pa.float64(), safe=False))
    return table


def _asked_columns(
    view: OnDemandFeatureView, references: Sequence[str], *, full_feature_names: bool
) -> set[str]:
    """Return the result's names of the features asked of a view; none: all of them.

    A view goes by its own name before its alias, as in Feast.
    """
    alias = str(view.projection.name_to_use())  # type: ignore[no-untyped-call]
    split = [reference.split(":", 1) for reference in references if ":" in reference]
    for used in (view.name, alias):
        if names := {feature for name, feature in split if name == used}:
            return {f"{alias}__{name}" for name in names} if full_feature_names else names
    return set()
