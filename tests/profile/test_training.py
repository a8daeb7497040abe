"""`oo train` writes what serving saw, or would have seen, at each row's time."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.world import SignalData, signal

from oo_profile.storage import tail_marks
from oo_profile.storage.database import connect
from oo_profile.storage.tail_marks import TailMark
from oo_profile.training.service_needs import ServiceNeeds
from oo_profile.training.trainer import Reading, Trainer
from oo_transforms.clock import to_micros, with_clock

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CANDIDATE = {"created_at": MARCH.timestamp() - 5e5, "due_at": None, "priority": 2}


def people() -> list[SignalData]:
    """Return signals of two people, who live at different offsets and move."""
    signals = []
    for day in range(10):
        at = MARCH - day * DAY
        offset = 60 if day > 4 else -300
        for user in ("007", "ada"):
            clock = {"utc_offset_minutes": offset if user == "ada" else 330}
            task = {"task_id": f"t{day}", "category": ["fix", "feat"][day % 2]}
            signals += [
                signal("task.created", user, at, f"c{day}", priority=1, **task, **clock),
                signal("task.completed", user, at, f"d{day}", **task, **clock),
                signal("app.session", user, at, f"s{day}", duration_seconds=60 * day, **clock),
                signal("tip.shown", user, at, f"p{day}", tip_id="p", category="fix", **clock),
            ]
    return signals


def rows(count: int = 6) -> pd.DataFrame:
    """Return entity rows that `bandit_v2` can take, in no order of time or user."""
    return pd.DataFrame(
        [
            {
                "label": number % 2,
                "user_id": ("ada", "007", "nobody")[number % 3],
                "event_timestamp": pd.Timestamp(MARCH - (number * 7 % 5) * DAY),
                "category": ("fix", None)[number % 2],
                **CANDIDATE,
            }
            for number in range(count)
        ]
    )


def train(world: World, entities: pd.DataFrame, *options: str, service: str = "bandit_v2") -> Any:  # noqa: ANN401 - frame and text
    """Run the command on Parquet files; return the training set and what was printed."""
    folder = world.settings.db.parent
    entities.to_parquet(folder / "entities.parquet", index=False)
    files = (str(folder / "entities.parquet"), "--out", str(folder / "out.parquet"))
    result = world.oo("train", *files, "--service", service, *options)
    return pd.read_parquet(folder / "out.parquet"), result.stdout


def vector(world: World, service: str) -> list[str]:
    """Return a service's features in its order."""
    found = world.store.get_feature_service(service)
    return [f.name for p in found.feature_view_projections for f in p.features]


def test_values_are_those_that_serving_gives_at_the_same_now(world: World) -> None:
    """For rows at the newest state, each feature is the number that Redis gives, bit by bit."""
    world.publish_and_build(people())
    entities = rows(3).assign(event_timestamp=pd.Timestamp(MARCH + timedelta(hours=1)))
    made, _ = train(world, entities)
    names = vector(world, "bandit_v2")
    request = made[["user_id", "now", "utc_offset_minutes", *CANDIDATE, "category"]]
    asked = request.astype(object).where(request.notna(), None).to_dict("records")
    for row in asked:
        row["priority"] = float(row["priority"])
    service = world.store.get_feature_service("bandit_v2")
    served = world.store.get_online_features(service, asked).to_dict()
    assert {name: made[name].tolist() for name in names} == {name: served[name] for name in names}


def test_columns_are_the_entitys_then_the_services_in_its_order(world: World) -> None:
    """Rows and entity columns keep order and types; state columns are left out."""
    world.publish_and_build(people())
    entities = rows(7).assign(label=pd.array([1, None, 0, 1, 0, 1, 1], dtype="Int8"))
    train(world, entities)
    made = pq.read_table(world.settings.db.parent / "out.parquet")
    given = pq.read_table(world.settings.db.parent / "entities.parquet")
    filled = ["now", "utc_offset_minutes"]
    names = vector(world, "bandit_v2")
    assert made.column_names == [*given.column_names, *filled, *names]
    assert made.select(given.column_names).equals(given)
    kinds = {name: str(made.schema.field(name).type) for name in (*filled, *names)}
    assert {kinds.pop(name) for name in ("is_overdue", "is_weekend")} == {"bool"}
    assert kinds.pop("utc_offset_minutes") == "int64"
    assert set(kinds.values()) == {"double"}


