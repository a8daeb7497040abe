"""Made-up worlds in which the true chance that a tip is done is known.

What differs between the candidates of one decision is what it does in the app: age, due date,
priority and category of a task. Clock and profile features are the same for all of them. Sizes of
effects were fixed before anything was measured: a feature moves the chance by some hundredths to a
tenth, one person's weights differ from another's by about as much as they are large, and of
tips shown at random three in ten are done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_transforms import POLICIES
from oo_transforms.policies import MAX_SCALED

if TYPE_CHECKING:
    import numpy.typing as npt

    from oo_bandit.arrays import Floats, Ints

OLD: Final = len(POLICIES["bandit_v1"].dimensions)
NEW: Final = len(POLICIES["bandit_v2"].dimensions)
CANDIDATES: Final = 10
CATEGORIES: Final = 12
DECISIONS_A_DAY: Final = 5
CHANCES: Final = (0.02, 0.98)

WEIGHTS: Final = {
    "constant": (0.25, 0.08),
    "task_age_days": (-0.05, 0.05),
    "hours_until_due": (-0.10, 0.10),
    "is_overdue": (0.10, 0.10),
    "priority_level": (0.20, 0.15),
    "hour_sin": (0.0, 0.05),
    "hour_cos": (0.0, 0.05),
    "is_weekend": (-0.03, 0.05),
    "category_affinity": (0.4, 0.2),
    "category_acceptance": (0.6, 0.3),
    "completion_rate": (0.1, 0.1),
    "productive_share_this_hour": (0.1, 0.1),
    "tip_done_rate": (0.3, 0.2),
}
"""Mean and spread over people of what a scaled feature adds to the chance."""

TYPICAL: Final = (0.2, 0.2, 0.5, 0.17, 0.2)
"""Of the new features, where they add nothing: so that a sign that flips leaves the mean alone."""


@dataclass(frozen=True, slots=True)
class World:
    """What the new features are worth.

    Attributes:
        name: In words.
        before: What their true weights are multiplied by before the change.
        after: The same from the change on.
    """

    name: str
    before: float
    after: float


USEFUL: Final = World("new features useful", 1.0, 1.0)
USELESS: Final = World("new features useless", 0.0, 0.0)
MISLEADING: Final = World("history misleads", 1.0, -1.0)
WORLDS: Final = (USEFUL, USELESS, MISLEADING)


@dataclass(frozen=True, slots=True)
class Scene:
    """One decision of each person.

    Attributes:
        vectors: Scaled features with the constant, (people, candidates, `NEW`).
        chances: True chance that each is done, (people, candidates).
        outcomes: Whether it would be, 1 or 0: the same whichever policy asks.
        draws: Number in [0, 1) that each person's choice is made by: the same for every policy.
    """

    vectors: Floats
    chances: Floats
    outcomes: Floats
    draws: Floats


class People:
    """People with tastes, who are shown tips.

    Args:
        world: What the new features are worth.
        people: How many.
        rng: Everything is drawn from it.
    """

    def __init__(self, world: World, people: int, rng: np.random.Generator) -> None:
        mean, spread = np.array(list(WEIGHTS.values())).T
        self._world = world
        self._rng = rng
        self._people = people
        self._weights = rng.normal(mean, spread, (people, NEW))
        self._shares = rng.dirichlet(np.full(CATEGORIES, 0.5), people)
        self._acceptance = rng.beta(2.0, 6.0, (people, CATEGORIES))
        self._by_hour = rng.dirichlet(np.ones(24), people)
        self._rates = np.stack([rng.beta(5.0, 5.0, people), rng.beta(4.0, 16.0, people)], axis=1)

    def scene(self, step: int, *, changed: bool) -> Scene:
        """Give the next decision of everybody.

        Args:
            step: Its number, for the day of the week.
            changed: Whether the new policy has come.
        """
        rng, shape = self._rng, (self._people, CANDIDATES)
        vectors = self._vectors(step)
        weights = self._weights.copy()
        weights[:, OLD:] *= self._world.after if changed else self._world.before
        effects = vectors.copy()
        effects[:, :, OLD:] -= TYPICAL
        chances = np.einsum("pcd,pd->pc", effects, weights).clip(*CHANCES)
        outcomes = (rng.random(shape) < chances).astype(np.float64)
        return Scene(vectors, chances, outcomes, rng.random(self._people))

    def _vectors(self, step: int) -> Floats:
        rng, shape = self._rng, (self._people, CANDIDATES)
        hour = rng.integers(8, 22, self._people)
        angle = 2 * np.pi * hour / 24
        due = np.where(rng.random(shape) < 0.5, rng.uniform(-100, 500, shape), 720.0)
        category = self._categories(shape)
        person = np.arange(self._people)[:, None]
        columns: dict[str, npt.ArrayLike] = {
            "constant": 1.0,
            "task_age_days": rng.exponential(10.0, shape),
            "hours_until_due": due,
            "is_overdue": due < 0,
            "priority_level": rng.integers(1, 5, shape),
            "hour_sin": np.sin(angle)[:, None],
            "hour_cos": np.cos(angle)[:, None],
            "is_weekend": step // DECISIONS_A_DAY % 7 >= 5,
            "category_affinity": self._shares[person, category],
            "category_acceptance": self._acceptance[person, category],
            "completion_rate": self._rates[:, :1],
            "productive_share_this_hour": self._by_hour[person, hour[:, None]],
            "tip_done_rate": self._rates[:, 1:],
        }
        scales = {given.name: given.scale for given in POLICIES["bandit_v2"].inputs}
        vectors = np.empty((*shape, NEW))
        for place, name in enumerate(POLICIES["bandit_v2"].dimensions):
            vectors[:, :, place] = np.clip(
                np.divide(columns[name], scales.get(name, 1.0)), -MAX_SCALED, MAX_SCALED
            )
        return vectors

    def _categories(self, shape: tuple[int, int]) -> Ints:
        # Half of the open tasks are of the kinds that somebody likes, half are of any kind.
        mixed = (0.5 * self._shares + 0.5 / CATEGORIES).cumsum(axis=1)
        draws = self._rng.random(shape)
        found: Ints = (draws[:, :, None] > mixed[:, None, :]).sum(axis=2)
        return np.minimum(found, CATEGORIES - 1)
