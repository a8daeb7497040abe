"""A log that cannot be trusted is flagged and not reported, and one that says little says so."""

from __future__ import annotations

import numpy as np
import pytest
from support.logged import LIVE, NEW, World, made

from oo_bandit.evidence import Health, Tally, report
from oo_bandit.log_checks import check_log
from oo_bandit.logged import Logged
from oo_bandit.sums import Sums


def log_of(weights: list[float], *, probability: float = 0.9) -> Logged:
    """Return a log of one policy with these weights, each decision of somebody else."""
    count = len(weights)
    return Logged(
        policies=("new",),
        propensity=probability / np.array(weights),
        reward=np.ones(count),
        dismissed=np.zeros(count),
        probability=np.full((count, 1), probability),
        expected=np.full((count, 1), 0.5),
        prediction=np.full((count, 1), 0.5),
        person=np.arange(count),
    )


def test_a_mean_weight_of_3_and_an_effective_size_of_2_are_flagged_not_reported() -> None:
    """Both reasons are told, and no estimate is."""
    heavy = 900.0
    log = log_of([heavy, heavy, *[1.0] * 900])
    check = check_log(Tally.of(log, Health()).decisions, 0)
    assert check.mean_weight == pytest.approx(3, abs=0.01)
    assert check.effective_size < 5
    told = report(Tally.of(log, Health())).policies[0]
    assert any("mean weight is 2.99" in flag for flag in told.check.flags)
    assert any("effective size" in flag for flag in told.check.flags)
    assert (told.by_decision, told.by_person, told.sequence) == (None, None, None)


def test_propensities_that_are_too_small_are_flagged() -> None:
    """The mean weight is above 1 by more than chance."""
    log = log_of([1.2, 1.1, 1.3] * 200)
    assert any(
        "too small" in flag for flag in check_log(Tally.of(log, Health()).decisions, 0).flags
    )


def test_what_is_never_chosen_is_flagged() -> None:
    """A policy whose candidates the log hardly ever chose has weights below 1 in the mean."""
    log = log_of([0.4, 0.5, 0.6] * 200, probability=0.4)
    flags = check_log(Tally.of(log, Health()).decisions, 0).flags
    assert any("about 50% of what this policy would choose has no chance" in flag for flag in flags)


def test_answers_that_do_not_arrive_are_flagged() -> None:
    """Over half of the decisions without any."""
    tally = Tally.of(log_of([0.9, 1.1] * 100), Health(unanswered=120))
    (told,) = report(tally).policies
    assert any("60% of the decisions have no answer" in flag for flag in told.check.flags)
    assert told.by_decision is None


def test_a_sum_of_probabilities_below_60_is_not_enough() -> None:
    """And 60 is enough."""
    few, many = (log_of([0.9, 1.1] * half, probability=0.5) for half in (59, 60))
    lacks = check_log(Tally.of(few, Health()).decisions, 0).lacks
    assert any("59.0 times, 60 are needed" in lack for lack in lacks)
    assert check_log(Tally.of(many, Health()).decisions, 0).is_reported


def test_a_handful_of_heavy_decisions_is_not_enough() -> None:
    """In the shadow the new policy's own picks are rare, and all that tells them apart."""
    logs = made(World("shadow"), 1, 400, np.random.default_rng(7))
    sums = Sums.of(logs.terms[0])
    assert check_log(sums, LIVE).is_reported
    check = check_log(sums, NEW)
    assert check.support > 60
    assert any("carry the others" in lack for lack in check.lacks)


def test_no_decision_is_not_enough() -> None:
    """Nothing is divided by nothing."""
    told = report(Tally.empty(("live", "new")))
    assert told.policies[0].check.lacks == ("there is no decision",)
    assert told.differences[0].sequence is None


def test_right_logs_are_reported() -> None:
    """Of 600 all but one or two are: a mean weight may be three standard errors off by chance."""
    logs = made(World("canary"), 300, 600, np.random.default_rng(7))
    checks = [check_log(Sums.of(log), policy) for log in logs.terms for policy in (LIVE, NEW)]
    assert np.mean([check.is_reported for check in checks]) > 0.99
