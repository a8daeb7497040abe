"""What another bandit has learned becomes part of a user's log, and can be given away again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.all_kinds import all_kinds
from support.another_bandit import AS_OF, NAMES, SCALE, lines, record, vectors
from support.building import build_until, number_of, publish_signals, rows

from oo_profile.learned.files import read_records
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.prune import prune
from oo_profile.upkeep.rebuild import rebuild
from oo_profile.upkeep.verify import verify
from oo_transforms.clock import to_micros
from oo_transforms.learned import LEARNED_VIEWS, square
from oo_transforms.policies import BANDIT_V1, BANDIT_V2

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

pytestmark = pytest.mark.live


def newest(world: World, place: int, user_id: str) -> tuple[float, Any, Any]:
    """Read count, outer and rewards of a user's newest learned state."""
    view = LEARNED_VIEWS[place]
    with reading(world.settings.db) as connection:
        version = StateTable(view).newest(connection, user_id)
    assert version is not None
    _, count, outer, rewards = version.cells
    assert isinstance(count, float)
    return count, square(np.asarray(outer), len(np.asarray(rewards))), np.asarray(rewards)


def served_counts(world: World) -> list[float | None]:
    """Read what Redis serves of ada and bob."""
    answer = world.store.get_online_features(
        ["policy_state_bandit_v1:policy_bandit_v1_count"],
        [{"user_id": "ada"}, {"user_id": "bob"}],
    ).to_dict()
    counts: list[float | None] = answer["policy_bandit_v1_count"]
    return counts


def assert_holds(world: World) -> None:
    """Assert that everything is what the log says, in SQLite and in Redis."""
    found = verify(world.settings, world.store)
    assert found.holds, found.findings.tallies


def test_it_enters_every_policy_by_name_and_scale(world: World, tmp_path: Path) -> None:
    """The block that both know, with the ridge taken off, rescaled; the rest stays unknown."""
    file = lines(tmp_path / "learned.jsonl", record("ada"))
    assert "learned state of 1 user was taken in" in world.oo("bandit", "import", str(file)).output
    x = vectors(1)
    rewarded = x[:, 1] > 0
    for place, policy in enumerate((BANDIT_V1, BANDIT_V2)):
        scales = {"constant": 1.0, **{given.name: given.scale for given in policy.inputs}}
        ours = np.zeros((len(x), len(policy.dimensions)))
        for at, name in enumerate(NAMES):
            ours[:, policy.dimensions.index(name)] = x[:, at] * SCALE[name] / scales[name]
        count, outer, rewards = newest(world, place, "ada")
        assert count == pytest.approx(20)
        np.testing.assert_allclose(outer, ours.T @ ours, atol=1e-9)
        np.testing.assert_allclose(rewards, ours.T @ rewarded, atol=1e-9)
    assert_holds(world)
    assert rebuild(world.settings, world.store).repaired_rows == 0


def test_it_adds_to_what_was_learned_here(world: World, tmp_path: Path) -> None:
    """Late, it corrects the versions after its moment; again, it is known and adds nothing."""
    publish_signals(world, all_kinds(["ada"], 3))
    build_until(world, lambda: number_of(world, "signals") == 27)
    count, outer, _ = newest(world, 1, "ada")
    file = lines(tmp_path / "learned.jsonl", record("ada"))
    world.oo("bandit", "import", str(file))
    after, added, _ = newest(world, 1, "ada")
    assert count < after < count + 20
    assert added[0, 0] - outer[0, 0] == pytest.approx(after - count)
    assert "of 1 user it was in already" in world.oo("bandit", "import", str(file)).output
    assert newest(world, 1, "ada")[0] == after
    publish_signals(world, all_kinds(["ada"], 1, first=3))
    build_until(world, lambda: number_of(world, "signals") == 37)
    assert newest(world, 1, "ada")[0] > after
    assert_holds(world)


def test_a_second_import_replaces_only_if_told(world: World, tmp_path: Path) -> None:
    """Two of one bandit would count its decisions twice."""
    world.oo("bandit", "import", str(lines(tmp_path / "one.jsonl", record("ada"))))
    other = lines(tmp_path / "other.jsonl", record("bob"), record("ada", seed=2))
    refused = world.oo("bandit", "import", str(other), code=1).stderr
    assert "line 2: something else was imported of 'ada': --replace" in refused
    assert number_of(world, "signals") == 1
    world.oo("bandit", "import", str(other), "--replace")
    assert number_of(world, "signals") == 2
    assert newest(world, 0, "ada")[0] == pytest.approx(20)
    assert_holds(world)


def test_forget_and_prune_know_it(world: World, tmp_path: Path) -> None:
    """Pruned, it stays in the state that stands for it; forgotten, it is gone and stays out."""
    file = lines(tmp_path / "learned.jsonl", record("ada"), record("bob"))
    world.oo("bandit", "import", str(file))
    assert served_counts(world) == [pytest.approx(20)] * 2
    received = rows(world, "SELECT max(received_at) FROM signals")
    prune(world.settings.db, received[0][0] + 1)
    assert number_of(world, "signals") == 0
    assert "of 2 users it was in already" in world.oo("bandit", "import", str(file)).output
    assert rebuild(world.settings, world.store).repaired_rows == 0
    assert served_counts(world) == [pytest.approx(20)] * 2
    publish_signals(world, all_kinds(["carl"], 1))
    world.oo("forget", "ada", "--yes")
    assert served_counts(world) == [None, pytest.approx(20)]
    refused = world.oo("bandit", "import", str(file), code=1).stderr
    assert "line 1: 'ada' was forgotten" in refused
    assert_holds(world)


@pytest.mark.parametrize("name", ["taken.jsonl", "taken.jsonl.gz", "taken.npz"])
def test_an_export_comes_back_the_same(world: World, tmp_path: Path, name: str) -> None:
    """Sums, counts and moments to 1e-9, in every form, over another bandit's import."""
    file = lines(tmp_path / "learned.jsonl", record("ada"), record("bob", seed=2))
    world.oo("bandit", "import", str(file))
    taken = tmp_path / name
    world.oo("bandit", "export", str(taken), "--service", "bandit_v1")
    assert taken.stat().st_mode & 0o77 == 0
    before = [newest(world, 0, user) for user in ("ada", "bob")]
    read = [one.record for one in read_records(taken)]
    assert [one.user_id for one in read if one] == ["ada", "bob"]
    assert {one.as_of_us for one in read if one} == {to_micros_of(AS_OF)}
    world.oo("bandit", "import", str(taken), "--replace")
    for user, expected in zip(("ada", "bob"), before, strict=True):
        for one, other in zip(newest(world, 0, user), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def to_micros_of(text: str) -> int:
    """Read an instant."""
    from datetime import datetime  # noqa: PLC0415 - here alone

    return to_micros(datetime.fromisoformat(text))
