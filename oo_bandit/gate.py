"""The gate: whether the log allows a new policy its next step.

To the canary, or to a larger one
    The log can be trusted about both policies and tells enough of both; the new one is not shown
    to be worse: the upper bound of the difference is not below 0.
To full
    The same, and the new one is shown to be better: the lower bound of the difference is above 0.
Guard rails, both times
    It is not shown that more of its tips are dismissed; few answers use expired features; few
    answers are slow; and nearly all decisions say so.

All bounds are those of sequences, so one may ask after every decision: with no difference between
the policies, the gate to full opens with a probability of at most the level. Steps back are always
allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING, Final

from oo_bandit.evidence import SLOW_MILLISECONDS
from oo_bandit.log_checks import LIMITS, LogLimits, check_log, check_pair
from oo_bandit.logged import Term
from oo_bandit.rollout import STAGES
from oo_bandit.sequences import difference_bound

if TYPE_CHECKING:
    from oo_bandit.evidence import Tally
    from oo_bandit.rollout import Rollout, Stage

LIVE, NEW = 0, 1
"""Places of the policies in a tally that the gate is given."""


@dataclass(frozen=True, slots=True)
class GateRules:
    """The numbers of the rules.

    Attributes:
        level: Chance that a bound ever misses; each bound is one-sided.
        most_expired: Share of decisions that may use an expired feature.
        most_slow: Share of decisions that may take longer than `SLOW_MILLISECONDS`.
        least_measured: Share of decisions that must say both.
        limits: What the log must keep.
    """

    level: float = 0.05
    most_expired: float = 0.2
    most_slow: float = 0.01
    least_measured: float = 0.9
    limits: LogLimits = LIMITS


RULES: Final = GateRules()


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule, and what the log says of it.

    Attributes:
        rule: What must hold.
        is_kept: Whether it does.
        found: What was found.
    """

    rule: str
    is_kept: bool
    found: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a step.

    Attributes:
        findings: Of each rule that the step asks for.
    """

    findings: tuple[Finding, ...]

    @property
    def is_allowed(self) -> bool:
        """Say whether every rule is kept."""
        return all(finding.is_kept for finding in self.findings)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The rules that are not kept."""
        return tuple(finding for finding in self.findings if not finding.is_kept)


def judge(rollout: Rollout, step: Rollout, tally: Tally, rules: GateRules = RULES) -> Verdict:
    """Judge a step by the log of the stage that it leaves.

    Args:
        rollout: Where it is.
        step: Where it is to go.
        tally: Of the decisions of this stage, within the canary those that a coin was thrown for;
            first the live policy, then the new one.
        rules: The numbers of the rules.
    """
    if not is_forward(rollout, step):
        rule = "a step that gives the new policy no more to decide is always allowed"
        return Verdict((Finding(rule, is_kept=True, found="it is one"),))
    return Verdict(
        (
            *(_trusted(tally, place, rules) for place in (LIVE, NEW)),
            _told_apart(tally, rules),
            _better(tally, rules) if step.stage == "full" else _not_worse(tally, rules),
            _dismissals(tally, rules),
            _share(
                "expired features",
                (tally.health.expired, tally.health.measured_expired),
                rules.most_expired,
                tally,
                rules,
            ),
            _share(
                f"answers slower than {SLOW_MILLISECONDS:g} ms",
                (tally.health.slow, tally.health.measured_time),
                rules.most_slow,
                tally,
                rules,
            ),
        )
    )


def is_forward(rollout: Rollout, step: Rollout) -> bool:
    """Say whether a step gives the new policy more to decide."""
    return _reach(step) > _reach(rollout)


def _reach(rollout: Rollout) -> tuple[int, float]:
    stage: Stage = rollout.stage
    return STAGES.index(stage), rollout.percent if stage == "canary" else 0.0


def _trusted(tally: Tally, place: int, rules: GateRules) -> Finding:
    check = check_log(
        tally.decisions, place, unanswered=tally.health.unanswered, limits=rules.limits
    )
    return Finding(
        f"the log can be trusted about {tally.policies[place]} and tells enough",
        is_kept=check.is_reported,
        found="; ".join(check.flags + check.lacks)
        or f"{check.decisions:,} decisions, effective size {check.effective_size:,.0f}",
    )


def _told_apart(tally: Tally, rules: GateRules) -> Finding:
    check = check_pair(tally.decisions, NEW, limits=rules.limits)
    enough = f"{check.carriers:,.0f} decisions of the widest difference of weights do"
    if isinf(check.carriers):
        enough = "it need not: they never differ"
    return Finding(
        "the log tells the policies apart",
        is_kept=not check.lacks,
        found="; ".join(check.lacks) or enough,
    )


def _better(tally: Tally, rules: GateRules) -> Finding:
    bound = float(difference_bound(tally.decisions, NEW, LIVE, level=rules.level))
    return Finding(
        f"{tally.policies[NEW]} gets more than {tally.policies[LIVE]}: the lower bound of the "
        "difference is above 0",
        is_kept=bound > 0,
        found=f"the lower bound is {bound:+.4f}",
    )


def _not_worse(tally: Tally, rules: GateRules) -> Finding:
    bound = -float(difference_bound(tally.decisions, LIVE, NEW, level=rules.level))
    return Finding(
        f"{tally.policies[NEW]} is not shown to get less than {tally.policies[LIVE]}: the upper "
        "bound of the difference is not below 0",
        is_kept=bound >= 0,
        found=f"the upper bound is {bound:+.4f}",
    )


def _dismissals(tally: Tally, rules: GateRules) -> Finding:
    bound = float(
        difference_bound(tally.decisions, NEW, LIVE, term=Term.DISMISSED, level=rules.level)
    )
    return Finding(
        f"tips of {tally.policies[NEW]} are not shown to be dismissed more often: the lower "
        "bound of the difference is not above 0",
        is_kept=bound <= 0,
        found=f"the lower bound is {bound:+.4f}",
    )


def _share(
    what: str, counts: tuple[int, int], most: float, tally: Tally, rules: GateRules
) -> Finding:
    count, measured = counts
    decisions = int(tally.decisions.count)
    rule = f"{what}: at most {most:.1%} of the decisions, and {rules.least_measured:.0%} say so"
    if not decisions or measured < rules.least_measured * decisions:
        return Finding(rule, is_kept=False, found=f"{measured:,} of {decisions:,} say so")
    share = count / measured
    return Finding(rule, is_kept=share <= most, found=f"{share:.2%}")
