"""A longer vector resets nobody: what was learned with 7 features stays true with 12."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.linear import (
    NEW,
    OLD,
    LoggedChoices,
    candidates,
    choices,
    new_policy,
    old_policy,
)

from oo_bandit import InputRefused, LearnedState
from oo_bandit.arrays import unpack

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats

alphas = st.floats(0.0, 2.0)


def padded(rows: Floats) -> Floats:
    """Give the candidates of 7 features as ones of 12, whose new features are 0."""
    return np.pad(rows, ((0, 0), (0, NEW - OLD)))


def assert_close(left: LearnedState, right: LearnedState, tolerance: float) -> None:
    """Assert that two states are the same, relative to the absolute sum of their terms."""
    bound = tolerance * max(1.0, left.count * 16.0)
    assert abs(left.count - right.count) <= bound
    assert np.abs(left.outer - right.outer).max() <= bound
    assert np.abs(left.rewards - right.rewards).max() <= bound


@given(log=choices(), rows=candidates(OLD), alpha=alphas)
def test_scores_and_widths_stay_while_no_decision_has_the_new_names(
    log: LoggedChoices, rows: Floats, alpha: float
) -> None:
    """With 12 features, of which no update had the new five, all is as with 7: to 1e-10."""
    old = old_policy(alpha).rank(rows, log.state(OLD))
    for state in (log.state(OLD).extended(NEW), log.without_new_names().state(NEW)):
        new = new_policy(alpha).rank(padded(rows), state)
        assert np.abs(new.scores - old.scores).max() <= 1e-10
        assert np.abs(new.widths - old.widths).max() <= 1e-10
        assert np.abs(new.predictions - old.predictions).max() <= 1e-10


@given(log=choices(), before=choices())
def test_the_old_block_never_hears_of_the_new_names(
    log: LoggedChoices, before: LoggedChoices
) -> None:
    """After updates with 12 names the old part of both sums is that of 7, to the last digit."""
    new = before.state(OLD).extended(NEW).merge(log.state(NEW))
    old = before.state(OLD).merge(log.state(OLD))
    block = unpack(new.outer, NEW)[:OLD, :OLD]
    np.testing.assert_allclose(block, unpack(old.outer, OLD), rtol=0, atol=1e-12 * len_of(log))
    np.testing.assert_allclose(new.rewards[:OLD], old.rewards, rtol=0, atol=1e-12 * len_of(log))
    assert new.count == old.count


@given(before=choices(), after=choices(), factor=st.floats(0.0, 1.0))
def test_extending_then_merging_is_folding_the_whole_log(
    before: LoggedChoices, after: LoggedChoices, factor: float
) -> None:
    """The state from before the change and that of what came since make the state of it all."""
    whole = LearnedState.of(
        np.concatenate([before.without_new_names().vectors, after.vectors]),
        np.concatenate([before.rewards, after.rewards]),
        np.concatenate([before.weights * factor, after.weights]),
    )
    steps = before.state(OLD).extended(NEW).decayed(factor).merge(after.state(NEW))
    turned = after.state(NEW).merge(before.state(OLD).decayed(factor).extended(NEW))
    assert_close(steps, whole, 1e-12)
    assert_close(turned, whole, 1e-12)


@given(before=choices(), after=choices(), rows=candidates(OLD))
def test_no_width_falls_below_that_of_seven(
    before: LoggedChoices, after: LoggedChoices, rows: Floats
) -> None:
    """Sharing what is learned with more features never makes a known one more certain."""
    old = before.state(OLD).merge(after.state(OLD))
    new = before.state(OLD).extended(NEW).merge(after.state(NEW))
    widths = new_policy().rank(padded(rows), new).widths
    assert (widths >= old_policy().rank(rows, old).widths - 1e-12).all()


@given(log=choices(), others=choices(), factor=st.floats(0.0, 1.0))
def test_states_add_up_in_any_order(
    log: LoggedChoices, others: LoggedChoices, factor: float
) -> None:
    """Merging commutes, and time passes alike over the sum and its parts."""
    left, right = log.state(), others.state()
    together = left.merge(right).decayed(factor)
    assert_close(together, right.decayed(factor).merge(left.decayed(factor)), 1e-12)


def test_nothing_is_cut_off() -> None:
    """A state is never brought to fewer dimensions, and the attempt changes nothing."""
    state = LearnedState.empty(NEW)
    with pytest.raises(InputRefused, match="at least the 13"):
        state.extended(OLD)
    with pytest.raises(InputRefused, match="8 dimensions"):
        state.merge(LearnedState.empty(OLD))
    assert not state.outer.any()


@pytest.mark.parametrize("factor", [-0.1, 1.1, float("nan")])
def test_time_only_passes_forward(factor: float) -> None:
    """What is left after a time is a share of what there was."""
    with pytest.raises(InputRefused, match="0 to 1"):
        LearnedState.empty(OLD).decayed(factor)


def len_of(log: LoggedChoices) -> int:
    """Bound the absolute sum of a log's terms, for tolerances relative to it."""
    return 16 * (len(log.rewards) + 1)
