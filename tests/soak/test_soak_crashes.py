"""The long form of `tests/profile/test_crashes.py`: `make soak`, a few minutes."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from support.crashes import CrashTest, Ordeal
from support.wholeness import assert_whole

from oo_profile.building.builder import Step

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.soak]


def test_whenever_it_is_killed_every_signal_counts_once(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Stored once, as defined, as replayed, and served, after 200 deaths and a few thousand late.

    Users have some thousand signals each, so that late ones find tails that are corrected behind
    the batches, and builders die over that, too.
    """
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    ordeal = Ordeal(seed=seed, kills=200, signals=40_000, users=16, max_batch=150)
    with capsys.disabled():
        print(f"\n{ordeal}; again with `make soak SEED={seed}`")  # noqa: T201 - what it is for
    test = CrashTest(ordeal, world, tmp_path, monkeypatch)
    with test.servers():
        test.run()
        assert_whole(test.world, test.sent)
        # As an operator would look, too.
        test.world.oo("verify")
    with capsys.disabled():
        print(test.report.text())  # noqa: T201 - as above
    assert test.report.killed.total() >= ordeal.kills
    assert set(test.report.at_step) == {step.name for step in Step}
