"""What a writer may rely on, through Feast's public calls."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.data_source import PushMode
from support.contract_project import HOUR, NOW, contract, objects

if TYPE_CHECKING:
    from pathlib import Path

    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
HABIT: dict[str, Any] = {"visits": 1.5, "orders": 3, "brands": ["a"], "picture": b"\x00\xff"}


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give the project, whose clock is far from any TTL."""
    return contract(tmp_path, redis_address, ttl_clock="now")


def frame(*rows: tuple[str, float, timedelta, timedelta]) -> pd.DataFrame:
    """Build a frame of `mood`: user, joy, event time and created time after `NOW`."""
    return pd.DataFrame(
        [
            {"user_id": user, "joy": joy, "event_timestamp": NOW + at, "created": NOW + made}
            for user, joy, at, made in rows
        ]
    )


def test_an_older_row_never_overwrites(shop: Contract) -> None:
    """A row with an older event time leaves the newer one, values and time."""
    shop.write("mood", NOW, user_id="u", joy=1.0)
    shop.write("mood", NOW - HOUR, made=NOW + HOUR, user_id="u", joy=2.0)
    answer = shop.feast.get_online_features(["mood:joy"], [{"user_id": "u"}])
    found = answer.to_dict(include_event_timestamps=True)
    assert (found["joy"], found["joy__ts"]) == ([1.0], [int(NOW.timestamp())])


def test_an_older_row_of_a_batch_never_overwrites(shop: Contract) -> None:
    """Within one frame the newest row of an entity wins, wherever it stands."""
    late, early = (HOUR, HOUR), (timedelta(0), 2 * HOUR)
    shop.feast.write_to_online_store("mood", frame(("u", 1.0, *late), ("u", 2.0, *early)))
    shop.feast.write_to_online_store("mood", frame(("v", 2.0, *early), ("v", 1.0, *late)))
    assert shop.read("mood:joy", user_id="u") == {"joy": 1.0}
    assert shop.read("mood:joy", user_id="v") == {"joy": 1.0}


def test_the_later_created_wins_a_tie(shop: Contract) -> None:
    """At equal event times the row created later stands, in whichever order they come."""
    shop.write("mood", NOW, made=NOW + HOUR, user_id="u", joy=2.0)
    shop.write("mood", NOW, made=NOW, user_id="u", joy=1.0)
    assert shop.read("mood:joy", user_id="u") == {"joy": 2.0}
    shop.write("mood", NOW, made=NOW + 2 * HOUR, user_id="u", joy=3.0)
    assert shop.read("mood:joy", user_id="u") == {"joy": 3.0}


def test_state_may_change_under_the_same_event_time(shop: Contract) -> None:
    """A row of the same event and created time is written; stock would leave it out."""
    shop.write("mood", NOW, user_id="u", joy=1.0)
    shop.write("mood", NOW, user_id="u", joy=2.0)
    assert shop.read("mood:joy", user_id="u") == {"joy": 2.0}


def test_materialize_never_undoes_a_later_write(shop: Contract) -> None:
    """What was written online after the source's row stays when the source is materialized."""
    shop.write("mood", NOW, user_id="u", joy=2.0)
    source = frame(("u", 1.0, -HOUR, -HOUR), ("v", 1.0, -HOUR, -HOUR))
    source.to_parquet(shop.folder / "rows.parquet")
    shop.feast.materialize(NOW - 2 * HOUR, NOW + HOUR, ["mood"], disable_event_timestamp=False)
    assert shop.read("mood:joy", user_id="u") == {"joy": 2.0}
    assert shop.read("mood:joy", user_id="v") == {"joy": 1.0}


def test_async_writes_follow_the_same_rules(shop: Contract) -> None:
    """The async twin writes what is newer and leaves what is older, over several loops."""
    for joy, at in ((1.0, HOUR), (2.0, timedelta(0))):
        asyncio.run(shop.feast.write_to_online_store_async("mood", frame(("u", joy, at, at))))
    assert shop.read("mood:joy", user_id="u") == {"joy": 1.0}


def test_a_view_without_entities_is_written_and_read(shop: Contract) -> None:
    """What `write_to_online_store` writes of such a view is read; stock does not find it."""
    shop.write("weather", rain=0.5)
    assert shop.read("weather:rain", user_id="anybody") == {"rain": 0.5}


def test_pushed_rows_are_read(shop: Contract) -> None:
    """A push source writes the views that read it."""
    shop.feast.push("moods", frame(("u", 4.0, HOUR, HOUR)), to=PushMode.ONLINE)
    assert shop.read("mood:joy", user_id="u") == {"joy": 4.0}


def test_a_dict_is_taken_like_a_frame(shop: Contract) -> None:
    """Columns in a dict are written as a frame's."""
    columns: dict[str, list[Any]] = {
        "user_id": ["u"],
        "joy": [1.5],
        "event_timestamp": [NOW],
        "created": [NOW],
    }
    shop.feast.write_to_online_store("mood", inputs=columns)
    assert shop.read("mood:joy", user_id="u") == {"joy": 1.5}


@pytest.mark.parametrize("rows", [[], [("u", None, HOUR, HOUR)]])
def test_empty_frames_warn_and_write_nothing(shop: Contract, rows: list[Any]) -> None:
    """A frame without rows, or without any value, warns, and Redis stays empty."""
    empty = frame(*rows) if rows else frame(("u", 1.0, HOUR, HOUR))[:0]
    with pytest.warns(UserWarning, match="Cannot write"):
        shop.feast.write_to_online_store("mood", empty)
    assert shop.redis.keys() == []


def test_bytes_pass_through_unchanged(shop: Contract) -> None:
    """Any bytes come back as they were."""
    shop.write("habit", user_id="u", **HABIT)
    assert shop.read("habit:picture", user_id="u") == {"picture": b"\x00\xff"}


def test_a_key_ttl_set_on_the_live_config_counts(shop: Contract) -> None:
    """`key_ttl_seconds` takes effect on the next write, without a new store."""
    shop.write("mood", user_id="u", joy=1.0)
    key = shop.redis.only_key()
    assert shop.redis.ttl(key) == -1
    shop.feast.config.online_store.key_ttl_seconds = 500
    shop.write("mood", NOW + HOUR, user_id="u", joy=2.0)
    assert 0 < shop.redis.ttl(key) <= 500


def test_deleting_a_view_keeps_the_others_of_its_entity(shop: Contract) -> None:
    """After a view is deleted the entity's other views answer as before."""
    shop.write("mood", user_id="u", joy=1.0)
    shop.write("habit", user_id="u", **HABIT)
    shop.delete_view("mood")
    assert shop.read("habit:visits", user_id="u") == {"visits": 1.5}


def test_a_view_applied_again_shows_no_old_values(shop: Contract) -> None:
    """Deleted and applied anew a view is empty, also for keys that were read before."""
    shop.write("mood", user_id="u", joy=1.0)
    assert shop.read("mood:joy", user_id="u") == {"joy": 1.0}
    shop.delete_view("mood")
    shop.feast.apply(objects(shop.folder))
    assert shop.read("mood:joy", user_id="u") == {"joy": None}


def test_teardown_leaves_nothing(shop: Contract) -> None:
    """Tearing the project down removes its rows."""
    shop.write("mood", user_id="u", joy=1.0)
    shop.write("shelf", shop_id=5, items=7)
    shop.feast.teardown()  # type: ignore[no-untyped-call]
    assert shop.redis.keys() == []
