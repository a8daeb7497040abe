"""Empirical Bernstein confidence sequences: bounds that hold however often one looks.

Let Y_1, Y_2, ... be bounded from below by `floor`, with conditional means mu_i given all before.
For a guess g > floor, s = g - floor and 0 < r < 1 the product over i of

    exp( r (Y_i - mu_i) / s  -  psi(r) ((Y_i - g) / s)^2 ),      psi(r) = -log(1 - r) - r,

is a supermartingale that starts at 1 (Fan, Grama and Liu 2015, lemma 4.1, as used by Waudby-Smith,
Wu, Ramdas, Karampatziakis and Mineiro, "Anytime-valid off-policy inference for contextual
bandits", arXiv 2210.10768). So is a mixture over r and g, and by Ville's inequality it ever
exceeds 1 / level with probability at most `level`. The lower bound is where it is 1 / level.

That paper bets either by predictable rates, for a value that stays the same, or by a mixture over
fixed rates, for the running mean of values that change. Policies here learn, so their values
change, and it is the mixture: a discrete one, since the gamma mixture of the paper needs a special
function that numpy lacks. As its rates and guesses are fixed beforehand, three sums are all it
needs of a log, in any order.

What is assumed: the logged propensities are those that acted; rewards are 0 to 1; and the chance
that a decision was made by did not depend on rewards that came later. Not assumed: that weights
are bounded, that decisions or people are alike, that the policies stand still. What is covered is
the mean over the decisions that are in the log. Other people may be other people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit.logged import Term
from oo_bandit.sums import direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_bandit.arrays import Floats
    from oo_bandit.sums import Sums

LEVEL: Final = 0.05
"""Chance that a sequence ever misses, of both sides together."""

_RATES: Final = 0.5 ** np.arange(1, 12)
"""From what suits some ten rows to what suits some ten million."""
_VALUE_GUESSES: Final = (0.25, 0.5, 1.0)
_DIFFERENCE_GUESSES: Final = (0.0,)
_STEPS: Final = 12


def lower_bounds(
    count: Floats,
    sums: tuple[Floats, Floats],
    *,
    floor: float,
    guesses: Sequence[float],
    level: float,
) -> Floats:
    """Return the lower bound of the mean of what was added up, at the end of each log.

    Args:
        count: (...) how many numbers.
        sums: (...) their sum, and the sum of their squares.
        floor: None of them can be below this.
        guesses: Roughly where they may be, above `floor`; chosen before the log was seen.
        level: Chance that the bound is ever above the mean, above 0 and below 1.

    Returns:
        (...) `floor` where nothing was added up.
    """
    scale = np.repeat(np.asarray(guesses) - floor, len(_RATES))
    guess = np.repeat(np.asarray(guesses), len(_RATES))
    rates = np.tile(_RATES, len(guesses))
    cost = -np.log1p(-rates) - rates
    count, total, squares = (given[..., None] for given in (count, *sums))
    spread = squares - 2 * guess * total + guess**2 * count
    height = rates * total / scale - cost * spread / scale**2 - np.log(len(rates) / level)
    slope = rates * np.maximum(count, 1.0) / scale
    # The mixture falls and is convex, and it is at least 1 / level where one member alone is.
    bound = (height / slope).max(axis=-1)
    for _ in range(_STEPS):
        logs = height - slope * bound[..., None]
        top = logs.max(axis=-1, keepdims=True)
        shares = np.exp(logs - top)
        value = top[..., 0] + np.log(shares.sum(axis=-1))
        bound = bound + value * shares.sum(axis=-1) / (shares * slope).sum(axis=-1)
    found: Floats = np.maximum(bound, floor)
    return found


def value_sequence(sums: Sums, policy: int, *, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return lower and upper bound of the mean reward of a policy over the logged decisions.

    The upper bound is 1 minus the lower bound of what is missed, weight * (1 - reward): both are
    bounded from below, whatever the weights.

    Args:
        sums: By decision.
        policy: Its number.
        level: Chance that either bound ever misses.
    """
    rewarded = direction(sums.policies, (policy, Term.REWARDED, 1.0))
    missed = direction(sums.policies, (policy, Term.WEIGHT, 1.0), (policy, Term.REWARDED, -1.0))
    low, high = (
        lower_bounds(
            sums.count, sums.along(side), floor=0.0, guesses=_VALUE_GUESSES, level=level / 2
        )
        for side in (rewarded, missed)
    )
    return np.minimum(low, 1.0), 1.0 - np.minimum(high, 1.0)


def difference_bound(
    sums: Sums, policy: int, other: int, *, term: Term = Term.REWARDED, level: float = LEVEL
) -> Floats:
    """Return the lower bound of how much more a policy gets than another.

    Of the sequence weight * R + other weight * (1 - R) - 1, whose mean is the difference of the
    values: like the rewards it needs no bound on weights, being at least -1. Where a fair coin
    decides between the two it is 0 whenever they agree, and each reward counts from 1/2.

    Args:
        sums: By decision.
        policy: Number of the one.
        other: Number of the other.
        term: What is compared, REWARDED or DISMISSED.
        level: Chance that the bound is ever above the difference.
    """
    side = direction(
        sums.policies, (policy, term, 1.0), (other, Term.WEIGHT, 1.0), (other, term, -1.0)
    )
    return np.minimum(
        lower_bounds(
            sums.count,
            sums.along(side, -1.0),
            floor=-1.0,
            guesses=_DIFFERENCE_GUESSES,
            level=level,
        ),
        1.0,
    )


def difference_sequence(
    sums: Sums, policy: int, other: int, *, term: Term = Term.REWARDED, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return lower and upper bound of how much more a policy gets than another.

    Args:
        sums: By decision.
        policy: Number of the one.
        other: Number of the other.
        term: What is compared, REWARDED or DISMISSED.
        level: Chance that either bound ever misses.
    """
    low = difference_bound(sums, policy, other, term=term, level=level / 2)
    high = -difference_bound(sums, other, policy, term=term, level=level / 2)
    return low, high
