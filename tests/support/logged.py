"""Logs of decisions with known values, made many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from oo_bandit.logged import Logged, Term
from oo_bandit.rollout import Rollout
from oo_bandit.sums import Sums

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats

LIVE, NEW = 0, 1
CANDIDATES: Final = 10
EXPLORATION: Final = 0.1
AGREE: Final = 0.7
LIVE_VALUE, NEW_VALUE = 0.40, 0.48

Logging = Literal["shadow", "canary", "uniform"]


@dataclass(frozen=True, slots=True)
class World:
    """Two policies, of which the live one picks candidate 0 and the new one 0 or 1.

    Attributes:
        logging: Whose chances act: the mixture of a stage, or chance alone.
        new_value: Mean reward of the new policy; that of the live one is 0.40.
        moves: Over so many decisions the rewards of all go down and up again; 0: they stay.
        agree: Share of the decisions at which both pick the same.
        each: A person decides so often in a row, and rewards are his own; 0: they are the
            decision's.
    """

    logging: Logging
    new_value: float = NEW_VALUE
    moves: int = 0
    agree: float = AGREE
    each: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """Logs that were made.

    Attributes:
        terms: (logs, n, 2, one of each `Term`).
        values: (logs, n, 2) mean reward of each policy at each decision, as the world knows it.
    """

    terms: Floats
    values: Floats

    def until(self, count: int) -> tuple[Sums, Floats]:
        """Return the sums of the first decisions of each log, and the true mean values."""
        return Sums.of(self.terms[:, :count]), self.values[:, :count].mean(axis=1)

    def by_person(self, each: int) -> Sums:
        """Return the sums of each log over people who decide so often in a row."""
        logs, count, *rest = self.terms.shape
        return Sums.of(self.terms.reshape(logs, count // each, each, *rest).mean(axis=2))

    def looks(self, every: int) -> tuple[Sums, Floats]:
        """Return the sums at each look of each log, (logs, looks, ...), and the true values."""
        logs, count, *rest = self.terms.shape
        looks = count // every
        blocks = Sums.of(self.terms[:, : looks * every].reshape(logs, looks, every, *rest))
        values = self.values[:, : looks * every].reshape(logs, looks, every, -1).sum(2)
        decisions = every * np.arange(1, looks + 1)
        return Sums(
            blocks.count.cumsum(1),
            blocks.total.cumsum(1),
            blocks.products.cumsum(1),
            np.maximum.accumulate(blocks.largest, 1),
            np.maximum.accumulate(blocks.widest, 1),
        ), values.cumsum(1) / decisions[:, None]


def one_of(sums: Sums, *place: int) -> Sums:
    """Return the sums of one log, or of one look at one log."""
    return Sums(*(getattr(sums, name)[place] for name in Sums.__slots__))


def made(world: World, logs: int, count: int, random: np.random.Generator) -> Made:
    """Make logs: rewards are 0 or 1, predictions right on average and noisy."""
    shape = (logs, count)
    new_pick = (random.random(shape) >= world.agree).astype(int)
    rewards = _rewards(world, new_pick, random)
    # In the shape of `Rollout.mixture`, for which only where both pick matters.
    chances = np.full((2, *shape, CANDIDATES), EXPLORATION / CANDIDATES)
    for policy, pick in ((LIVE, np.zeros_like(new_pick)), (NEW, new_pick)):
        picked = np.take_along_axis(chances[policy], pick[..., None], -1)
        np.put_along_axis(chances[policy], pick[..., None], picked + 1 - EXPLORATION, -1)
    acting = _acting(world, chances)
    chosen = (acting.cumsum(-1) < random.random((*shape, 1))).sum(-1).clip(0, CANDIDATES - 1)
    reward = (random.random(shape) < _taken(rewards, chosen)).astype(float)
    predicted = np.clip(rewards + 0.2 * random.standard_normal(rewards.shape), 0, 1)
    terms = np.empty((*shape, 2, len(Term)))
    for policy in (LIVE, NEW):
        logged = Logged(
            policies=("one",),
            propensity=_taken(acting, chosen).ravel(),
            reward=reward.ravel(),
            dismissed=1 - reward.ravel(),
            probability=_taken(chances[policy], chosen).reshape(-1, 1),
            expected=(chances[policy] * predicted).sum(-1).reshape(-1, 1),
            prediction=_taken(predicted, chosen).reshape(-1, 1),
            person=np.arange(reward.size),
        )
        terms[..., policy, :] = logged.terms().reshape(*shape, len(Term))
    values = np.stack([(chances[policy] * rewards).sum(-1) for policy in (LIVE, NEW)], -1)
    return Made(terms, values)


def _rewards(world: World, new_pick: np.ndarray, random: np.random.Generator) -> Floats:
    """Return the mean reward of each candidate: what is picked by nobody is worth less."""
    logs, count = new_pick.shape
    # With both exploring, a policy has 0.9 of the reward of its pick and 0.1 of the mean.
    level: Floats = random.uniform(0.28, 0.52, (logs, count // max(world.each, 1)))
    level = np.repeat(level, max(world.each, 1), axis=1)
    if world.moves:
        level += 0.1 * np.sin(2 * np.pi * np.arange(count) / world.moves)
    rewards: Floats = np.repeat(level[..., None], CANDIDATES, -1)
    gain = (world.new_value - LIVE_VALUE) / (1 - world.agree) / (1 - EXPLORATION)
    rewards[..., 1] += gain * (new_pick == 1)
    return rewards


def _acting(world: World, chances: Floats) -> Floats:
    if world.logging == "uniform":
        return np.full(chances[LIVE].shape, 1 / CANDIDATES)
    rollout = Rollout(
        live="live", new="new", stage=world.logging, percent=100, exploration=EXPLORATION
    )
    # There are two cases only: the policies agree, or they do not.
    agree = chances[NEW, ..., 0] > EXPLORATION
    acting = np.empty(chances[LIVE].shape)
    for case in (agree, ~agree):
        if case.any():
            both = {"live": chances[LIVE][case][0], "new": chances[NEW][case][0]}
            acting[case] = rollout.mixture("anybody", both)
    return acting


def _taken(values: Floats, chosen: np.ndarray) -> Floats:
    found: Floats = np.take_along_axis(values, chosen[..., None], -1)[..., 0]
    return found
