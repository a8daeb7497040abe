"""Values of always the same tip are those of a table that was worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from support.past_work import tip

from oo_bandit.estimates import estimate_value
from oo_bandit.sums import sums_by_decision
from oo_profile.backtest.tip_decisions import TipDecision
from oo_profile.backtest.tip_values import (
    ALWAYS,
    STEPS_RANGE,
    log_decisions,
    log_steps,
    thumbs_up,
)


def decisions(*given: dict[str, Any]) -> tuple[TipDecision, ...]:
    """Make decisions from what differs of `tip`."""
    return tuple(
        msgspec.convert(tip(number, **one), TipDecision, strict=False)
        for number, one in enumerate(given)
    )


def outcome(response: str | None, steps: float = 250.0) -> dict[str, object]:
    """Make what came after."""
    return {"steps_30_or_0": steps, "response": response}


GIVEN = decisions(
    {"action": "walking", "outcome": outcome("good")},
    {"action": "walking", "outcome": outcome("bad")},
    {"action": "sedentary", "outcome": outcome("good")},
    {"action": "none", "outcome": outcome(None)},
)


@pytest.mark.parametrize(
    ("policy", "ips", "self_normalised"),
    [
        ("never", 0.0, 0.0),
        ("always walking", (1 / 0.35) / 4, 1 / 2),
        ("always sedentary", (1 / 0.25) / 4, 1.0),
        ("as it was sent", 2 / 4, 2 / 4),
    ],
)
def test_values_are_those_of_the_table(policy: str, ips: float, self_normalised: float) -> None:
    """Two of four got a thumbs up, by chances of 0.35 and 0.25."""
    logged = log_decisions(GIVEN, thumbs_up)
    found = estimate_value(sums_by_decision(logged), logged.policies.index(policy))
    assert float(found.ips.value) == pytest.approx(ips, abs=1e-12)
    assert float(found.self_normalised.value) == pytest.approx(self_normalised, abs=1e-12)


def test_steps_are_counted_in_logarithms() -> None:
    """log(steps + 0.5), as a share of its range, and back."""
    low, high = STEPS_RANGE
    for steps in (0.0, 17.0, 10_000.0):
        (decision,) = decisions({"outcome": outcome("good", steps)})
        assert low + log_steps(decision) * (high - low) == pytest.approx(math.log(steps + 0.5))


def test_no_prediction_knows_what_came_of_its_own_decision() -> None:
    """Whatever the last decision came to, all predictions stay, and only its reward changes."""
    other = [*GIVEN[:-1], *decisions({}, {}, {}, {"action": "walking"})[-1:]]
    other[-1] = msgspec.structs.replace(other[-1], outcome=GIVEN[0].outcome)
    spoilt = [*other[:-1], msgspec.structs.replace(other[-1], outcome=GIVEN[1].outcome)]
    one, two = (log_decisions(given, thumbs_up) for given in (other, spoilt))
    assert one.reward.tolist() != two.reward.tolist()
    assert one.expected.tolist() == two.expected.tolist()
    assert one.prediction.tolist() == two.prediction.tolist()


def test_what_is_expected_is_the_prediction_for_the_action() -> None:
    """Of a decision that did what a policy always does, it expects what is predicted for that."""
    logged = log_decisions(GIVEN * 3, thumbs_up)
    for place in range(len(ALWAYS)):
        same = logged.probability[:, place] == 1.0
        np.testing.assert_allclose(logged.expected[same, place], logged.prediction[same, place])
    assert logged.prediction.any()


def test_every_policy_has_its_action() -> None:
    """Never, walking and sedentary are the three actions of the trial."""
    assert sorted(ALWAYS.values()) == ["none", "sedentary", "walking"]
