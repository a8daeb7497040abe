"""Metrics of numbers are those that numpy and pandas compute, whatever floats there are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oo_stores.sqlite.monitoring.numeric import numeric_metrics

PERCENTILES = ("p50", "p75", "p90", "p95", "p99")
# Squares of larger ones are no floats.
MODERATE = st.floats(-1e100, 1e100)
BINS = st.integers(1, 25)


def measured(values: list[float | None], bins: int = 20) -> dict[str, Any]:
    """Return the metrics of a column that comes in two slices."""
    half = len(values) // 2
    slices = [pa.array(part, pa.float64()) for part in (values[:half], values[half:])]
    return numeric_metrics(pa.chunked_array(slices), bins)


@given(st.lists(MODERATE | st.none() | st.sampled_from([math.nan, math.inf, -math.inf])))
def test_metrics_are_those_of_the_finite_values(values: list[float | None]) -> None:
    """Pandas gives the same mean, sample standard deviation, ends and percentiles."""
    finite = pd.Series([v for v in values if v is not None and math.isfinite(v)], dtype=float)
    found = measured(values)
    assert bool(found) == bool(len(finite))
    if found:
        near = 1e-9 * float(finite.abs().max())
        expected = [finite.mean(), *finite.quantile([0.50, 0.75, 0.90, 0.95, 0.99])]
        figures = [found[name] for name in ("mean", *PERCENTILES)]
        assert figures == pytest.approx(expected, rel=1e-9, abs=near)
        spread = pytest.approx(finite.std(ddof=1), rel=1e-9, abs=near)
        assert found["stddev"] == (spread if len(finite) > 1 else None)
        assert (found["min_val"], found["max_val"]) == (finite.min(), finite.max())


@given(st.lists(st.floats() | st.none()), BINS)
def test_a_histogram_counts_every_value_that_is_not_null(
    values: list[float | None], bins: int
) -> None:
    """It has an edge more than bins, in ascending order and finite, from the least to the most."""
    present = [value for value in values if value is not None]
    finite = [value for value in present if math.isfinite(value)]
    found = measured(values, bins)
    assert bool(found) == bool(finite)
    if found:
        edges, counts = found["histogram"]["bins"], found["histogram"]["counts"]
        assert (len(edges), len(counts)) == (bins + 1, bins)
        assert np.isfinite([*edges, found["histogram"]["bin_width"]]).all()
        assert edges == sorted(edges)
        assert edges[0] <= min(finite) <= max(finite) <= edges[-1]
        assert sum(counts) == len(present)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@example([0.44] * 8)
@example([0.916, math.nextafter(0.916, 1)])
def test_percentiles_are_in_order_and_within_the_ends(values: list[float]) -> None:
    """Also of floats so near to each other, or so far, that rounding shows."""
    found = measured(list(values))
    line = [found["min_val"], *(found[name] for name in PERCENTILES), found["max_val"]]
    assert line == sorted(line)


@given(st.lists(st.integers(-50, 50), min_size=2).filter(lambda v: min(v) < max(v)), BINS)
def test_a_histogram_is_that_of_numpy(values: list[int], bins: int) -> None:
    """The same edges and the same counts, for values on the edges too."""
    counts, edges = np.histogram(values, bins)
    found = measured([float(value) for value in values], bins)["histogram"]
    assert (found["counts"], found["bins"]) == (counts.tolist(), edges.tolist())
    assert found["bin_width"] == edges[1] - edges[0]


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300, 5e-324, float(np.finfo(float).max)])
def test_a_constant_has_bins_around_it(value: float) -> None:
    """All values are in one of them, as many bins as asked for."""
    histogram = measured([value] * 3, bins=4)["histogram"]
    assert max(histogram["counts"]) == 3
    assert len(histogram["counts"]) == 4
    assert histogram["bins"][0] < value <= histogram["bins"][-1]


def test_odd_values_are_counted_at_the_ends_and_named() -> None:
    """Infinities in the first and the last bin, NaN in the last; nulls nowhere."""
    found = measured([-math.inf, -math.inf, 1.0, 2.0, math.inf, math.nan, None], bins=2)
    histogram = found["histogram"]
    assert histogram["counts"] == [3, 3]
    assert (histogram["nan_count"], histogram["infinite_count"]) == (1, 3)
    assert (found["min_val"], found["max_val"], found["mean"]) == (1.0, 2.0, 1.5)


@pytest.mark.parametrize("values", [[], [None], [math.nan], [math.inf, None]])
def test_nothing_finite_has_no_metrics(values: list[float | None]) -> None:
    """No value, no edge."""
    assert measured(values) == {}


def test_one_value_has_no_standard_deviation() -> None:
    """That of a sample needs two."""
    found = measured([7.0])
    assert (found["mean"], found["stddev"], found["p99"]) == (7.0, None, 7.0)
