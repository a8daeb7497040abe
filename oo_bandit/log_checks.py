"""Whether a log can tell anything about a policy, before anything is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit.estimates import effective_size, weight_carriers
from oo_bandit.logged import Term
from oo_bandit.sums import direction

if TYPE_CHECKING:
    from oo_bandit.sums import Sums


_NO_DECISION = ("there is no decision",)


@dataclass(frozen=True, slots=True)
class LogLimits:
    """What a log must keep to be reported.

    Attributes:
        least_support: Sum over the decisions of the policy's probability of what was chosen.
            Below it there is not enough: nearly nothing was chosen as the policy would.
        least_carriers: So many decisions of the largest weight must carry the weight. Below it
            there is not enough, since an interval would rest on a handful of decisions.
        least_size: Effective size below which the log is flagged.
        weight_range: The mean weight is 1 if the propensities are right, and if whatever the
            policy would choose can be chosen. Outside of this range the log is flagged.
        weight_errors: So many standard errors may the mean weight be from 1.
        most_missing: Share of decisions without any answer; above it answers do not arrive.
    """

    least_support: float = 60.0
    least_carriers: float = 20.0
    least_size: float = 10.0
    weight_range: tuple[float, float] = (0.5, 2.0)
    weight_errors: float = 3.0
    most_missing: float = 0.5


LIMITS: Final = LogLimits()


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What the log has about one policy.

    Attributes:
        decisions: How many there are.
        mean_weight: 1 but for chance, if the log is right.
        weight_error: Its standard error.
        largest_weight: Of one decision.
        effective_size: How many decisions of equal weight would say as much.
        carriers: How many decisions of the largest weight would carry the same.
        support: Sum over the decisions of the policy's probability of what was chosen.
        missing: Share of decisions without any answer.
        flags: Why the log is not to be trusted about this policy; then nothing is reported.
        lacks: Why it does not tell enough yet; then nothing is reported either.
    """

    decisions: int
    mean_weight: float
    weight_error: float
    largest_weight: float
    effective_size: float
    carriers: float
    support: float
    missing: float
    flags: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def covered(self) -> float:
        """Estimate which share of what the policy would choose the log may choose at all.

        Where the logged chances leave something out, its weights never come in, and the mean
        weight lacks as much (positivity).
        """
        return min(self.mean_weight, 1.0)

    @property
    def is_reported(self) -> bool:
        """Say whether what follows from the log may be reported."""
        return not (self.flags or self.lacks)


def check_log(
    sums: Sums, policy: int, *, unanswered: int = 0, limits: LogLimits = LIMITS
) -> LogCheck:
    """Look what a log can tell about a policy.

    Args:
        sums: By decision, of one log.
        policy: Its number.
        unanswered: How many of the decisions have no answer.
        limits: What it must keep.
    """
    count = float(sums.count)
    if not count:
        return LogCheck(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, lacks=_NO_DECISION)
    mean = float(sums.sum_of(policy, Term.WEIGHT)) / count
    variance = max(float(sums.square_of(policy, Term.WEIGHT)) / count - mean**2, 0.0)
    found = LogCheck(
        decisions=int(count),
        mean_weight=mean,
        weight_error=float(np.sqrt(variance / count)),
        largest_weight=float(sums.largest[policy]),
        effective_size=float(effective_size(sums, policy)),
        carriers=float(weight_carriers(sums, policy)),
        support=float(sums.sum_of(policy, Term.PROBABILITY)),
        missing=unanswered / count,
    )
    return _judged(found, limits)


@dataclass(frozen=True, slots=True)
class PairCheck:
    """What the log has to tell two policies apart.

    Where they would do the same their weights are alike, so all that tells them apart are the
    decisions whose weights differ.

    Attributes:
        mean_difference: Mean of the one's weight minus the other's; 0 but for chance.
        error: Its standard error.
        carriers: How many decisions of the largest difference would carry the same.
        lacks: Why it does not tell enough; then no difference is reported.
    """

    mean_difference: float
    error: float
    carriers: float
    lacks: tuple[str, ...] = ()


def check_pair(sums: Sums, policy: int, *, limits: LogLimits = LIMITS) -> PairCheck:
    """Look what a log can tell about a policy's difference to the first.

    Two policies that always do the same are told apart by nothing, and need not be: of them the
    difference is 0, and known. A log without decisions says nothing of the kind.

    Args:
        sums: By decision, of one log.
        policy: Its number.
        limits: What it must keep.
    """
    count = float(sums.count)
    if not count:
        return PairCheck(0.0, 0.0, 0.0, _NO_DECISION)
    side = direction(sums.policies, (policy, Term.WEIGHT, 1.0), (0, Term.WEIGHT, -1.0))
    total, squares = (float(found) for found in sums.along(side))
    mean, widest = total / count, float(sums.widest[policy])
    error = float(np.sqrt(max(squares / count - mean**2, 0.0) / count))
    carriers = squares / widest**2 if widest else float("inf")
    lacks = []
    if carriers < limits.least_carriers:
        lacks.append(
            f"not enough: {carriers:.1f} decisions of the widest difference of weights tell the "
            f"policies apart, {limits.least_carriers:g} are needed"
        )
    if abs(mean) > limits.weight_errors * error + 1e-6:
        lacks.append(
            f"not enough: the weights differ by {mean:+.3g} in the mean and should by 0, so what "
            "one of them would choose was hardly ever chosen yet"
        )
    return PairCheck(mean, error, carriers, tuple(lacks))


def _judged(found: LogCheck, limits: LogLimits) -> LogCheck:
    values = {name: getattr(found, name) for name in LogCheck.__slots__}
    return LogCheck(**values | {"flags": _flags(found, limits), "lacks": _lacks(found, limits)})


def _flags(found: LogCheck, limits: LogLimits) -> tuple[str, ...]:
    flags = []
    low, high = limits.weight_range
    # Rounding of a weight that is always 1 is no error.
    off = abs(found.mean_weight - 1) > limits.weight_errors * found.weight_error + 1e-6
    if off or not low <= found.mean_weight <= high:
        flags.append(
            f"the mean weight is {found.mean_weight:.3g} and should be 1: "
            + (
                f"about {1 - found.covered:.0%} of what this policy would choose has no chance "
                "in the log"
                if found.mean_weight < 1
                else "the logged propensities are too small"
            )
        )
    if found.effective_size < limits.least_size <= found.decisions:
        flags.append(
            f"the effective size is {found.effective_size:.3g} of {found.decisions} decisions: "
            f"a weight of {found.largest_weight:.4g} outweighs the others"
        )
    if found.missing > limits.most_missing:
        flags.append(
            f"{found.missing:.0%} of the decisions have no answer, at most "
            f"{limits.most_missing:.0%} may: look whether feedback arrives"
        )
    return tuple(flags)


def _lacks(found: LogCheck, limits: LogLimits) -> tuple[str, ...]:
    lacks = []
    if found.support < limits.least_support:
        lacks.append(
            f"not enough: the policy would have chosen what was chosen {found.support:.1f} times, "
            f"{limits.least_support:g} are needed"
        )
    if found.carriers < limits.least_carriers:
        lacks.append(
            f"not enough: {found.carriers:.1f} decisions of the largest weight carry the others, "
            f"{limits.least_carriers:g} are needed"
        )
    return tuple(lacks)
