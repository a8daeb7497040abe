"""Series of counts are what was put into them, whichever window is asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oo_admin.quality.history import History

NAMES = ("new_users", "stored|a", "stored|b", "category|a|kind|x|y", "value|a|n|3", "null|a|n")
COUNTS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 9))


@given(
    periods=st.lists(st.tuples(st.integers(-2, 700), COUNTS), max_size=12),
    start=st.integers(-5, 700),
    length=st.integers(0, 700),
)
def test_a_window_is_the_sum_of_its_periods(
    periods: list[tuple[int, dict[str, int]]], start: int, length: int
) -> None:
    """What was said of a period last counts alone, and what is before the first is passed over."""
    history = History(0)
    for period, counts in periods:
        history.replace(period, counts)
    end, last = start + length, dict(periods)
    within = [counts for at, counts in last.items() if max(start, 0) <= at < end]
    for group, leaf, name in (
        ("stored", "b", "stored|b"),
        ("new_users", "", "new_users"),
        ("category|a|kind", "x|y", "category|a|kind|x|y"),
    ):
        total = sum(counts.get(name, 0) for counts in within)
        assert history.sum(group, leaf, start, end) == total
        assert history.sums(group, start, end).get(leaf, 0) == total
