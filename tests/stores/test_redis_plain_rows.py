"""Plain rows are written as a whole, an entity's together, and the newest one wins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.redis_repo import HABIT, make_project

from oo_stores.errors import EntityKeyError, FeatureValueError, UnknownFeatureError
from oo_stores.redis import OnlineRow
from oo_stores.redis.rounds import ROWS_PER_ROUND_TRIP
from oo_stores.redis.rows import RowLayout
from oo_stores.redis.writes import ROWS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.values import PlainValue

pytestmark = pytest.mark.live


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Iterator[Project]:
    """Give the project with our store."""
    made = make_project(tmp_path, redis_address)
    yield made
    asyncio.run(made.online.close())


def user(number: int, values: dict[str, PlainValue], at: int = 1) -> OnlineRow:
    """Build a row of a user."""
    return OnlineRow({"user_id": f"u{number}"}, values, at, at)


def test_rows_of_one_entity_are_one_command(project: Project) -> None:
    """Rows of two views for one user are one run of the script, and both views answer."""
    project.online.write_rows(project.config, project.view("mood"), [user(2, {"joy": 1.0})])
    before = project.redis.script_calls()
    habit, mood = project.view("habit"), project.view("mood")
    written = project.online.write_views(
        project.config, [(habit, user(1, HABIT)), (mood, user(1, {"joy": 0.5}))]
    )
    assert (written, project.redis.script_calls() - before) == (2, 1)
    assert project.read("habit", {"user_id": "u1"}) == HABIT
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 0.5}


def test_rows_beyond_a_round_trip_are_all_written(project: Project) -> None:
    """More entities than a pipeline holds are all there, however views interleave."""
    count = ROWS_PER_ROUND_TRIP + 1
    habit, mood = project.view("habit"), project.view("mood")
    rows = [(mood, user(n, {"joy": n / 2})) for n in range(count)]
    rows += [(habit, user(n, {"orders": n})) for n in range(count)]
    assert project.online.write_views(project.config, iter(rows)) == 2 * count
    assert len(project.redis.keys()) == count
    for n in (0, 1, count - 1):
        assert project.read("mood", {"user_id": f"u{n}"}) == {"joy": n / 2}
        assert project.read("habit", {"user_id": f"u{n}"})["orders"] == n


def test_many_rows_of_one_entity_are_several_commands(project: Project) -> None:
    """However many versions of one entity come, no run of the script takes more than its share."""
    mood = project.view("mood")
    project.online.write_rows(project.config, mood, [user(1, {"joy": 0.5}, at=0)])
    before = project.redis.script_calls()
    versions = (user(1, {"joy": float(at)}, at) for at in range(1, ROWS_PER_ROUND_TRIP + 301))
    assert project.online.write_rows(project.config, mood, versions) == ROWS_PER_ROUND_TRIP + 300
    assert project.redis.script_calls() - before == ROWS_PER_ROUND_TRIP // ROWS_PER_CALL + 3
    assert project.read("mood", {"user_id": "u1"}) == {"joy": ROWS_PER_ROUND_TRIP + 300.0}


def test_values_of_any_size_are_written(project: Project) -> None:
    """Values whose sizes take one to four bytes come back as they were, in one call."""
    texts = ["x" * size for size in (0, 1, 255, 256, 65_535, 65_536, 16_777_216, 3)]
    habit = project.view("habit")
    rows = [user(n, {"city": text, "orders": n}) for n, text in enumerate(texts)]
    assert project.online.write_rows(project.config, habit, rows) == len(texts)
    for n, text in enumerate(texts):
        found = project.read("habit", {"user_id": f"u{n}"})
        assert (found["city"] == text, found["orders"]) == (True, n)


def test_the_newest_row_wins(project: Project) -> None:
    """Of rows of one entity the newest stays, within a call and over calls, and is counted."""
    mood = project.view("mood")
    rows = [user(1, {"joy": 1.0}, at=9), user(1, {"joy": 2.0}, at=8), user(2, {"joy": 5.0})]
    assert project.online.write_rows(project.config, mood, rows) == 2
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 1.0}
    assert project.online.write_rows(project.config, mood, [user(1, {"joy": 3.0}, at=7)]) == 0
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 1.0}
    assert project.online.write_rows(project.config, mood, [user(1, {"joy": None}, at=9)]) == 1
    assert project.read("mood", {"user_id": "u1"}) == {"joy": None}


def test_views_of_one_entity_are_compared_apart(project: Project) -> None:
    """An old row of one view does not keep a new one of another from being written."""
    habit, mood = project.view("habit"), project.view("mood")
    project.online.write_rows(project.config, mood, [user(1, {"joy": 1.0}, at=9)])
    rows = [(mood, user(1, {"joy": 2.0}, at=8)), (habit, user(1, HABIT, at=1))]
    assert project.online.write_views(project.config, rows) == 1
    assert project.read("habit", {"user_id": "u1"}) == HABIT
    assert project.read("mood", {"user_id": "u1"}) == {"joy": 1.0}


def test_a_feature_that_is_left_out_keeps_its_value(project: Project) -> None:
    """A row with some of a view's features leaves the others as they are."""
    habit = project.view("habit")
    project.online.write_rows(project.config, habit, [user(1, HABIT)])
    project.online.write_rows(project.config, habit, [user(1, {"city": "Bern"})])
    assert project.read("habit", {"user_id": "u1"}) == {**HABIT, "city": "Bern"}


def test_no_rows_are_no_commands(project: Project) -> None:
    """An empty call writes nothing and says so."""
    before = project.redis.script_calls()
    assert project.online.write_rows(project.config, project.view("mood"), []) == 0
    assert project.redis.script_calls() == before


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
    row = RowLayout(mood, project.config).hash_row(user(1, {}))
    assert row.names == (b"_created:mood_v2", b"_ts:mood_v2")
