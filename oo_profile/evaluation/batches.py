"""Decisions of many people as arrays, and which of them belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import Health, Logged, Tally
from oo_bandit.evidence import SLOW_MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from oo_profile.evaluation.decided import Decided

    Mask = npt.NDArray[np.bool_]

LIGHT_FROM: Final = 20
HEAVY_FROM: Final = 100
"""Decisions of a person from which on he is a light and a heavy user; below, he is new."""

DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions of whole people.

    Attributes:
        logged: What they are judged by.
        answered: (n,) whether there was an answer in time.
        expired: (n,) expired features; -1 where the decision does not say.
        milliseconds: (n,) how long it took; NaN where it does not say.
        degraded: (n,) whether it had to do without something.
        stage: (n,) name of the stage.
        coin: (n,) whether a coin was thrown.
        day: (n,) days since 1970, UTC.
        decisions: (n,) how many the person has.
    """

    logged: Logged
    answered: Mask
    expired: npt.NDArray[np.int64]
    milliseconds: npt.NDArray[np.float64]
    degraded: Mask
    stage: npt.NDArray[np.str_]
    coin: Mask
    day: npt.NDArray[np.int64]
    decisions: npt.NDArray[np.int64]

    def tally(self, rows: Mask) -> Tally:
        """Add up some of the decisions."""
        return Tally.of(self.logged.chosen(rows), self._health(rows))

    def _health(self, rows: Mask) -> Health:
        expired, took = self.expired[rows], self.milliseconds[rows]
        return Health(
            unanswered=_count(~self.answered[rows]),
            measured_expired=_count(expired >= 0),
            expired=_count(expired > 0),
            measured_time=_count(~np.isnan(took)),
            slow=_count(took > SLOW_MILLISECONDS),
            degraded=_count(self.degraded[rows]),
        )


GROUPS: Final[Mapping[str, Callable[[Batch], Mask]]] = {
    "all": lambda batch: np.ones(len(batch.logged), dtype=bool),
    "new people": lambda batch: batch.decisions < LIGHT_FROM,
    "light users": lambda batch: (batch.decisions >= LIGHT_FROM) & (batch.decisions < HEAVY_FROM),
    "heavy users": lambda batch: batch.decisions >= HEAVY_FROM,
    "shadow": lambda batch: ~batch.coin & (batch.stage != "full"),
    "canary": lambda batch: batch.coin,
    "full": lambda batch: batch.stage == "full",
}
"""Which decisions are looked at together, by name. People outside of the canary are decided for
as in shadow, and count there."""


def batch_of(people: Sequence[Sequence[Decided]], policies: tuple[str, ...]) -> Batch:
    """Lay out the decisions of whole people, each of whom has one and all of which judge all.

    Args:
        people: The decisions of each.
        policies: Names, in the order of the arrays.
    """
    rows = [one for person in people for one in person]
    decisions = [one.decision for one in rows]
    judged = [[decision.policies[policy] for policy in policies] for decision in decisions]
    counts = np.array([len(person) for person in people], dtype=np.int64)
    logged = Logged(
        policies=policies,
        propensity=np.array([decision.propensity for decision in decisions]),
        reward=np.array([one.reward for one in rows]),
        dismissed=np.array([float(one.action == "dismiss") for one in rows]),
        probability=np.array([[one.probability for one in each] for each in judged]),
        expected=np.array([[one.expected_reward for one in each] for each in judged]),
        prediction=np.array([[one.prediction for one in each] for each in judged]),
        person=np.repeat(np.arange(len(people)), counts),
    )
    return Batch(
        logged=logged,
        answered=np.array([one.action is not None for one in rows]),
        expired=np.array([_or(decision.expired_features, -1) for decision in decisions]),
        milliseconds=np.array([_or(decision.milliseconds, np.nan) for decision in decisions]),
        degraded=np.array([bool(decision.degraded) for decision in decisions]),
        stage=np.array([decision.stage for decision in decisions]),
        coin=np.array([decision.coin is not None for decision in decisions]),
        day=np.array([one.shown_us // DAY_US for one in rows]),
        decisions=np.repeat(counts, counts),
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _count(mask: Mask) -> int:
    return int(np.count_nonzero(mask))
