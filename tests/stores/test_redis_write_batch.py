"""Feast's own way to write keeps created times and leaves out no row unasked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs
from hypothesis import given, settings
from hypothesis import strategies as st
from support.redis_repo import make_project

from oo_stores.redis.rows import timestamp
from oo_stores.redis.store import COMMANDS_PER_ROUND_TRIP

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


@pytest.fixture
def checking(tmp_path: Path, redis_address: str) -> Project:
    """Give the project with Feast's check of event times."""
    return make_project(tmp_path, redis_address, skip_dedup=False)


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
    writes(project, [mood(1.0, made=NOON + timedelta(microseconds=7))])
    assert created(project) == b"%d" % (NOON_US + 7)
    writes(project, [mood(1.0, made=NOON.replace(tzinfo=None))])
    assert created(project) == b"%d" % NOON_US


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


def test_feasts_check_is_there_when_asked(checking: Project, writes: Write) -> None:
    """Without `skip_dedup` only a later event time writes, within a batch and over batches."""
    later, earlier = NOON + timedelta(microseconds=1), NOON - timedelta(microseconds=1)
    told = writes(checking, [mood(1.0), mood(2.0, later, later), mood(3.0), mood(4.0, earlier)])
    assert checking.read("mood", {"user_id": "u"}) == {"joy": 2.0}
    told += writes(checking, [mood(5.0), mood(6.0, later)])
    assert checking.read("mood", {"user_id": "u"}) == {"joy": 2.0}
    assert created(checking) == b"%d" % (NOON_US + 1)
    assert sum(told) == 6


def test_progress_counts_rows_of_every_round_trip(project: Project, writes: Write) -> None:
    """Progress adds up to the rows, though a key's lifetime is a command too."""
    project.config.online_store.key_ttl_seconds = 500
    count = COMMANDS_PER_ROUND_TRIP + 1
    told = writes(project, [mood(1.0, user=f"u{n}") for n in range(count)])
    assert told == [COMMANDS_PER_ROUND_TRIP, 1]
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
