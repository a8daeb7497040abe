"""A policy of 7 features gives way to one of 12, in four ways, before the same people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from support.many_learners import Learners
from support.tip_worlds import DECISIONS_A_DAY, People, Scene, World

from oo_bandit import LinearPolicy
from oo_transforms import POLICIES
from oo_transforms.policies import LEARNING_HALF_LIFE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oo_bandit.arrays import Floats, Ints

WAYS: Final = ("stay", "reset", "extend", "fill")
"""Stay at 7; 12 from the prior; 12 with what 7 had learned; 12 with all the history can tell."""

HISTORY: Final = (20, 600)
"""Fewest and most decisions of a person before the change; spread evenly in their logarithm."""

OLD_POLICY: Final = LinearPolicy(POLICIES["bandit_v1"].ridge)
NEW_POLICY: Final = LinearPolicy(POLICIES["bandit_v2"].ridge)
FACTOR: Final = 0.5 ** (1 / (DECISIONS_A_DAY * LEARNING_HALF_LIFE.days))


@dataclass(frozen=True, slots=True)
class Course:
    """What each way brought.

    Attributes:
        values: True expected reward of each decision after the change, by way: (seeds, people a
            seed, decisions).
        history: How many decisions each person had before, (seeds, people a seed).
    """

    values: Mapping[str, Floats]
    history: Ints


def run_course(  # noqa: PLR0913 - the sizes of an experiment
    world: World,
    *,
    seed: int,
    seeds: int,
    people: int,
    decisions: int,
    step_done: Callable[[], object] = lambda: None,
) -> Course:
    """Let people be shown tips before and after a change of policy.

    All four ways see the same candidates, draw their choices by the same numbers, and would get
    the same answers; each learns from its own choices, at once, with the declared half-life.

    Args:
        world: What the new features are worth.
        seed: Everything is drawn from it.
        seeds: How many independent groups, over which intervals are taken.
        people: In each group.
        decisions: After the change.
        step_done: Called after each decision.
    """
    rng = np.random.default_rng(seed)
    crowd = People(world, seeds * people, rng)
    least, most = (math.log(count) for count in HISTORY)
    history = np.exp(rng.uniform(least, most, seeds * people)).astype(np.intp)
    old, filled = _before(crowd, history, step_done)
    ways = {
        "stay": Learners(OLD_POLICY, old.outer.copy(), old.rewards.copy()),
        "reset": Learners.new(NEW_POLICY, seeds * people),
        "extend": old.extended(NEW_POLICY),
        "fill": filled,
    }
    values = {way: np.empty((seeds * people, decisions)) for way in WAYS}
    everybody = np.ones(seeds * people)
    for step in range(decisions):
        scene = crowd.scene(HISTORY[1] + step, changed=True)
        for way, learners in ways.items():
            chances = learners.probabilities(scene.vectors)
            values[way][:, step] = (chances * scene.chances).sum(axis=1)
            learners.learn(*_chosen(scene, chances), everybody, FACTOR)
        step_done()
    shaped = {way: found.reshape(seeds, people, decisions) for way, found in values.items()}
    return Course(shaped, history.reshape(seeds, people))


def _before(
    crowd: People, history: Ints, step_done: Callable[[], object]
) -> tuple[Learners, Learners]:
    """Let the policy of 7 act; the second knows what it would have known with 12 names."""
    old = Learners.new(OLD_POLICY, len(history))
    filled = Learners.new(NEW_POLICY, len(history))
    for step in range(HISTORY[1]):
        scene = crowd.scene(step, changed=False)
        here = (history >= HISTORY[1] - step).astype(np.float64)
        chosen, rewards = _chosen(scene, old.probabilities(scene.vectors))
        for learners in (old, filled):
            learners.learn(chosen, rewards, here, FACTOR)
        step_done()
    return old, filled


def _chosen(scene: Scene, chances: Floats) -> tuple[Floats, Floats]:
    """Draw everybody's choice: its vector, and what it came to."""
    bounds = chances.cumsum(axis=1)
    places = (bounds <= scene.draws[:, None] * bounds[:, -1:]).sum(axis=1)
    person = np.arange(len(places))
    return scene.vectors[person, places], scene.outcomes[person, places]
