"""The gate opens on evidence alone, and says which rule is broken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.logged import LIVE_VALUE, World, made

from oo_bandit.evidence import Health, Tally
from oo_bandit.gate import RULES, judge
from oo_bandit.rollout import Rollout
from oo_bandit.sums import Sums

SHADOW = Rollout(live="v1", new="v2")
CANARY = SHADOW.moved("canary", percent=10)
FULL = CANARY.moved("full")
SEED = 7


def tally(world: World, decisions: int = 2_000, health: Health | None = None) -> Tally:
    """Return the tally of a log in which every decision was quick, and of somebody else."""
    logs = made(world, 1, decisions, np.random.default_rng(SEED))
    sums = Sums.of(logs.terms[0])
    if health is None:
        health = Health(measured_expired=decisions, measured_time=decisions)
    return Tally(("v1", "v2"), sums, sums, health)


GOOD = tally(World("canary"))


def broken(step: tuple[Rollout, Rollout], told: Tally) -> list[str]:
    """List what the gate found of the rules that are broken."""
    return [finding.found for finding in judge(*step, told).broken]


def test_a_canary_that_shows_a_gain_may_become_all() -> None:
    """Every rule is kept, and each says what was found."""
    verdict = judge(CANARY, FULL, GOOD)
    assert verdict.is_allowed
    assert len(verdict.findings) == 7
    assert all(finding.found for finding in verdict.findings)


def test_without_a_difference_it_may_not() -> None:
    """The lower bound is not above 0."""
    (found,) = broken((CANARY, FULL), tally(World("canary", new_value=LIVE_VALUE)))
    assert found.startswith("the lower bound is -")


def test_a_log_of_nothing_opens_nothing() -> None:
    """Neither the canary nor all."""
    empty = Tally.empty(("v1", "v2"))
    for step in ((SHADOW, CANARY), (SHADOW, FULL), (CANARY, FULL)):
        assert broken(step, empty).count("there is no decision") == 3


def test_policies_that_never_differ_need_not_be_told_apart() -> None:
    """And the gate says so in words."""
    same = tally(World("canary", new_value=LIVE_VALUE, agree=1 - 1e-12))
    (apart,) = (one for one in judge(CANARY, FULL, same).findings if "apart" in one.rule)
    assert (apart.is_kept, apart.found) == (True, "it need not: they never differ")


def test_the_canary_needs_no_gain_but_no_loss_that_is_shown() -> None:
    """Whether it gains is what a canary is to find out."""
    even, worse = World("shadow", new_value=LIVE_VALUE), World("canary", new_value=0.28)
    assert judge(SHADOW, CANARY, tally(even)).is_allowed
    less, more_dismissed = broken((SHADOW, CANARY), tally(worse))
    assert less.startswith("the upper bound is -")
    assert more_dismissed.startswith("the lower bound is +")


def test_a_larger_canary_is_asked_for_the_same() -> None:
    """And a smaller one is a step back."""
    larger = CANARY.moved("canary", percent=50)
    assert not judge(CANARY, larger, Tally.empty(("v1", "v2"))).is_allowed
    assert judge(larger, CANARY, Tally.empty(("v1", "v2"))).is_allowed


@pytest.mark.parametrize("step", [(CANARY, SHADOW), (FULL, SHADOW), (FULL, CANARY)])
def test_back_is_always_allowed(step: tuple[Rollout, Rollout]) -> None:
    """Nobody waits for evidence in an emergency."""
    assert judge(*step, Tally.empty(("v1", "v2"))).is_allowed


def test_more_dismissals_close_it() -> None:
    """Where whatever gains is dismissed more often too."""
    logs = made(World("canary"), 1, 2_000, np.random.default_rng(SEED))
    terms = logs.terms[0].copy()
    terms[..., 3] = terms[..., 1]
    sums = Sums.of(terms)
    (found,) = broken((CANARY, FULL), replace(GOOD, decisions=sums))
    assert found.startswith("the lower bound is +")


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (Health(measured_expired=2_000, measured_time=2_000, expired=401), "20.05%"),
        (Health(measured_expired=2_000, measured_time=2_000, slow=21), "1.05%"),
        (Health(measured_expired=1_799, measured_time=2_000), "1,799 of 2,000 say so"),
        (Health(measured_expired=2_000), "0 of 2,000 say so"),
    ],
)
def test_guard_rails_close_it(health: Health, told: str) -> None:
    """Expired features, slow answers, and decisions that do not say."""
    assert broken((CANARY, FULL), replace(GOOD, health=health)) == [told]


def test_answers_that_do_not_arrive_close_it() -> None:
    """Whatever is estimated would be of those who answer."""
    health = replace(GOOD.health, unanswered=1_500)
    found = broken((CANARY, FULL), replace(GOOD, health=health))
    assert all("75% of the decisions have no answer" in one for one in found)
    assert len(found) == 2


def test_the_rules_are_knobs() -> None:
    """A stricter level asks for more."""
    few = tally(World("canary"), 700)
    strict = replace(RULES, level=1e-9)
    assert not judge(CANARY, FULL, few, strict).is_allowed
