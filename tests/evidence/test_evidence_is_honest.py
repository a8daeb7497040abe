"""A short form of the evidence that evidence is honest; `make evidence` is the long."""

from __future__ import annotations

import numpy as np
import pytest
from evidence.evidence_is_honest import CANARY, LEAST_POWER, MOST_MISSES
from evidence.honest_runs import LEAST_COVERAGE, coverage, of_people, opened
from support.logged import LIVE_VALUE, World

SEED = 20261128


@pytest.mark.parametrize(
    ("world", "count"),
    [(World("canary"), 500), (World("uniform"), 900), (World("shadow"), 1_500)],
    ids=lambda value: value.logging if isinstance(value, World) else "",
)
def test_intervals_cover_where_they_are_reported(world: World, count: int) -> None:
    """Of 400 logs, each estimator's of either policy and of their difference."""
    cells = coverage(world, count, 400, np.random.default_rng(SEED))
    assert all(cell.reported > 250 for cell in cells)
    assert all(min(cell.covered) >= LEAST_COVERAGE for cell in cells)


def test_a_short_shadow_says_not_enough() -> None:
    """Of the new policy nothing is told, and of the live one it is."""
    live, new, difference = coverage(World("shadow"), 300, 200, np.random.default_rng(SEED))
    assert live.reported > 190
    assert (new.reported, difference.reported) == (0, 0)


def test_only_intervals_by_person_are_of_other_people() -> None:
    """Where people differ, those by decision hold what others get too rarely."""
    by_decision, by_person = of_people(200, np.random.default_rng(SEED))
    assert max(by_decision) < 0.85
    assert min(by_person) >= LEAST_COVERAGE


@pytest.mark.parametrize("gain", [True, False])
def test_the_gate_opens_for_a_gain_alone(gain: bool) -> None:  # noqa: FBT001 - a parameter
    """Asked after every 100 of 1,000 canary decisions."""
    world = World("canary") if gain else World("canary", new_value=LIVE_VALUE)
    runs = opened(world, CANARY, 60, 1_000, np.random.default_rng(SEED))
    share = runs[:, -1].mean()
    assert share >= LEAST_POWER if gain else share <= MOST_MISSES
