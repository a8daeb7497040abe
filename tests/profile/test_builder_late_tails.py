"""A running builder corrects long tails by itself, beside the batches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from support.batches import assert_same_rows, history_rows, replayed_rows
from support.building import (
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    served_states,
    stored_states,
)
from support.world import signal

from oo_profile.building.late_tails import LONG_TAIL_ROWS
from oo_profile.storage.database import connect

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def test_a_builder_works_off_the_mark_that_its_batch_has_set(world: World) -> None:
    """A signal older than a thousand others is in all of their rows, and serving had it before."""
    count = LONG_TAIL_ROWS + 100
    moods = [
        signal("mood.logged", "ada", minutes_ago(count - n), f"e{n}", score=1 + n % 5)
        for n in range(count)
    ]
    oldest = signal("mood.logged", "ada", minutes_ago(count + 9), "oldest", score=5)
    publish_signals(world, [*moods, oldest])

    def is_corrected() -> bool:
        return number_of(world, "signals") == count + 1 and number_of(world, "late_tails") == 0

    build_until(world, is_corrected)
    assert number_of(world, "mood_state") == 2 * count + 1
    assert served_states(world) == stored_states(world)
    with contextlib.closing(connect(world.settings.db)) as connection:
        assert_same_rows(history_rows(connection), replayed_rows(connection))
