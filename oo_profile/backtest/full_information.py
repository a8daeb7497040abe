"""Policies on decisions with full information: what a log says of them, next to the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import RULES, Health, Logged, Rollout, Tally, judge
from oo_bandit.estimates import estimate_value
from oo_bandit.log_checks import check_log
from oo_bandit.sequences import difference_bound
from oo_bandit.sums import sums_by_decision, sums_by_person
from oo_profile.backtest.playback import LEARNERS, play
from oo_profile.backtest.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_bandit import LogCheck, Verdict
    from oo_bandit.arrays import Floats
    from oo_profile.backtest.playback import Playback, Prepared

_CANARY: Final = Rollout(live=LEARNERS[0], new=LEARNERS[1], stage="canary", percent=100.0)
_FULL: Final = _CANARY.moved("full")


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """One policy.

    Attributes:
        policy: Its name.
        truth: Its mean reward over the decisions.
        truth_by_person: Mean over people of each one's mean reward.
        ips: Estimate of `truth` from the first log.
        self_normalised: The same, self-normalised.
        doubly_robust: The same, doubly robust.
        by_person: Doubly robust estimate of `truth_by_person` from the first log. This and the
            others are None where nothing was chosen as the policy would, or only one person was.
        not_reported: Why `oo bandit evaluate` would not report the first log; empty if it would.
        reported_logs: In how many logs it would.
        covered_logs: In how many, reported or not, the interval of `doubly_robust` holds the
            truth; of a policy that learns it is that of the same log.
    """

    policy: str
    truth: float
    truth_by_person: float
    ips: Range | None
    self_normalised: Range | None
    doubly_robust: Range | None
    by_person: Range | None
    not_reported: str
    reported_logs: int
    covered_logs: int


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate says of putting the new policy in the place of the live one.

    Attributes:
        difference: True mean reward of the new one minus that of the live one, over all logs.
        better_logs: In how many logs the lower bound of the difference is above 0, whatever else
            the gate asks for.
        opened_logs: In how many logs it opens.
        broken: Rules that the first log does not keep, each with what was found.
    """

    difference: float
    better_logs: int
    opened_logs: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkResult:
    """A part of the backtest on a work log.

    Attributes:
        decisions: How many there are.
        people: Of how many people.
        heaviest_share: Share of the decisions that one person made.
        logs: How many logs of choices by chance were drawn.
        policies: The learning ones first.
        gate: About the second of them.
    """

    decisions: int
    people: int
    heaviest_share: float
    logs: int
    policies: tuple[PolicyResult, ...]
    gate: GateResult


def judge_work(
    prepared: Sequence[Prepared],
    rules: Sequence[str],
    seeds: Sequence[int],
    step_done: Callable[[], object] = lambda: None,
) -> WorkResult:
    """Draw logs of choices by chance and judge all policies by each, next to the truth.

    Args:
        prepared: Decisions with their vectors, person by person.
        rules: Which rules take part besides the two learning policies.
        seeds: Of the logs, at least one; figures are those of the first.
        step_done: Called after each decision of each log.
    """
    first = play(prepared, rules, seeds[0], step_done)
    # A log is summed up at once: many of them need not fit into memory.
    summaries = [_summary(first)]
    summaries += [_summary(play(prepared, rules, seed, step_done)) for seed in seeds[1:]]
    per_person = np.bincount(first.logged.person)
    gate = GateResult(
        float(np.mean([one.truth[1] - one.truth[0] for one in summaries])),
        sum(one.bound > 0 for one in summaries),
        sum(one.verdict.is_allowed for one in summaries),
        tuple(f"{finding.rule}: {finding.found}" for finding in summaries[0].verdict.broken),
    )
    return WorkResult(
        len(prepared),
        len(per_person),
        float(per_person.max() / per_person.sum()),
        len(seeds),
        _policies(first, summaries),
        gate,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Summary:
    """One log.

    Attributes:
        truth: Mean reward of each policy.
        checks: What the log can tell of each.
        holds: Whether the interval of each holds its truth.
        bound: Lower bound of what the new policy gets more.
        verdict: What the gate says.
    """

    truth: Floats
    checks: tuple[LogCheck, ...]
    holds: tuple[bool, ...]
    bound: float
    verdict: Verdict


def _summary(played: Playback) -> _Summary:
    truth = played.values.mean(axis=0)
    sums = sums_by_decision(played.logged)
    ranges = [Range.of(estimate_value(sums, at).doubly_robust) for at in range(sums.policies)]
    pair = _learners_only(played.logged)
    return _Summary(
        truth,
        tuple(check_log(sums, at) for at in range(sums.policies)),
        tuple(one is not None and one.holds(float(truth[at])) for at, one in enumerate(ranges)),
        float(difference_bound(pair.decisions, 1, 0, level=RULES.level)),
        judge(_CANARY, _FULL, pair),
    )


def _policies(first: Playback, summaries: Sequence[_Summary]) -> tuple[PolicyResult, ...]:
    by_decision, by_person = sums_by_decision(first.logged), sums_by_person(first.logged)
    results = []
    for place, policy in enumerate(first.logged.policies):
        found, people = estimate_value(by_decision, place), estimate_value(by_person, place)
        check = summaries[0].checks[place]
        results.append(
            PolicyResult(
                policy,
                float(summaries[0].truth[place]),
                _mean_by_person(first.values[:, place], first.logged),
                Range.of(found.ips),
                Range.of(found.self_normalised),
                Range.of(found.doubly_robust),
                Range.of(people.doubly_robust),
                "; ".join(check.flags + check.lacks),
                sum(one.checks[place].is_reported for one in summaries),
                sum(one.holds[place] for one in summaries),
            )
        )
    return tuple(results)


def _mean_by_person(values: Floats, logged: Logged) -> float:
    counts = np.bincount(logged.person)
    return float((np.bincount(logged.person, values) / counts).mean())


def _learners_only(logged: Logged) -> Tally:
    """Add up what the gate is asked about: the two learning policies.

    Nothing was served, so nothing was slow or expired: those guard rails are kept.
    """
    count = len(logged)
    pair = Logged(
        policies=LEARNERS,
        propensity=logged.propensity,
        reward=logged.reward,
        dismissed=logged.dismissed,
        probability=logged.probability[:, : len(LEARNERS)],
        expected=logged.expected[:, : len(LEARNERS)],
        prediction=logged.prediction[:, : len(LEARNERS)],
        person=logged.person,
    )
    return Tally.of(pair, Health(measured_expired=count, measured_time=count))
