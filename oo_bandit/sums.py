"""Sums of terms, from which every estimate and every bound follows.

They can be added up in any order and from any number of parts, so a log of any length is judged
in one pass and little memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.logged import Term

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats
    from oo_bandit.logged import Logged


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over rows, each of which has the terms of P policies.

    All may have leading axes in common, for many logs at once.

    Attributes:
        count: (...) how many rows.
        total: (..., P * terms) sum of the rows.
        products: (..., P * terms, P * terms) sum of their outer products.
        largest: (..., P) the largest weight.
        widest: (..., P) the widest difference to the first policy's weight.
    """

    count: Floats
    total: Floats
    products: Floats
    largest: Floats
    widest: Floats

    @classmethod
    def empty(cls, policies: int) -> Sums:
        """Return the sums over no rows."""
        width = policies * len(Term)
        return cls(
            np.zeros(()),
            np.zeros(width),
            np.zeros((width, width)),
            np.zeros(policies),
            np.zeros(policies),
        )

    @classmethod
    def of(cls, terms: Floats) -> Sums:
        """Add up rows.

        Args:
            terms: (..., n, P, one of each `Term`).
        """
        *lead, count, policies, each = terms.shape
        weights = terms[..., Term.WEIGHT]
        rows = terms.reshape(*lead, count, policies * each)
        return cls(
            np.full(tuple(lead), float(count)),
            rows.sum(axis=-2),
            np.swapaxes(rows, -1, -2) @ rows,
            weights.max(axis=-2, initial=0.0),
            np.abs(weights - weights[..., :1]).max(axis=-2, initial=0.0),
        )

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over the rows of both."""
        return Sums(
            self.count + other.count,
            self.total + other.total,
            self.products + other.products,
            np.maximum(self.largest, other.largest),
            np.maximum(self.widest, other.widest),
        )

    @property
    def policies(self) -> int:
        """How many policies there are terms of."""
        return int(self.largest.shape[-1])

    def sum_of(self, policy: int, term: Term) -> Floats:
        """Return the sum of one term of one policy."""
        found: Floats = self.total[..., policy * len(Term) + term]
        return found

    def square_of(self, policy: int, term: Term) -> Floats:
        """Return the sum of the squares of one term of one policy."""
        place = policy * len(Term) + term
        found: Floats = self.products[..., place, place]
        return found

    def along(self, direction: Floats, constant: float = 0.0) -> tuple[Floats, Floats]:
        """Return sum and sum of squares of a linear combination of the terms.

        Args:
            direction: (..., P * terms) what each term is multiplied by.
            constant: Is added for each row.
        """
        linear = (self.total * direction).sum(axis=-1)
        total = linear + constant * self.count
        quadratic = np.einsum("...i,...ij,...j->...", direction, self.products, direction)
        return total, quadratic + 2 * constant * linear + constant**2 * self.count


def direction(policies: int, *parts: tuple[int, Term, float]) -> Floats:
    """Return the direction with these factors of (policy, term), and 0 elsewhere."""
    made = np.zeros(policies * len(Term))
    for policy, term, factor in parts:
        made[policy * len(Term) + term] += factor
    return made


def sums_by_decision(logged: Logged) -> Sums:
    """Add up decisions, each a row."""
    return Sums.of(logged.terms())


def sums_by_person(logged: Logged) -> Sums:
    """Add up people: a row is the mean over a person's decisions, so that each counts the same."""
    if not len(logged):
        return Sums.empty(len(logged.policies))
    begins = np.flatnonzero(np.r_[True, logged.person[1:] != logged.person[:-1]])
    counts = np.diff(np.r_[begins, len(logged)])
    means = np.add.reduceat(logged.terms(), begins, axis=0) / counts[:, None, None]
    return Sums.of(means)
