"""Plain rows are written as a whole, an entity's together, and the last one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.redis_repo import HABIT, make_project

from oo_stores.errors import EntityKeyError, FeatureValueError, UnknownFeatureError
from oo_stores.redis import OnlineRow
from oo_stores.redis.rows import RowLayout
from oo_stores.redis.store import COMMANDS_PER_ROUND_TRIP

if TYPE_CHECKING:
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.values import PlainValue

pytestmark = pytest.mark.live


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Project:
    """Give the project with our store."""
    return make_project(tmp_path, redis_address)


def user(number: int, values: dict[str, PlainValue], at: int = 1) -> OnlineRow:
    """Build a row of a user."""
    return OnlineRow({"user_id": f"u{number}"}, values, at, at)


def test_rows_of_one_entity_are_one_command(project: Project) -> None:
    """Rows of two views for one user are one HSET, and both views answer."""
    before = project.redis.hset_calls()
    habit, mood = project.view("habit"), project.view("mood")
    written = project.online.write_views(
        project.config, [(habit, user(1, HABIT)), (mood, user(1, {"joy": 0.5}))]
    )
    assert (written, project.redis.hset_calls() - before) == (2, 1)
    assert project.read("habit", {"user_id": "u1"}) == HABIT
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 0.5}


def test_rows_beyond_a_round_trip_are_all_written(project: Project) -> None:
    """More entities than a pipeline holds are all there, however views interleave."""
    count = COMMANDS_PER_ROUND_TRIP + 1
    habit, mood = project.view("habit"), project.view("mood")
    rows = [(mood, user(n, {"joy": n / 2})) for n in range(count)]
    rows += [(habit, user(n, {"orders": n})) for n in range(count)]
    assert project.online.write_views(project.config, iter(rows)) == 2 * count
    assert len(project.redis.keys()) == count
    for n in (0, 1, count - 1):
        assert project.read("mood", {"user_id": f"u{n}"}) == {"joy": n / 2}
        assert project.read("habit", {"user_id": f"u{n}"})["orders"] == n


def test_the_row_written_last_wins(project: Project) -> None:
    """A later row replaces an earlier one whatever its times, within a call and over calls."""
    mood = project.view("mood")
    rows = [user(1, {"joy": 1.0}, at=9), user(1, {"joy": 2.0}, at=8)]
    project.online.write_rows(project.config, mood, rows)
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 2.0}
    project.online.write_rows(project.config, mood, [user(1, {"joy": None}, at=7)])
    assert project.read("mood", {"user_id": "u1"}) == {"joy": None}
    assert project.redis.hash(project.redis.only_key())[b"_created:mood"] == b"7"


def test_a_feature_that_is_left_out_keeps_its_value(project: Project) -> None:
    """A row with some of a view's features leaves the others as they are."""
    habit = project.view("habit")
    project.online.write_rows(project.config, habit, [user(1, HABIT)])
    project.online.write_rows(project.config, habit, [user(1, {"city": "Bern"})])
    assert project.read("habit", {"user_id": "u1"}) == {**HABIT, "city": "Bern"}


def test_no_rows_are_no_commands(project: Project) -> None:
    """An empty call writes nothing and says so."""
    before = project.redis.hset_calls()
    assert project.online.write_rows(project.config, project.view("mood"), []) == 0
    assert project.redis.hset_calls() == before


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        (OnlineRow({}, {}, 1, 1), EntityKeyError, "keyed by ['user_id']"),
        (user(1, {"joi": 1.0}), UnknownFeatureError, "mood has no feature 'joi'; it has ['joy']"),
        (user(1, {"joy": "much"}), FeatureValueError, "mood:joy cannot hold 'much'"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    project: Project, row: OnlineRow, error: type[Exception], message: str
) -> None:
    """A wrong row names view and fault, and the rows around it are not written either."""
    rows = [user(2, {"joy": 1.0}), row, user(3, {"joy": 1.0})]
    with pytest.raises(error) as caught:
        project.online.write_rows(project.config, project.view("mood"), rows)
    assert message in str(caught.value)
    assert len(project.redis.keys()) == 0


def test_the_lifetime_of_keys_is_read_at_each_write(project: Project) -> None:
    """`key_ttl_seconds` set on the live config takes effect with the next write."""
    mood = project.view("mood")
    project.online.write_rows(project.config, mood, [user(1, {"joy": 1.0})])
    key = project.redis.only_key()
    assert project.redis.ttl(key) == -1
    project.config.online_store.key_ttl_seconds = 500
    project.online.write_rows(project.config, mood, [user(1, {"joy": 1.0})])
    assert 0 < project.redis.ttl(key) <= 500


def test_a_layout_carries_the_views_version(project: Project) -> None:
    """Where views are versioned, a version's fields are its own."""
    mood = project.view("mood")
    mood.current_version_number = 2
    project.config.registry.enable_online_feature_view_versioning = True
    assert RowLayout.of(mood, project.config).event_time_field == b"_ts:mood_v2"
