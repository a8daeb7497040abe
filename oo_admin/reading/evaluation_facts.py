"""What an evaluation of the policies found, as the pages tell it; it names nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_bandit import judge, report
from oo_bandit.gate import Finding  # noqa: TC001 - read by type for the contract
from oo_profile.rollout.stepping import forward, words_of

if TYPE_CHECKING:
    from oo_bandit import DifferenceReport, PolicyReport, Report, Rollout
    from oo_bandit.estimates import Estimate, Estimates
    from oo_profile.evaluation.evaluation import Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateFacts:
    """An estimate with its interval of 95 %.

    Attributes:
        value: The estimate.
        low: Lower end of the interval.
        high: Its upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatesFacts:
    """One quantity, estimated in three ways.

    Attributes:
        ips: By inverse propensities.
        self_normalised: The same, over the sum of the weights.
        doubly_robust: With the predictions, corrected by what they were off by.
    """

    ips: EstimateFacts
    self_normalised: EstimateFacts
    doubly_robust: EstimateFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFigures:
    """What the log says of a policy; null is what it cannot say.

    Attributes:
        policy: The policy.
        flags: Why the log is not to be trusted about it; then nothing is reported.
        lacks: Why it does not tell enough yet; then nothing is reported either.
        effective_size: How many decisions of equal weight would say as much.
        by_decision: Mean reward over decisions.
        by_person: Mean over people of each one's mean reward.
        sequence: Bounds of the mean reward over these decisions, valid however often one looks.
    """

    policy: str
    flags: tuple[str, ...]
    lacks: tuple[str, ...]
    effective_size: float
    by_decision: EstimatesFacts | None
    by_person: EstimatesFacts | None
    sequence: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceFigures:
    """How much more a policy gets than another; null is what the log cannot say.

    Attributes:
        policy: The one.
        other: The other.
        lacks: Why the log does not tell them apart yet.
        by_decision: Difference of the mean rewards over decisions.
        by_person: Mean over people of each one's difference.
        sequence: Bounds over these decisions, valid however often one looks.
        dismissals: Difference of the shares of tips that are dismissed.
    """

    policy: str
    other: str
    lacks: tuple[str, ...]
    by_decision: EstimatesFacts | None
    by_person: EstimatesFacts | None
    sequence: tuple[float, float] | None
    dismissals: EstimateFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """What the log says of some of the people, or of one stage.

    Attributes:
        name: Which.
        decisions: How many there are.
        people: Of how many people.
        unanswered: How many have no answer.
        policies: Of each policy.
        differences: Of the new policy to the one that acted before.
    """

    name: str
    decisions: int
    people: int
    unanswered: int
    policies: tuple[PolicyFigures, ...]
    differences: tuple[DifferenceFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What the gate says of the next step.

    Attributes:
        step: Where it leads, in words.
        is_allowed: Whether every rule is kept.
        findings: Of each rule.
    """

    step: str
    is_allowed: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFacts:
    """What an evaluation of the policies found.

    Attributes:
        live: The policy that acted before.
        new: The one that is to take its place.
        until_us: Decisions were looked at that were shown by then, microseconds.
        groups: All, segments and stages; those without a decision are left out.
        gate: What the gate says of the next step; null: there is none.
        young: Decisions left out, since answers to them may still come.
        unjudged: Decisions left out that do not tell what both policies thought.
        unmatched: Answers left out that fit no tip that was shown.
    """

    live: str
    new: str
    until_us: int
    groups: tuple[GroupFigures, ...]
    gate: GateFacts | None
    young: int
    unjudged: int
    unmatched: int


def evaluation_facts(evaluation: Evaluation, rollout: Rollout) -> EvaluationFacts:
    """Tell what was found, and what the gate says of the step that comes next."""
    question = evaluation.question
    return EvaluationFacts(
        live=question.live,
        new=question.new,
        until_us=question.until_us,
        groups=tuple(
            _group(name, report(tally))
            for name, tally in evaluation.tallies.items()
            if tally.decisions.count or name == "all"
        ),
        gate=None if rollout.stage == "full" else _gate(evaluation, rollout),
        young=evaluation.young,
        unjudged=evaluation.unjudged,
        unmatched=evaluation.unmatched,
    )


def _gate(evaluation: Evaluation, rollout: Rollout) -> GateFacts:
    step = forward(rollout, None)
    verdict = judge(rollout, step, evaluation.tallies[rollout.stage])
    return GateFacts(step=words_of(step), is_allowed=verdict.is_allowed, findings=verdict.findings)


def _group(name: str, told: Report) -> GroupFigures:
    return GroupFigures(
        name=name,
        decisions=told.decisions,
        people=told.people,
        unanswered=told.health.unanswered,
        policies=tuple(map(_policy, told.policies)),
        differences=tuple(map(_difference, told.differences)),
    )


def _policy(told: PolicyReport) -> PolicyFigures:
    return PolicyFigures(
        policy=told.policy,
        flags=told.check.flags,
        lacks=told.check.lacks,
        effective_size=told.check.effective_size,
        by_decision=_estimates(told.by_decision),
        by_person=_estimates(told.by_person),
        sequence=told.sequence,
    )


def _difference(told: DifferenceReport) -> DifferenceFigures:
    return DifferenceFigures(
        policy=told.policy,
        other=told.other,
        lacks=told.check.lacks,
        by_decision=_estimates(told.by_decision),
        by_person=_estimates(told.by_person),
        sequence=told.sequence,
        dismissals=None if told.dismissals is None else _estimate(told.dismissals),
    )


def _estimates(told: Estimates | None) -> EstimatesFacts | None:
    if told is None:
        return None
    return EstimatesFacts(
        ips=_estimate(told.ips),
        self_normalised=_estimate(told.self_normalised),
        doubly_robust=_estimate(told.doubly_robust),
    )


def _estimate(told: Estimate) -> EstimateFacts:
    return EstimateFacts(value=float(told.value), low=float(told.low), high=float(told.high))
