"""Metrics of one column, of whatever type it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from feast.monitoring.monitoring_utils import empty_categorical_metric, empty_numeric_metric

from oo_stores.errors import SourceError
from oo_stores.sqlite.monitoring.categorical import categorical_metrics
from oo_stores.sqlite.monitoring.numeric import numeric_metrics
from oo_stores.sqlite.values.arrow_types import is_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_stores.sqlite.monitoring.column_spool import ColumnSpool
    from oo_stores.sqlite.monitoring.metric_tables import Metrics

_logger = logging.getLogger(__name__)

NUMERIC: Final = "numeric"
_LENGTHS: Final = {b"of": b"length"}


@dataclass(frozen=True, slots=True)
class HistogramSizes:
    """How much a histogram tells.

    Attributes:
        bins: How many bins the one of numbers has.
        top_n: How many values the one of categories names.

    Raises:
        SourceError: One of them is less than 1.
    """

    bins: int
    top_n: int

    def __post_init__(self) -> None:
        if self.bins < 1 or self.top_n < 1:
            raise SourceError(
                f"histogram_bins={self.bins} and top_n={self.top_n} make no histogram; give 1 or "
                f"more of each"
            )


def measurable(part: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return columns of a slice with the lists among them replaced by their lengths.

    Feast asks for a list's metrics by the type of its elements, and has none for lists.
    """
    fields, columns = [], []
    for name in names:
        column = part.column(name)
        has_length = is_list(column.type)
        columns.append(pc.list_value_length(column) if has_length else column)
        fields.append(pa.field(name, columns[-1].type, metadata=_LENGTHS if has_length else None))
    return pa.table(columns, schema=pa.schema(fields))


def column_metrics(
    feature: str, feature_type: str, rows: ColumnSpool, name: str, sizes: HistogramSizes
) -> Metrics:
    """Return the metrics of a feature in Feast's shape.

    A list's are those of its lengths: numeric ones, with `"of": "length"` in the histogram. A
    column that cannot be measured as asked has its counts alone, and a warning says why.

    Args:
        feature: What Feast calls it.
        feature_type: `numeric` or `categorical`, as Feast asks.
        rows: The rows, as `measurable` gives them.
        name: What they call it.
        sizes: How much its histogram tells.
    """
    column = rows.column(name)
    is_length = bool(rows.schema.field(name).metadata)
    is_numeric = is_length or feature_type == NUMERIC
    try:
        found = (
            numeric_metrics(column, sizes.bins)
            if is_numeric
            else categorical_metrics(column, sizes.top_n)
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        _logger.warning(
            "%s is %s, which has no %s metrics (%s); it gets counts of rows and nulls alone. "
            "Correct the feature's declared type, or the column's",
            feature,
            column.type,
            feature_type,
            error,
        )
        found = {}
    if is_length and found:
        found["histogram"]["of"] = "length"
    empty = empty_numeric_metric(feature) if is_numeric else empty_categorical_metric(feature)
    return empty | _counts(column) | found


def _counts(column: pa.ChunkedArray) -> dict[str, Any]:
    rows, nulls = len(column), column.null_count
    return {"row_count": rows, "null_count": nulls, "null_rate": nulls / rows if rows else 0.0}