def test_missing_clocks_are_filled_and_counted(world: World) -> None:
    """`now` is the event time; the offset that of the newest signal by then, 0 without one."""
    world.publish_and_build(people())
    entities = rows(6).assign(
        now=[math.nan, 1.7e9, *[math.nan] * 4], utc_offset_minutes=[*[math.nan] * 3, 5, 5, 5]
    )
    made, text = train(world, entities)
    times = entities["event_timestamp"].map(pd.Timestamp.timestamp)
    assert made["now"].tolist() == [times[0], 1.7e9, *times[2:]]
    assert made["utc_offset_minutes"].tolist() == [-300, 330, 0, 5, 5, 5]
    assert "now: filled in 5 rows, from event_timestamp" in text
    assert "utc_offset_minutes: filled in 3 rows" in text
    assert "1 of them had no signal by then" in text
    six_days_ago = entities.assign(event_timestamp=pd.Timestamp(MARCH - 6 * DAY))
    assert train(world, six_days_ago)[0]["utc_offset_minutes"].tolist()[0] == 60


def test_a_notebook_gets_the_same_with_the_clock_filled_by_hand(world: World) -> None:
    """`with_clock` and Feast's own call give the numbers that the command writes."""
    world.publish_and_build(people())
    made, _ = train(world, rows(6))
    filled = with_clock(rows(6), made["utc_offset_minutes"])
    service = world.store.get_feature_service("bandit_v2")
    answer = world.store.get_historical_features(filled, service).to_df()
    names = vector(world, "bandit_v2")
    pd.testing.assert_frame_equal(made[names], answer[names])


def test_what_was_seen_differs_where_signals_came_late(world: World) -> None:
    """Everything here was received today: nothing was known then, and the share says so."""
    world.publish_and_build(people())
    entities = rows(6)
    true, text = train(world, entities)
    assert "corrected, as true by now; what was seen then differs in 4 rows (66.7%)" in text
    assert "a second read of" in text
    seen, text = train(world, entities, "--as", "seen")
    assert "as seen then; what is true by now differs in 4 rows (66.7%)" in text
    assert (seen["completion_rate"] == 0.5).all()
    assert (true["completion_rate"] != 0.5).tolist() == [True, True, False] * 2
    assert (seen["utc_offset_minutes"] == 0).all()
    tomorrow = entities.assign(event_timestamp=pd.Timestamp.now(UTC) + DAY)
    assert "differs in 0 rows (0.0%)" in train(world, tomorrow)[1]


def test_rows_of_a_history_that_is_being_corrected_are_told(world: World) -> None:
    """From the mark on, in a view that the service reads; what was seen needs no correction."""
    world.publish_and_build(people())
    marks = [("ada", "task_state"), ("007", "mood_state"), ("grace", "tip_state")]
    first_us = to_micros(MARCH - DAY)
    with contextlib.closing(connect(world.settings.db)) as connection:
        tail_marks.lower_many(connection, [TailMark(*mark, first_us) for mark in marks])
    assert "may lack some of them in 2 rows of 1 user," in train(world, rows(7))[1]
    assert "may lack some of them" in train(world, rows(7), "--as", "seen")[1]
    assert "lack" not in train(world, rows(7), "--as", "seen", "--no-compare")[1]
    with contextlib.closing(connect(world.settings.db)) as connection:
        tail_marks.remove(connection, "ada")
    assert "lack" not in train(world, rows(7))[1]


def test_the_second_read_can_be_left_out(world: World) -> None:
    """Then nothing is said of rows that differ."""
    world.publish_and_build(people())
    made, text = train(world, rows(4), "--no-compare")
    assert "differ" not in text
    pd.testing.assert_frame_equal(made, train(world, rows(4))[0])


def test_retrieval_in_parts_gives_the_whole(world: World) -> None:
    """However many rows are read at once, the set is the same; none are read of none."""
    world.publish_and_build(people())
    table = pa.Table.from_pandas(rows(11))
    needs = ServiceNeeds.of(world.store, "bandit_v2")
    whole, parts, none = (
        Trainer(world.store, world.settings.db, needs, chunk=chunk).make(given, Reading.SEEN)
        for chunk, given in ((100, table), (3, table), (3, table.slice(0, 0)))
    )
    assert whole.table.equals(parts.table)
    assert none.table.num_rows == 0
    assert none.table.schema.names == whole.table.schema.names
