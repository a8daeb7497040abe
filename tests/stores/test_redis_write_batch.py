"""Feast's own way to write keeps created times and leaves out no row unasked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs
from hypothesis import given, settings
from hypothesis import strategies as st
from support.redis_repo import make_project

from oo_stores.errors import FeatureValueError
from oo_stores.redis.rounds import ROWS_PER_ROUND_TRIP
from oo_stores.redis.rows import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.batches import FeastRow

    Write = Callable[[Project, list[FeastRow]], list[int]]

pytestmark = pytest.mark.live

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_US = 1_772_366_400_000_000


def write(project: Project, batch: list[FeastRow]) -> list[int]:
    """Write moods, and return what progress was told."""
    told: list[int] = []
    project.online.online_write_batch(project.config, project.view("mood"), batch, told.append)
    return told


def write_async(project: Project, batch: list[FeastRow]) -> list[int]:
    """Write moods by the asynchronous twin."""
    told: list[int] = []

    async def run() -> None:
        await project.online.online_write_batch_async(
            project.config, project.view("mood"), batch, told.append
        )
        await project.online.close()

    asyncio.run(run())
    return told


@pytest.fixture(params=[write, write_async], ids=["sync", "async"])
def writes(request: pytest.FixtureRequest) -> Write:
    """Give each of the two ways."""
    way: Write = request.param
    return way


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Project:
    """Give the project with our store."""
    return make_project(tmp_path, redis_address)


def mood(
    joy: float, at: datetime = NOON, made: datetime | None = NOON, user: str = "u"
) -> FeastRow:
    """Build a row as Feast hands it over."""
    key = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val=user)])
    return key, {"joy": Value(double_val=joy)}, at, made


def created(project: Project) -> bytes | None:
    """Return the stored created time of the only entity."""
    return project.redis.hash(project.redis.only_key()).get(b"_created:mood")


def test_a_created_time_is_stored(project: Project, writes: Write) -> None:
    """The created time stands beside the event time in microseconds, naive ones read as UTC."""
    writes(project, [mood(1.0, made=NOON.replace(tzinfo=None))])
    assert created(project) == b"%d" % NOON_US
    writes(project, [mood(1.0, made=NOON + timedelta(microseconds=7))])
    assert created(project) == b"%d" % (NOON_US + 7)


def test_a_row_without_created_time_leaves_none(project: Project, writes: Write) -> None:
    """The created time of an earlier row does not outlive it."""
    writes(project, [mood(1.0)])
    writes(project, [mood(2.0, made=None)])
    assert created(project) is None
    assert project.read("mood", {"user_id": "u"}) == {"joy": 2.0}


def test_a_late_correction_is_not_left_out(project: Project, writes: Write) -> None:
    """By default a row under an unchanged event time is written."""
    writes(project, [mood(1.0), mood(2.0)])
    assert project.read("mood", {"user_id": "u"}) == {"joy": 2.0}


def test_an_older_row_never_replaces_a_newer_one(project: Project, writes: Write) -> None:
    """Event times decide to the microsecond, within a batch and over batches."""
    later, earlier = NOON + timedelta(microseconds=1), NOON - timedelta(microseconds=1)
    told = writes(project, [mood(1.0), mood(2.0, later), mood(3.0), mood(4.0, earlier)])
    told += writes(project, [mood(5.0), mood(6.0, earlier)])
    assert project.read("mood", {"user_id": "u"}) == {"joy": 2.0}
    assert sum(told) == 6


def test_at_one_event_time_the_later_created_row_wins(project: Project, writes: Write) -> None:
    """A correction made later stays, whichever of the two comes last; the same one comes again."""
    later = NOON + timedelta(microseconds=1)
    writes(project, [mood(1.0, made=later), mood(2.0, made=NOON)])
    assert project.read("mood", {"user_id": "u"}) == {"joy": 1.0}
    writes(project, [mood(3.0, made=later)])
    assert project.read("mood", {"user_id": "u"}) == {"joy": 3.0}
    assert created(project) == b"%d" % (NOON_US + 1)


def test_a_missing_created_time_in_pandas_is_none(project: Project, writes: Write) -> None:
    """A created time that pandas calls NaT is no created time."""
    key, values, at, _ = mood(1.0)
    missing: Any = pd.NaT
    writes(project, [(key, values, at, missing)])
    assert created(project) is None


def test_a_row_without_event_time_is_refused(project: Project, writes: Write) -> None:
    """An event time that pandas calls NaT is named, and nothing is written."""
    missing: Any = pd.NaT
    with pytest.raises(FeatureValueError, match="mood:event time cannot hold NaT"):
        writes(project, [mood(1.0, missing)])
    assert project.redis.keys() == []


def test_asked_to_skip_the_check_the_last_row_wins(tmp_path: Path, redis_address: str) -> None:
    """With Feast's `skip_dedup` rows are written whatever is stored, and leave no created time."""
    project = make_project(tmp_path, redis_address, skip_dedup=True, key_ttl_seconds=500)
    earlier = NOON - timedelta(days=1)
    write(project, [mood(1.0), mood(2.0, earlier, None)])
    assert project.read("mood", {"user_id": "u"}) == {"joy": 2.0}
    assert created(project) is None
    assert project.redis.ttl(project.redis.only_key()) > 0


def test_a_row_of_thousands_of_features_is_written_whole(project: Project) -> None:
    """A row with more fields than Lua hands over at once is written all the same."""
    key, values, at, made = mood(1.0)
    values |= {f"f{n}": Value(double_val=n) for n in range(9_000)}
    write(project, [(key, values, at, made)])
    assert len(project.redis.hash(project.redis.only_key())) == 9_003


def test_progress_counts_rows_of_every_round_trip(project: Project, writes: Write) -> None:
    """Progress adds up to the rows, though a key's lifetime is a command too."""
    project.config.online_store.key_ttl_seconds = 500
    count = ROWS_PER_ROUND_TRIP + 1
    told = writes(project, [mood(1.0, user=f"u{n}") for n in range(count)])
    assert told == [ROWS_PER_ROUND_TRIP, 1]
    assert len(project.redis.keys()) == count
    assert all(project.redis.ttl(key) > 0 for key in project.redis.keys()[:5])


def test_the_callers_list_of_features_is_left_alone(project: Project) -> None:
    """A read does not add its own fields to the list that it was given."""
    write(project, [mood(1.0)])
    asked = ["joy"]
    key = mood(1.0)[0]
    project.online.online_read(project.config, project.view("mood"), [key], asked)
    assert asked == ["joy"]


@given(microseconds=st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
@settings(deadline=None)
def test_an_instant_is_written_as_protobuf_writes_it(microseconds: int) -> None:
    """Every microsecond from year 1 to 9999 gives protobuf's own bytes."""
    message = Timestamp()
    message.FromMicroseconds(microseconds)
    assert timestamp(microseconds) == message.SerializeToString()
