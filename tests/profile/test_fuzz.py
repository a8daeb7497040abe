"""Whatever somebody publishes, the builder keeps it aside and goes on with the good signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.fuzzing import fuzz, messages

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def test_hostile_messages_are_all_kept_aside_and_good_signals_unharmed(world: World) -> None:
    """Each is rejected with its bytes; good signals between them are stored, their states right."""
    fuzz(world, messages(seed=5, count=2_000), deadline_seconds=120)
