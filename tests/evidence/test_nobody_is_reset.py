"""A short form of the evidence that a longer vector resets nobody; `make evidence` is the long."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from evidence.nobody_is_reset import difference
from support.linear import RIDGE
from support.many_learners import Learners
from support.policy_change import Course, run_course
from support.tip_worlds import MISLEADING, NEW, USEFUL, USELESS, People, World

from oo_bandit import LearnedState, LinearPolicy
from oo_bandit.arrays import pack

SEED = 20261128
POLICY = LinearPolicy(RIDGE, alpha=0.7, exploration=0.2)


@cache
def course(world: World) -> Course:
    """Run a world with few people and decisions, once."""
    return run_course(world, seed=SEED, seeds=10, people=8, decisions=100)


def test_many_learners_are_the_policy_of_the_package() -> None:
    """The simulation of many people at once acts as `LinearPolicy` does for each of them."""
    rng = np.random.default_rng(SEED)
    crowd, learners = People(USEFUL, 5, rng), Learners.new(POLICY, 5)
    states = [LearnedState.empty(NEW)] * 5
    for step in range(60):
        scene = crowd.scene(step, changed=True)
        chances = learners.probabilities(scene.vectors)
        for person, state in enumerate(states):
            alone = POLICY.rank(scene.vectors[person], state).probabilities
            np.testing.assert_allclose(chances[person], alone, rtol=0, atol=1e-12)
        chosen, rewards = scene.vectors[:, step % 10], scene.outcomes[:, step % 10]
        learners.learn(chosen, rewards, np.ones(5), 0.99)
        states = [
            state.decayed(0.99).merge(LearnedState.of(chosen[[person]], rewards[[person]]))
            for person, state in enumerate(states)
        ]
    np.testing.assert_allclose(pack(learners.outer[0]), states[0].outer, rtol=1e-12)


def test_useful_features_are_taken_up_without_a_loss() -> None:
    """Filled from history or extended, nobody falls behind; from the prior, everybody does."""
    found = course(USEFUL)
    assert difference(found, "extend", "stay", 100).low > 0
    assert difference(found, "fill", "extend", 100).mean > 0
    assert difference(found, "extend", "reset", 100).low > 0
    assert difference(found, "stay", "reset", 20).low > 0


@pytest.mark.parametrize("way", ["extend", "fill"])
def test_useless_features_cost_next_to_nothing(way: str) -> None:
    """Over the first 100 decisions it is at most a hundredth of a reward each."""
    assert difference(course(USELESS), way, "stay", 100).low > -0.01


def test_a_history_that_misleads_is_better_left_alone() -> None:
    """Where a sign flips at the change, extending is better than filling."""
    assert difference(course(MISLEADING), "extend", "fill", 100).low > 0
