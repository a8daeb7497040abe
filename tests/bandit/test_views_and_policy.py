"""What the state views hold is what a policy takes: one log feeds policies of any dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.linear import NEW, OLD, new_policy, old_policy, vectors_of

from oo_bandit import LearnedState
from oo_transforms import POLICIES, Decision, Echo, Judgement, State, TipFeedback, TipShown
from oo_transforms.clock import DAY_US, from_micros
from oo_transforms.learned import LEARNED_VIEWS
from oo_transforms.notes import Note
from oo_transforms.policies import LEARNING_HALF_LIFE

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats

    Cells: TypeAlias = tuple[float, Floats, Floats]

BEGIN_US = 1_700_000_000_000_000
OLD_VIEW, NEW_VIEW = LEARNED_VIEWS


@dataclass(frozen=True, slots=True)
class Logged:
    """One tip, a day after the one before, answered an hour later if at all."""

    features: dict[str, float]
    is_done: bool


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, list[Logged]]:
    """Draw the service of a log and its tips."""
    service = draw(st.sampled_from(list(POLICIES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    names = POLICIES[service].features
    return service, [
        Logged(dict(zip(names, rng.normal(0, 2, len(names)).tolist(), strict=True)), bool(answer))
        for answer in rng.integers(0, 2, draw(st.integers(1, 20)))
    ]


def folded(service: str, log: list[Logged]) -> tuple[LearnedState, LearnedState]:
    """Fold signals into both views, and hand their cells to the policy as they are."""
    states = [State(OLD_VIEW), State(NEW_VIEW)]
    for day, tip in enumerate(log):
        at_us = BEGIN_US + day * DAY_US
        for state in states:
            for number, signal in enumerate(signals(service, tip, day, at_us)):
                time_us = at_us + number * DAY_US // 24
                added = state.view.contribution(signal, time_us, Note(counts=True))
                if added is not None:
                    state.update(added, time_us, signal.event_id)
    old, new = (LearnedState(*cast("Cells", state.cells()[1:])) for state in states)
    return old, new


def signals(
    service: str, tip: Logged, day: int, at_us: int
) -> tuple[TipShown, TipFeedback] | tuple[TipShown]:
    """Make what a service would send of a tip."""
    judged = Judgement(probability=1.0, expected_reward=0.0, prediction=0.0)
    decision = Decision(
        service=service,
        live=service,
        stage="shadow",
        now=at_us / 1e6,
        candidates=1,
        propensity=1.0,
        features=tip.features,
        policies={service: judged},
    )
    common: dict[str, Any] = {
        "user_id": "ada",
        "tip_id": str(day),
        "category": "fix",
        "utc_offset_minutes": 0,
    }
    shown = TipShown(
        event_id=f"s{day}", occurred_at=from_micros(at_us), decision=decision, **common
    )
    if not tip.is_done:
        return (shown,)
    echo = Echo(service=service, features=tip.features, shown_at=at_us / 1e6)
    answered = from_micros(at_us + DAY_US // 24)
    done = TipFeedback(
        event_id=f"f{day}", occurred_at=answered, action="done", decision=echo, **common
    )
    return (shown, done)


@settings(max_examples=25)
@given(given_log=logs())
def test_the_cells_of_a_view_are_the_direct_sum(given_log: tuple[str, list[Logged]]) -> None:
    """Unpacked by the policy, both views are the sum over the log with each decision's weight."""
    service, log = given_log
    end_us = (len(log) - 1) * DAY_US + (DAY_US // 24 if log[-1].is_done else 0)
    anchor_us = max(end_us, 0)
    ages = anchor_us - np.arange(len(log)) * DAY_US
    weights = 0.5 ** (ages / 1e6 / LEARNING_HALF_LIFE.total_seconds())
    rewards = [float(tip.is_done) for tip in log]
    for state, policy in zip(folded(service, log), POLICIES.values(), strict=True):
        vectors = np.array([policy.vector(tip.features) for tip in log])
        direct = LearnedState.of(vectors, rewards, weights)
        assert state.count == pytest.approx(direct.count, rel=1e-12)
        np.testing.assert_allclose(state.outer, direct.outer, rtol=0, atol=1e-10)
        np.testing.assert_allclose(state.rewards, direct.rewards, rtol=0, atol=1e-10)


@settings(max_examples=25)
@given(given_log=logs())
def test_a_log_of_seven_features_teaches_twelve_the_same(
    given_log: tuple[str, list[Logged]],
) -> None:
    """Where no decision has the new names, 12 score what 7 score; else the old block is theirs."""
    service, log = given_log
    old, new = folded(service, log)
    if service == "bandit_v1":
        rows = vectors_of(np.random.default_rng(1), 20)
        rows[:, OLD:] = 0.0
        twelve, seven = new_policy().rank(rows, new), old_policy().rank(rows[:, :OLD], old)
        assert np.abs(twelve.scores - seven.scores).max() <= 1e-10
        assert np.abs(twelve.widths - seven.widths).max() <= 1e-10
        return
    together = old.extended(NEW)
    known = together.outer != 0
    np.testing.assert_allclose(new.outer[known], together.outer[known], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(new.rewards[:OLD], old.rewards, rtol=1e-9, atol=1e-9)
