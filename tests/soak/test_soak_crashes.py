"""The long form of `tests/profile/test_crashes.py`: `make soak`, a few minutes."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from support.crashes import CrashTest, Ordeal
from support.wholeness import assert_nobody, assert_whole

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
    ordeal = Ordeal(seed=seed(), kills=200, signals=40_000, users=16, max_batch=150)
    test = gone_through(ordeal, world, tmp_path, monkeypatch, capsys)
    assert set(test.report.at_step) == {step.name for step in Step}


def test_whoever_rebuilds_verifies_and_forgets_beside_it_sees_and_leaves_all_whole(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same with `oo verify`, `resync`, `rebuild --all` without end, and somebody forgotten."""
    ordeal = Ordeal(seed(), kills=100, signals=20_000, users=16, max_batch=150, upkeep="all")
    test = gone_through(ordeal, world, tmp_path, monkeypatch, capsys)
    assert min(test.report.upkeep[work] for work in ("verify", "resync", "rebuild", "forget")) > 0


def seed() -> int:
    """Return the seed that was asked for, or another one each time."""
    return int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))


def gone_through(
    ordeal: Ordeal,
    world: World,
    folder: Path,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CrashTest:
    """Go through an ordeal, say how it went, and assert that everything is whole; servers run."""
    with capsys.disabled():
        print(f"\n{ordeal}; again with `make soak SEED={ordeal.seed}`")  # noqa: T201 - what it is for
    test = CrashTest(ordeal, world, folder, environment)
    with test.servers():
        test.run()
        assert_whole(test.world, test.sent)
        # As an operator would look, too.
        test.world.oo("verify")
        if test.forgotten is not None:
            assert_nobody(test.world, test.forgotten)
            # It ends with 1 where it finds anything left.
            test.world.oo("forget", test.forgotten, "--yes")
    with capsys.disabled():
        print(test.report.text())  # noqa: T201 - as above
    assert test.report.killed.total() >= ordeal.kills
    return test
