"""LinUCB: scores, widths and exact chances from what was learned about one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from oo_bandit.arrays import MAX_DIMENSIONS, Floats, diagonal, unpack
from oo_bandit.chances import greedy, mixture, uniform
from oo_bandit.errors import InputRefused

if TYPE_CHECKING:
    from oo_bandit.learned_state import LearnedState

MAX_CANDIDATES = 10_000
"""More at once are refused, so that a request's work is bounded."""

MAX_COORDINATE = 1e6
"""Scaled features are about -1 to 1; what lies so far out was not scaled."""

MAX_SCORE = 1e6
"""No sum of real answers predicts so much; a record of a decision takes no more either."""

Basis: TypeAlias = Literal["learned", "prior"]
"""What a ranking rests on: what was learned about the person, or nothing yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What a policy makes of candidates. Arrays have one number a candidate, in their order.

    Attributes:
        predictions: The reward that is expected of each, theta x.
        widths: How uncertain that is, sqrt(x' A^-1 x).
        scores: By which they rank, prediction + alpha * width.
        probabilities: By which the policy acts, exactly.
        expected_reward: Mean of the predictions by these probabilities.
        basis: What the ranking rests on.
        refused: Why a state that was given was not used; None if it was, or if none was given.
    """

    predictions: Floats
    widths: Floats
    scores: Floats
    probabilities: Floats
    expected_reward: float
    basis: Basis
    refused: str | None


@dataclass(frozen=True, slots=True)
class LinearPolicy:
    """LinUCB with a share of its choices left to chance.

    With A = diag(ridge) + sum of x x' and b = sum of reward x: theta = A^-1 b, and a candidate's
    score is theta x + alpha sqrt(x' A^-1 x) (Li et al. 2010, doi:10.1145/1772690.1772758).

    Attributes:
        ridge: Weight of the prior of each dimension, the constant's first. The prior says that
            a dimension has no effect; the larger, the longer until the policy believes otherwise.
        alpha: How much a score gains by being uncertain.
        exploration: Share of the choices that are made evenly among all candidates, 0 to 1.
    """

    ridge: tuple[float, ...]
    alpha: float = 0.5
    exploration: float = 0.1
    _prior: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse settings that make no policy.

        Raises:
            InputRefused: There is no ridge or one that is not above 0, alpha is below 0, or
                exploration is no share; any of them is not finite.
        """
        ridge = np.array(self.ridge, np.float64)
        positive = ridge.ndim == 1 and bool((ridge > 0).all() and np.isfinite(ridge).all())
        if not (positive and 1 <= ridge.size <= MAX_DIMENSIONS):
            raise InputRefused("ridge", repr(self.ridge), "a number above 0 for each dimension")
        if not 0 <= self.alpha < np.inf:
            raise InputRefused("alpha", repr(self.alpha), "a finite number from 0 up")
        if not 0 <= self.exploration <= 1:
            raise InputRefused("exploration", repr(self.exploration), "a share from 0 to 1")
        object.__setattr__(self, "_prior", np.diag(ridge))

    @property
    def dimensions(self) -> int:
        """Length of a vector, the constant included."""
        return len(self.ridge)

    def rank(self, vectors: Floats, state: LearnedState | None = None) -> Ranking:
        """Score candidates for one person, and tell by which chances the policy would act.

        A state that is not finite, not positive or too large is not used: the prior ranks, and
        the result says so. Nothing that is given is changed.

        Args:
            vectors: One row a candidate, 1 to `MAX_CANDIDATES`; in each the constant 1 first, then
                the scaled features in the policy's order.
            state: What was learned, decayed to now; None for somebody new.

        Raises:
            InputRefused: There are no or too many candidates, a row has another length, a number
                is not finite or beyond `MAX_COORDINATE`, or the state has other dimensions.

        >>> from oo_bandit import LearnedState
        >>> policy = LinearPolicy((1.0, 1.0), alpha=0.0, exploration=0.2)
        >>> liked = LearnedState.of(np.array([[1.0, 1.0], [1.0, -1.0]]), [1.0, 0.0])
        >>> policy.rank(np.array([[1.0, -0.5], [1.0, 0.5]]), liked).probabilities.tolist()
        [0.1, 0.9]
        """
        rows = self._rows(vectors)
        if state is None:
            return self._ranking(rows, None, None)
        if state.dimensions != self.dimensions:
            raise InputRefused(
                "state",
                f"a state of {state.dimensions} dimensions",
                f"{self.dimensions}; `LearnedState.extended` adds new ones",
            )
        refused = _why_not(state)
        if refused is None:
            try:
                with np.errstate(all="ignore"):  # what overflows is found below
                    found = self._ranking(rows, state, None)
            except np.linalg.LinAlgError:
                refused = "the state is not positive: its matrix has no Cholesky factor"
            else:
                if np.abs(found.scores).max() <= MAX_SCORE:
                    return found
                refused = "the state is too large: its scores are no rewards"
        return self._ranking(rows, None, refused)

    def _rows(self, vectors: Floats) -> Floats:
        rows = np.asarray(vectors, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.dimensions:  # noqa: PLR2004 - a table
            raise InputRefused(
                "vectors",
                f"an array of shape {rows.shape}",
                f"(candidates, {self.dimensions}), the constant first",
            )
        if not 1 <= len(rows) <= MAX_CANDIDATES:
            raise InputRefused(
                "vectors", f"{len(rows)} candidates", f"1 to {MAX_CANDIDATES} of them"
            )
        # Not a number compares as false, so one look finds it too.
        if not np.abs(rows).max() <= MAX_COORDINATE:
            row, column = np.argwhere(~(np.abs(rows) <= MAX_COORDINATE))[0].tolist()
            raise InputRefused(
                "vectors",
                f"{rows[row, column]} for dimension {column} of candidate {row}",
                f"finite numbers up to {MAX_COORDINATE:g}, scaled to about -1 to 1",
            )
        return rows

    def _ranking(self, rows: Floats, state: LearnedState | None, refused: str | None) -> Ranking:
        if state is None:
            widths = np.sqrt(np.square(rows) @ (1.0 / self._prior.diagonal()))
            predictions = np.zeros(len(rows))
        else:
            matrix = unpack(state.outer, self.dimensions) + self._prior
            # With A = L L' both come from L^-1: the widths are |L^-1 x|, theta is L'^-1 L^-1 b.
            factor = np.linalg.inv(np.linalg.cholesky(matrix))
            whitened = rows @ factor.T
            widths = np.sqrt(np.einsum("ij,ij->i", whitened, whitened))
            predictions = whitened @ (factor @ state.rewards)
        scores = predictions + self.alpha * widths
        probabilities = self._probabilities(scores)
        return Ranking(
            predictions=predictions,
            widths=widths,
            scores=scores,
            probabilities=probabilities,
            expected_reward=float(probabilities @ predictions),
            basis="prior" if state is None else "learned",
            refused=refused,
        )

    def _probabilities(self, scores: Floats) -> Floats:
        share = self.exploration
        return mixture((1.0 - share, share), (greedy(scores), uniform(scores.size)))


def _why_not(state: LearnedState) -> str | None:
    finite = np.isfinite(state.outer).all() and np.isfinite(state.rewards).all()
    if not (finite and isfinite(state.count)):
        return "the state is not finite"
    if state.count < 0:
        return "the state is not positive: its count is below 0"
    # No sum of squares is below 0, however it was rounded.
    if state.outer[diagonal(state.dimensions)].min() < 0:
        return "the state is not positive: a sum of squares is below 0"
    return None
