"""The long form of `tests/profile/test_fuzz.py`: `make fuzz`, a few minutes."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from support.fuzzing import fuzz, messages

if TYPE_CHECKING:
    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.soak]

COUNT = 200_000


def test_hostile_messages_are_all_kept_aside_and_good_signals_unharmed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """200,000 of them, a good signal to each five, from a new seed each time."""
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    with capsys.disabled():
        print(f"\n{COUNT:,} hostile messages; again with `make fuzz SEED={seed}`")  # noqa: T201 - what it is for
    fuzz(world, messages(seed, COUNT), deadline_seconds=1800)
