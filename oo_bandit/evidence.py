"""What a log says of its policies: sums while it is read, a report at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit.estimates import (
    Estimate,
    Estimates,
    estimate_difference,
    estimate_dismissals,
    estimate_value,
)
from oo_bandit.log_checks import LIMITS, LogCheck, LogLimits, PairCheck, check_log, check_pair
from oo_bandit.logged import Term
from oo_bandit.sequences import LEVEL, difference_sequence, value_sequence
from oo_bandit.sums import Sums, sums_by_decision, sums_by_person

if TYPE_CHECKING:
    from oo_bandit.logged import Logged

SLOW_MILLISECONDS: Final = 50.0
"""An answer that takes longer is slow."""


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of decisions, for checks and guard rails.

    Attributes:
        unanswered: Without any answer.
        measured_expired: That say how many features were expired.
        expired: Of these, those with any.
        measured_time: That say how long they took.
        slow: Of these, those over `SLOW_MILLISECONDS`.
        degraded: That had to do without something.
    """

    unanswered: int = 0
    measured_expired: int = 0
    expired: int = 0
    measured_time: int = 0
    slow: int = 0
    degraded: int = 0

    def __add__(self, other: Health) -> Health:
        """Return the counts of both."""
        return Health(*(getattr(self, name) + getattr(other, name) for name in Health.__slots__))


@dataclass(frozen=True, slots=True)
class Tally:
    """All that is kept of a log while it is read; two tallies add up.

    Attributes:
        policies: Names, in the order of the sums.
        decisions: Sums by decision.
        people: Sums by person; whoever adds tallies does not split a person.
        health: Counts.
    """

    policies: tuple[str, ...]
    decisions: Sums
    people: Sums
    health: Health = field(default_factory=Health)

    @classmethod
    def empty(cls, policies: tuple[str, ...]) -> Tally:
        """Return the tally of no decision."""
        sums = Sums.empty(len(policies))
        return cls(policies, sums, sums)

    @classmethod
    def of(cls, logged: Logged, health: Health) -> Tally:
        """Add up decisions of whole people."""
        return cls(logged.policies, sums_by_decision(logged), sums_by_person(logged), health)

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of both, which are of the same policies."""
        return Tally(
            self.policies,
            self.decisions + other.decisions,
            self.people + other.people,
            self.health + other.health,
        )


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What the log says of one policy; what it cannot say is None, and the check says why.

    Attributes:
        policy: Its name.
        check: Of the log, by decision.
        check_by_person: Of the log, by person.
        by_decision: Mean reward over decisions.
        by_person: Mean over people of each one's mean reward.
        sequence: Lower and upper bound of the mean reward over these decisions, valid however
            often one looks.
    """

    policy: str
    check: LogCheck
    check_by_person: LogCheck
    by_decision: Estimates | None
    by_person: Estimates | None
    sequence: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class DifferenceReport:
    """How much more a policy gets than another; None where the log cannot say.

    Attributes:
        policy: The one.
        other: The other.
        check: What the log has to tell them apart.
        by_decision: Difference of the mean rewards over decisions.
        by_person: Mean over people of each one's difference.
        sequence: Bounds over these decisions, valid however often one looks.
        dismissals: Difference of the shares of tips that are dismissed, by IPS.
        dismissals_sequence: Bounds of the same.
    """

    policy: str
    other: str
    check: PairCheck
    by_decision: Estimates | None
    by_person: Estimates | None
    sequence: tuple[float, float] | None
    dismissals: Estimate | None
    dismissals_sequence: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a log says.

    Attributes:
        decisions: How many there are.
        people: Of how many people.
        health: Counts of decisions.
        policies: Of each policy.
        differences: Of each other policy to the first.
    """

    decisions: int
    people: int
    health: Health
    policies: tuple[PolicyReport, ...]
    differences: tuple[DifferenceReport, ...]


def report(tally: Tally, *, limits: LogLimits = LIMITS, level: float = LEVEL) -> Report:
    """Say what a log says of each policy, and of each one's difference to the first.

    Args:
        tally: Of the log; the first policy is what others are compared with.
        limits: What the log must keep to be reported.
        level: Chance that a sequence ever misses.
    """
    policies = [_policy(tally, place, limits, level) for place in range(len(tally.policies))]
    return Report(
        int(tally.decisions.count),
        int(tally.people.count),
        tally.health,
        tuple(policies),
        tuple(
            _difference(tally, place, policies, limits, level) for place in range(1, len(policies))
        ),
    )


def _policy(tally: Tally, place: int, limits: LogLimits, level: float) -> PolicyReport:
    unanswered = tally.health.unanswered
    check = check_log(tally.decisions, place, unanswered=unanswered, limits=limits)
    of_people = check_log(tally.people, place, limits=_of_people(limits))
    if not check.is_reported:
        return PolicyReport(tally.policies[place], check, of_people, None, None, None)
    by_person = estimate_value(tally.people, place) if of_people.is_reported else None
    return PolicyReport(
        tally.policies[place],
        check,
        of_people,
        estimate_value(tally.decisions, place),
        by_person,
        _floats(value_sequence(tally.decisions, place, level=level)),
    )


def _difference(
    tally: Tally, place: int, policies: list[PolicyReport], limits: LogLimits, level: float
) -> DifferenceReport:
    names = tally.policies[place], tally.policies[0]
    pair = policies[place], policies[0]
    check = check_pair(tally.decisions, place, limits=limits)
    if check.lacks or not all(one.check.is_reported for one in pair):
        return DifferenceReport(*names, check, None, None, None, None, None)
    people = all(one.check_by_person.is_reported for one in pair)
    return DifferenceReport(
        *names,
        check,
        estimate_difference(tally.decisions, place, 0),
        estimate_difference(tally.people, place, 0) if people else None,
        _floats(difference_sequence(tally.decisions, place, 0, level=level)),
        estimate_dismissals(tally.decisions, place, 0),
        _floats(difference_sequence(tally.decisions, place, 0, term=Term.DISMISSED, level=level)),
    )


def _of_people(limits: LogLimits) -> LogLimits:
    """Return the limits for sums by person, whose probabilities are means and add up to less."""
    return LogLimits(
        least_support=0.0,
        least_carriers=limits.least_carriers,
        least_size=limits.least_size,
        weight_range=limits.weight_range,
        weight_errors=limits.weight_errors,
    )


def _floats(bounds: tuple[object, object]) -> tuple[float, float]:
    low, high = (float(np.asarray(bound)) for bound in bounds)
    return low, high
