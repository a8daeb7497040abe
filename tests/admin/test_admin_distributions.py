"""Pages show how features are distributed, as Feast measured it in logged samples."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.admin import NOW, Pages
from support.withheld import withhold
from support.world import signal

from oo_admin.reading.histogram import apportioned

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live
USERS = 60


def by_feature(pages: Pages) -> dict[str, Any]:
    """Return the distributions of the data-quality page."""
    told = pages.facts("/admin/data-quality")["distributions"]
    return {one["feature"]: one for one in told}


@pytest.mark.usefixtures("pages")
def test_a_feature_is_spread_over_the_logged_sample(world: World) -> None:
    """Of two users one has a mood that expired: withheld, and told so; all is of one instant."""
    withhold(world, "mood_features", "mood_score")
    pages = Pages.of(world).enter()
    world.oo("quality", "log-sample")
    facts = pages.facts("/admin/features/mood_score")["distribution"]
    assert facts["now"]["users"] == 2
    assert (facts["now"]["null"], facts["now"]["expired"], facts["now"]["never_seen"]) == (
        0.5,
    ) * 2 + (0,)
    assert facts["now"]["mean"] == 2.0
    assert sum(one["now"] for one in facts["bins"]) == pytest.approx(1)
    assert "served to 2 users" in pages.get("/admin/features/mood_score").text


def test_every_feature_of_a_profile_stands_on_the_quality_page(pages: Pages, world: World) -> None:
    """And each has its own page with the same numbers; texts and truths are named."""
    world.oo("quality", "log-sample")
    told = by_feature(pages)
    assert told.keys() == pages.admin.reader.profile_features
    for name, one in told.items():
        assert pages.facts(f"/admin/features/{name}")["distribution"] == one
    named = {one["label"] for one in told["preferred_categories"]["bins"]}
    assert named == {"fix", "none yet"}
    assert {one["label"] for one in told["is_active_now"]["bins"]} <= {"yes", "no"}
    assert [one["label"] for one in told["mood_last_synced_at"]["bins"]] == [
        "never",
        "at some time",
    ]


def test_a_shift_against_a_month_ago_is_told(world: World) -> None:
    """Everybody's mood rose: that stands first; what stayed is not said to have shifted."""
    world.publish_and_build(
        signal("mood.logged", f"u{number}", at, score=score)
        for number in range(USERS)
        for at, score in ((NOW - timedelta(days=31), 2), (NOW - timedelta(hours=1), 5))
    )
    world.oo("quality", "log-sample")
    pages = Pages.of(world).enter()
    told = by_feature(pages)
    shifted = [one["shifted"] for one in told.values()]
    assert shifted == sorted(shifted, reverse=True)
    mood, done = told["mood_score"], told["tip_done_rate"]
    assert (mood["shifted"], mood["now"]["median"], mood["then"]["median"]) == (True, 5.0, 2.0)
    assert (done["shifted"], done["index"]) == (False, pytest.approx(0.0))
    assert "it has shifted" in pages.get("/admin/features/mood_score").text


@given(
    counts=st.lists(st.integers(0, 1000), min_size=1, max_size=20),
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e3),
    margin=st.floats(0, 1e3),
    bins=st.integers(1, 12),
)
def test_nothing_is_lost_where_bins_are_made_common(
    counts: list[int], low: float, width: float, margin: float, bins: int
) -> None:
    """Whatever bins enclose a histogram have all of its counts, and none has less than none."""
    edges = [low + width * place for place in range(len(counts) + 1)]
    common = np.linspace(edges[0] - margin, edges[-1] + margin, bins + 1)
    parts = apportioned({"bins": edges, "counts": counts}, common)
    assert sum(parts) == pytest.approx(sum(counts), abs=1e-6)
    assert min(parts) >= 0
