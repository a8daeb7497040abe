"""Replacing a view's row makes Redis hold exactly that row, whatever it held before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.redis_repo import HABIT, make_project

from oo_stores.redis import OnlineColumns, OnlineRow, Replacement, StoredRow
from oo_stores.redis.repairs import ROWS_REPLACED_PER_ROUND_TRIP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.values import PlainValue

pytestmark = pytest.mark.live

LATER_US = 4_000_000_000_000_000
ADA: dict[str, Any] = {"user_id": "ada"}


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Project:
    """Give a project without any rows."""
    return make_project(tmp_path, redis_address)


def replace(project: Project, *there: tuple[str, OnlineRow | None]) -> int:
    """Replace rows of one user."""
    rows = [(project.view(name), columns([row])) for name, row in there if row is not None]
    gone = [(project.view(name), {"user_id": ["ada"]}) for name, row in there if row is None]
    return project.online.repairs(project.config).replace([Replacement(rows, gone)])


def columns(rows: Sequence[OnlineRow]) -> OnlineColumns:
    """Write rows of one kind column by column."""
    return OnlineColumns(
        {name: [row.join_keys[name] for row in rows] for name in rows[0].join_keys},
        {name: [row.values[name] for row in rows] for name in rows[0].values},
        [row.event_time_us for row in rows],
        [row.created_time_us for row in rows],
    )


def habit(time_us: int, **values: PlainValue) -> OnlineRow:
    """Make a row of the view with all types."""
    return OnlineRow(ADA, {**HABIT, **values}, time_us, time_us)


def stored(project: Project, *names: str) -> list[StoredRow | None]:
    """Read what is stored of one user."""
    asked = [(project.view(name), ADA) for name in names]
    return project.online.repairs(project.config).stored_rows(asked)


def a_later_row(project: Project) -> None:
    """Store a row that is newer than any other will be."""
    project.online.write_rows(project.config, project.view("habit"), [habit(LATER_US, city="?")])


def another_kind_of_key(project: Project) -> None:
    """Put a text where the entity's hash was."""
    key = project.redis.only_key()
    project.redis.client.set(key, b"no hash")


def what_nobody_can_read(project: Project) -> None:
    """Overwrite every field."""
    key = project.redis.only_key()
    for field in project.redis.hash(key):
        project.redis.put(key, field, b"\xff\xff")


def nothing(project: Project) -> None:
    """Lose everything."""
    project.redis.client.flushall()


@pytest.mark.parametrize(
    "damage", [a_later_row, another_kind_of_key, what_nobody_can_read, nothing]
)
def test_whatever_is_stored_gives_way(project: Project, damage: Callable[[Project], None]) -> None:
    """After a later event time, another type of key, garbage or a loss the hash is as written."""
    replace(project, ("habit", habit(5)))
    before = project.redis.hashes()
    damage(project)
    assert replace(project, ("habit", habit(5))) == 1
    assert project.redis.hashes() == before
    assert project.read("habit", ADA) == {**HABIT, "score": 0.5}


def test_a_view_without_a_row_goes_alone(project: Project) -> None:
    """Its fields are deleted, those of other views stay; the last view takes the key along."""
    replace(project, ("habit", habit(5)), ("mood", OnlineRow(ADA, {"joy": 0.5}, 6, 6)))
    assert replace(project, ("habit", None)) == 0
    assert project.read("mood", ADA) == {"joy": 0.5}
    assert stored(project, "habit", "mood") == [None, StoredRow({"joy": 0.5}, 6, 6)]
    replace(project, ("mood", None))
    assert project.redis.keys() == []


def test_a_feature_that_the_row_lacks_is_null(project: Project) -> None:
    """Nothing of the row before shows through."""
    replace(project, ("habit", habit(5)))
    replace(project, ("habit", OnlineRow(ADA, {"city": "Bern"}, 4, 4)))
    assert project.read("habit", ADA) == dict.fromkeys(HABIT) | {"city": "Bern"}


def test_many_rows_take_several_round_trips(project: Project) -> None:
    """Each entity gets its own row, and all of them are listed."""
    users = [f"u{number}" for number in range(ROWS_REPLACED_PER_ROUND_TRIP + 50)]
    view = project.view("mood")
    rows = [OnlineRow({"user_id": user}, {"joy": float(n)}, n, n) for n, user in enumerate(users)]
    repairs = project.online.repairs(project.config)
    assert repairs.replace([Replacement([(view, columns(rows))])]) == len(users)
    found = repairs.stored_rows([(view, row.join_keys) for row in rows])
    assert found == [StoredRow(dict(row.values), n, n) for n, row in enumerate(rows)]
    listed = repairs.entities(view)
    assert sorted(str(keys["user_id"]) for keys in listed) == sorted(users)


def test_entities_are_listed_by_keys_of_any_type(project: Project) -> None:
    """Numbers as well as texts, beyond ASCII too."""
    repairs = project.online.repairs(project.config)
    mood, stock = project.view("mood"), project.view("stock")
    replaced = [
        (mood, columns([OnlineRow({"user_id": "Zoë ☃"}, {"joy": 1.0}, 1, 1)])),
        (stock, columns([OnlineRow({"shop_id": -7}, {"items": 7}, 1, 1)])),
    ]
    repairs.replace([Replacement(replaced)])
    assert list(repairs.entities(mood)) == [{"user_id": "Zoë ☃"}]
    assert list(repairs.entities(stock)) == [{"shop_id": -7}]


def test_what_cannot_be_read_is_told(project: Project) -> None:
    """Bytes that are no value come as they are, and a key of another type says so."""
    replace(project, ("mood", OnlineRow(ADA, {"joy": 0.5}, 6, 6)))
    what_nobody_can_read(project)
    assert stored(project, "mood") == [StoredRow({"joy": b"\xff\xff"}, None, None)]
    another_kind_of_key(project)
    assert stored(project, "mood") == [StoredRow({}, None, None, is_hash=False)]


def test_keys_expire_as_after_a_write(tmp_path: Path, redis_address: str) -> None:
    """`key_ttl_seconds` holds here too."""
    project = make_project(tmp_path, redis_address, key_ttl_seconds=100)
    replace(project, ("habit", habit(5)))
    assert 0 < project.redis.ttl(project.redis.only_key()) <= 100
