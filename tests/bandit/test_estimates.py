"""Estimators are those of a table made by hand, in whatever parts the log was added up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_bandit.errors import EvidenceError
from oo_bandit.estimates import (
    effective_size,
    estimate_difference,
    estimate_dismissals,
    estimate_value,
    student,
    weight_carriers,
)
from oo_bandit.logged import Logged
from oo_bandit.sums import Sums, sums_by_decision, sums_by_person

A, B = 0, 1
TABLE = Logged(
    policies=("a", "b"),
    propensity=np.array([0.5, 0.25, 0.8]),
    reward=np.array([1.0, 0.0, 1.0]),
    dismissed=np.array([0.0, 1.0, 0.0]),
    probability=np.array([[0.8, 0.2], [0.5, 0.25], [0.4, 0.8]]),
    expected=np.array([[0.6, 0.5], [0.4, 0.3], [0.5, 0.9]]),
    prediction=np.array([[0.7, 0.4], [0.2, 0.3], [0.5, 0.6]]),
    person=np.array([4, 4, 9]),
)
"""Weights of a: 1.6, 2, 0.5; of b: 0.4, 1, 1."""

EXACT = 1e-12


def test_values_by_decision() -> None:
    """Each of the three estimators, for both policies."""
    a, b = (estimate_value(sums_by_decision(TABLE), policy) for policy in (A, B))
    assert a.ips.value == pytest.approx(2.1 / 3, abs=EXACT)
    assert b.ips.value == pytest.approx(1.4 / 3, abs=EXACT)
    assert a.self_normalised.value == pytest.approx(2.1 / 4.1, abs=EXACT)
    assert b.self_normalised.value == pytest.approx(1.4 / 2.4, abs=EXACT)
    of_a = [0.6 + 1.6 * (1 - 0.7), 0.4 + 2 * (0 - 0.2), 0.5 + 0.5 * (1 - 0.5)]
    of_b = [0.5 + 0.4 * (1 - 0.4), 0.3 + 1 * (0 - 0.3), 0.9 + 1 * (1 - 0.6)]
    assert a.doubly_robust.value == pytest.approx(sum(of_a) / 3, abs=EXACT)
    assert b.doubly_robust.value == pytest.approx(sum(of_b) / 3, abs=EXACT)


def test_values_by_person() -> None:
    """One person has two decisions, and counts as much as the other."""
    a = estimate_value(sums_by_person(TABLE), A)
    assert a.ips.value == pytest.approx((1.6 / 2 + 0.5) / 2, abs=EXACT)
    assert a.self_normalised.value == pytest.approx((0.8 + 0.5) / (1.8 + 0.5), abs=EXACT)
    assert a.doubly_robust.value == pytest.approx((1.08 / 2 + 0.75) / 2, abs=EXACT)


def test_differences() -> None:
    """They are those of the values, and those of dismissals are by IPS."""
    sums = sums_by_decision(TABLE)
    found = estimate_difference(sums, B, A)
    assert found.ips.value == pytest.approx(-0.7 / 3, abs=EXACT)
    assert found.self_normalised.value == pytest.approx(1.4 / 2.4 - 2.1 / 4.1, abs=EXACT)
    assert found.doubly_robust.value == pytest.approx((2.04 - 1.83) / 3, abs=EXACT)
    assert estimate_dismissals(sums, B, A).value == pytest.approx((1 - 2) / 3, abs=EXACT)


def test_intervals() -> None:
    """Student's, with the standard errors that the table gives."""
    sums = sums_by_decision(TABLE)
    # Decisions of the largest weight that carry the others: 6.81 / 4; below 3 they count as 3.
    margin = float(student(np.array(3.0)))
    found = estimate_value(sums, A)
    error = np.array([1.6, 0.0, 0.5]).std(ddof=1) / np.sqrt(3)
    assert found.ips.high == pytest.approx(0.7 + margin * error, abs=1e-9)
    assert found.ips.low == pytest.approx(0.7 - margin * error, abs=1e-9)
    ratio, mean_weight = 2.1 / 4.1, 4.1 / 3
    moved = np.array([1.6 * (1 - ratio), -2 * ratio, 0.5 * (1 - ratio)]) / mean_weight
    error = np.sqrt((moved**2).sum() / 2 / 3)
    assert found.self_normalised.high == pytest.approx(ratio + margin * error, abs=1e-9)
    rows = np.array([0.74 - 1.08, 0.0, 1.3 - 0.75])
    difference = estimate_difference(sums, B, A).doubly_robust
    error = rows.std(ddof=1) / np.sqrt(3)
    assert difference.low == pytest.approx(rows.mean() - margin * error, abs=1e-9)


def test_sizes() -> None:
    """How many decisions of equal, and of the largest weight."""
    sums = sums_by_decision(TABLE)
    assert effective_size(sums, A) == pytest.approx(4.1**2 / 6.81, abs=EXACT)
    assert weight_carriers(sums, A) == pytest.approx(6.81 / 4, abs=EXACT)


@pytest.mark.parametrize(("freedom", "quantile"), [(5, 2.571), (20, 2.086), (1e9, 1.960)])
def test_the_quantile_is_that_of_the_tables(freedom: float, quantile: float) -> None:
    """As printed in any book."""
    assert float(student(np.array(freedom))) == pytest.approx(quantile, abs=2e-3)


@given(st.data())
def test_any_parts_add_up_to_the_same(data: st.DataObject) -> None:
    """Whole people in any order and parts: that is what one pass over a long log rests on."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    count, cut = 40, data.draw(st.integers(0, 40))
    person = np.sort(random.integers(0, 9, count))
    cut = int(np.searchsorted(person, person[cut - 1], side="right")) if cut else 0
    whole = Logged(
        policies=("a", "b"),
        propensity=random.uniform(0.01, 1, count),
        reward=random.uniform(0, 1, count),
        dismissed=random.integers(0, 2, count).astype(float),
        probability=random.uniform(0, 1, (count, 2)),
        expected=random.uniform(-1, 1, (count, 2)),
        prediction=random.uniform(-1, 1, (count, 2)),
        person=person,
    )
    first, second = (whole.chosen(rows) for rows in (np.arange(40) < cut, np.arange(40) >= cut))
    for sums_by in (sums_by_decision, sums_by_person):
        parts, once = sums_by(second) + sums_by(first), sums_by(whole)
        for name in Sums.__slots__:
            assert getattr(parts, name) == pytest.approx(getattr(once, name), rel=1e-10)


def test_nothing_is_estimated_of_nothing() -> None:
    """No number, and no warning."""
    empty = Sums.empty(2)
    assert np.isnan(estimate_value(empty, A).ips.value)
    assert np.isnan(estimate_difference(empty, A, B).self_normalised.value)
    assert effective_size(empty, A) == 0


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("propensity", np.array([0.5, 0.0, 0.8]), "propensity has 0.0"),
        ("propensity", np.array([0.5, 1.2, 0.8]), "propensity has 1.2"),
        ("propensity", np.array([0.5, np.nan, 0.8]), "propensity has nan"),
        ("reward", np.array([0.5, 2.0, 0.8]), "reward has 2.0"),
        ("probability", np.full((3, 2), -0.1), "probability has -0.1"),
        ("prediction", np.full((3, 2), np.inf), "prediction has inf"),
        ("expected", np.zeros((3, 3)), "shape"),
    ],
)
def test_numbers_that_would_mislead_are_refused(field: str, value: np.ndarray, told: str) -> None:
    """By name and value."""
    given = {name: getattr(TABLE, name) for name in Logged.__slots__} | {field: value}
    with pytest.raises(EvidenceError, match=told):
        Logged(**given)
