"""However often a builder is killed, and whatever its servers do, every signal counts once.

Killed is killed by SIGKILL. That loses nothing that the kernel has, so this shows what becomes of
every moment of the builder's work, and nothing about a power cut: that is what SQLite's
`synchronous=FULL` and the stream's `sync_interval: always` are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.crashes import CrashTest, Ordeal
from support.wholeness import assert_nobody, assert_whole

from oo_profile.building.builder import Step

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_whenever_it_is_killed_every_signal_counts_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored once, as defined, as replayed, and served: after kills at every step and between."""
    ordeal = Ordeal(seed=11, kills=22, signals=1500, users=12, max_batch=15)
    test = CrashTest(ordeal, world, tmp_path, monkeypatch)
    with test.servers():
        test.run()
        assert_whole(test.world, test.sent)
    assert test.report.killed.total() >= ordeal.kills
    assert set(test.report.at_step) == {step.name for step in Step}


def test_whoever_rebuilds_verifies_and_forgets_beside_it_sees_and_leaves_all_whole(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in SQLite is ever otherwise than the signals say, and of the forgotten nothing is."""
    ordeal = Ordeal(
        seed=12, kills=11, signals=700, users=8, max_batch=15, upkeep="all but the stream"
    )
    test = CrashTest(ordeal, world, tmp_path, monkeypatch)
    with test.servers():
        test.run()
        assert_whole(test.world, test.sent)
        assert_nobody(test.world, test.forgotten)
    assert min(test.report.upkeep[work] for work in ("verify", "resync", "rebuild", "forget")) > 0
