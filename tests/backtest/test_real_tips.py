"""What the real tips say, held to what was published of the trial."""

from __future__ import annotations

import math
from functools import partial

import pytest
from support.real_data import TIP_DECISIONS, TIPS, needs_tips

from oo_profile.backtest.tip_decisions import read_tip_decisions
from oo_profile.backtest.tip_prediction import signals_by_person
from oo_profile.backtest.tip_result import TipResult, judge_tips
from oo_profile.transport.signal_file import read_signals

pytestmark = [needs_tips, pytest.mark.data]


@pytest.fixture(scope="module")
def result() -> TipResult:
    """Judge the whole trial once."""
    signals = signals_by_person(read_signals(str(TIPS)))
    return judge_tips(list(read_tip_decisions(TIP_DECISIONS)), signals, seed=1)


def test_all_moments_at_which_a_tip_could_be_sent_are_there(result: TipResult) -> None:
    """6,589 decisions of 37 people, 3,914 tips."""
    assert (result.decisions, result.people, result.tips) == (6589, 37, 3914)


def test_effects_on_steps_are_those_that_were_published(result: TipResult) -> None:
    """Walking adds a quarter to the steps (published: 24 %), sedentary nothing that is shown."""
    above = {one.policy: one.above_never for one in result.log_steps}
    walking, sedentary = above["always walking"], above["always sedentary"]
    assert walking is not None
    assert sedentary is not None
    assert walking.low > 0
    assert walking.holds(math.log(1.24))
    assert sedentary.holds(0.0)


def test_the_profile_helps_one_model_for_all_and_not_one_a_person(result: TipResult) -> None:
    """A model that learns from one person alone knows his rate already."""
    for_all, alone = (result.gains[scope] for scope in ("one model for all", "one model a person"))
    assert for_all is not None
    assert alone is not None
    assert for_all.low > 0
    assert alone.holds(0.0)
    assert list(map(partial(round, ndigits=3), (for_all.value, alone.value))) == [0.036, -0.003]
