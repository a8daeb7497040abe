"""Metrics of a column of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from feast.monitoring.monitoring_utils import opt_float

from oo_stores.sqlite.monitoring.histogram import histogram

if TYPE_CHECKING:
    from oo_stores.sqlite.monitoring.histogram import Floats

_PERCENTILES: Final = {"p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def numeric_metrics(column: pa.ChunkedArray, bins: int) -> dict[str, Any]:
    """Return what Feast keeps of a column of numbers, counts of rows left out.

    Mean, sample standard deviation, ends and percentiles are those of the finite values, and so are
    the edges of the histogram. It counts every value that is not null: infinities in the bins at
    the ends, and NaN in the last one, where SQL's order has it. `nan_count` and `infinite_count`
    say how many, if there are any.

    Args:
        column: The values; integers beyond 2^53 are rounded.
        bins: How many bins the histogram has.

    Returns:
        Metrics by Feast's names; none where there is no finite value.

    Raises:
        pyarrow.ArrowInvalid: A text that is no number.
        pyarrow.ArrowNotImplementedError: The column's type is nothing to calculate with.
    """
    values: Floats = column.drop_null().cast(pa.float64(), safe=False).to_numpy()
    ordered = values[np.isfinite(values)]
    if not len(ordered):
        return {}
    ordered.sort()
    before, after = (int(np.count_nonzero(values == end)) for end in (-np.inf, np.inf))
    nans = len(values) - len(ordered) - before - after
    counted = histogram(ordered, bins, before=before, after=after + nans)
    odd = {"nan_count": nans, "infinite_count": before + after}
    return {
        **_moments(ordered),
        "min_val": float(ordered[0]),
        "max_val": float(ordered[-1]),
        **_percentiles(ordered),
        "histogram": counted | {name: count for name, count in odd.items() if count},
    }


def _moments(values: Floats) -> dict[str, float | None]:
    """Return mean and sample standard deviation; None where no float holds them."""
    column = pa.array(values)
    return {
        "mean": opt_float(pc.mean(column).as_py()),
        "stddev": opt_float(pc.stddev(column, ddof=1).as_py()),
    }


def _percentiles(ordered: Floats) -> dict[str, float]:
    """Return percentiles, between two values on the line that joins them.

    Rounding puts none of them outside the two values, or before a lower percentile.
    """
    position = np.array(list(_PERCENTILES.values())) * (len(ordered) - 1)
    index = np.floor(position).astype(np.int64)
    share = position - index
    low, high = ordered[index], ordered[np.minimum(index + 1, len(ordered) - 1)]
    between = np.clip(low * (1 - share) + high * share, low, high)
    return dict(zip(_PERCENTILES, np.maximum.accumulate(between).tolist(), strict=True))
