"""Decisions that were played, as a log to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_bandit import Logged

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats, Ints


def logged_rows(rows: Floats, policies: tuple[str, ...], person: Ints) -> Logged:
    """Take rows of decisions apart; nobody dismissed anything.

    Args:
        rows: (n, 2 + 3 P): propensity and reward, then of each of P policies the probability of
            the chosen, then of each the expected reward, then of each the prediction.
        policies: Their names.
        person: (n,) who decided; equal numbers stand beside each other.
    """
    probability, expected, prediction = np.split(rows[:, 2:], 3, axis=1)
    return Logged(
        policies=policies,
        propensity=rows[:, 0],
        reward=rows[:, 1],
        dismissed=np.zeros(len(rows)),
        probability=probability,
        expected=expected,
        prediction=prediction,
        person=person,
    )
