"""Every tip is predicted from what was known before it, and only then learned from."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.past_work import tip, tip_signals

from oo_profile.backtest.tip_decisions import TipDecision
from oo_profile.backtest.tip_prediction import (
    Curve,
    Predicted,
    predict_tips,
    signals_by_person,
)
from oo_profile.transport.signal_file import SignalLine

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGED = 10


def lines(changed: str) -> list[dict[str, Any]]:
    """Make tips of two people, of which one has the given answer."""
    made = []
    for number in range(30):
        response = changed if number == CHANGED else ("good", "bad", None)[number % 3]
        outcome = {"steps_30_or_0": 0.0, "response": response}
        user = ("ada", "bob")[number % 2]
        kind = ("walking", "sedentary", "none")[number % 5 % 3]
        made.append(tip(number, user_id=user, action=kind, outcome=outcome))
    return made


def predicted(given_lines: Sequence[dict[str, Any]]) -> Predicted:
    """Predict the tips of a file."""
    decisions = [msgspec.convert(line, TipDecision, strict=False) for line in given_lines]
    signals = [
        SignalLine(line["subject"], json.dumps(line["data"]).encode())
        for line in tip_signals(given_lines)
    ]
    return predict_tips(decisions, signals_by_person(signals))


def test_no_answer_moves_a_prediction_made_before_it_was_known() -> None:
    """Its own prediction and all before it stay as they are; later ones learn from it."""
    sent = [number for number, line in enumerate(lines("bad")) if line["action"] != "none"]
    place = sent.index(CHANGED)
    bad, good = predicted(lines("bad")), predicted(lines("good"))
    assert bad.answer[place] != good.answer[place]
    for key, chance in bad.chance.items():
        np.testing.assert_array_equal(chance[: place + 1], good.chance[key][: place + 1])
        assert (chance[place + 1 :] != good.chance[key][place + 1 :]).any()


def test_moments_without_a_tip_are_not_predicted() -> None:
    """There is a prediction for each tip that was sent."""
    sent = [line for line in lines("bad") if line["action"] != "none"]
    found = predicted(lines("bad"))
    assert len(found.answer) == len(sent)
    assert {len(chance) for chance in found.chance.values()} == {len(sent)}


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 3)),
        min_size=1,
    )
)
def test_the_area_counts_pairs(rows: list[tuple[bool, float, int]]) -> None:
    """It is the share of pairs of a good and a bad one in which the good one is ahead."""
    good = [chance for answer, chance, often in rows if answer for _ in range(often)]
    bad = [chance for answer, chance, often in rows if not answer for _ in range(often)]
    ahead = [float(up > down) + 0.5 * (up == down) for up, down in product(good, bad)]
    answer, chance, often = np.array(rows, np.float64).T
    found = Curve(answer, chance).area(often)
    if ahead:
        assert abs(found - sum(ahead) / len(ahead)) < 1e-12
    else:
        assert np.isnan(found)
