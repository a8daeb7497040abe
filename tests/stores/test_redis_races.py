"""Of several writers at once, whatever their order, the newest row stays."""

from __future__ import annotations

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.redis_repo import make_project

from oo_stores.redis import OnlineRow, RedisOnlineStore
from oo_stores.redis.keys import key_encoder
from oo_stores.redis.rows import timestamp

if TYPE_CHECKING:
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.batches import FeastRow

pytestmark = pytest.mark.live

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The instants that a Timestamp holds: years 1 to 9999."""

fresh = itertools.count()
"""Each example has a user of its own, since Redis keeps those of others."""

USERS = [f"u{n}" for n in range(20)]
VERSIONS = 100


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Project:
    """Give the project with our store."""
    return make_project(tmp_path, redis_address)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Project:
    """Give one project for many examples, which each write a user of their own."""
    address = request.getfixturevalue("redis_server").address
    return make_project(tmp_path_factory.mktemp("shared"), address)


def shuffled(seed: int) -> list[tuple[str, int]]:
    """Return all versions of all users in some order."""
    pairs = [(user, version) for user in USERS for version in range(VERSIONS)]
    random.Random(seed).shuffle(pairs)
    return pairs


def write_plain(project: Project, seed: int, start: threading.Barrier) -> None:
    """Write all versions as a builder does, ten rows at a time."""
    store, mood, pairs = RedisOnlineStore(), project.view("mood"), shuffled(seed)
    start.wait()
    for at in range(0, len(pairs), 10):
        rows = [
            OnlineRow({"user_id": user}, {"joy": float(version)}, version * 1_000_000, version)
            for user, version in pairs[at : at + 10]
        ]
        store.write_rows(project.config, mood, rows)


def write_feast(project: Project, seed: int, start: threading.Barrier) -> None:
    """Write all versions as `feast materialize` does, ten rows at a time."""
    store, mood, pairs = RedisOnlineStore(), project.view("mood"), shuffled(seed)
    start.wait()
    for at in range(0, len(pairs), 10):
        batch = [
            feast_row(user, float(version), version * 1_000_000, version)
            for user, version in pairs[at : at + 10]
        ]
        store.online_write_batch(project.config, mood, batch, None)


def feast_row(user: str, joy: float, event_us: int, created_us: int | None) -> FeastRow:
    """Build a row as Feast hands it over."""
    key = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val=user)])
    made = None if created_us is None else EPOCH + timedelta(microseconds=created_us)
    return key, {"joy": Value(double_val=joy)}, EPOCH + timedelta(microseconds=event_us), made


def test_writers_at_once_leave_the_newest_row(project: Project) -> None:
    """Two builders and two materializations shuffle the same versions: the last one stays."""
    ways = [write_plain, write_plain, write_feast, write_feast]
    start = threading.Barrier(len(ways))
    with ThreadPoolExecutor(len(ways)) as pool:
        done = [pool.submit(way, project, seed, start) for seed, way in enumerate(ways)]
    for one in done:
        one.result()
    kept = {user: project.redis.hash(key_of(project, user))[b"_ts:mood"] for user in USERS}
    assert set(kept.values()) == {timestamp((VERSIONS - 1) * 1_000_000)}


def test_a_reader_never_sees_time_go_back(project: Project) -> None:
    """While two writers shuffle versions, what is stored only gets newer."""
    start = threading.Barrier(3)
    key = key_of(project, USERS[0])
    seen: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(write_plain, project, seed, start) for seed in (5, 6)]
        start.wait()
        while not all(one.done() for one in done):
            created = project.redis.hash(key).get(b"_created:mood")
            seen.append(int(created or b"-1"))
    for one in done:
        one.result()
    assert seen == sorted(seen)


Stored = tuple[int, int | None]

instants = st.integers(FIRST_US, LAST_US)
"""Close ones matter most, and far ones are beyond what Lua's numbers tell apart."""
near = st.one_of(st.integers(-2, 2), st.integers(2**53 - 2, 2**53 + 2), instants)
times = st.tuples(near, st.none() | near)


@given(st.lists(times, min_size=1, max_size=12), st.integers(0, 12))
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_rows_of_any_times_end_as_if_written_one_by_one(
    shared: Project, rows: list[Stored], cut: int
) -> None:
    """However rows are cut into batches, what stays is what the rule says of one after another."""
    user = f"h{next(fresh)}"
    expected = 0
    for n, (event, created) in enumerate(rows):
        old_event, old_created = rows[expected]
        if event > old_event or (
            event == old_event
            and (created is None or old_created is None or created >= old_created)
        ):
            expected = n
    batch = [feast_row(user, float(n), *row) for n, row in enumerate(rows)]
    for part in (batch[:cut], batch[cut:]):
        shared.online.online_write_batch(shared.config, shared.view("mood"), part, None)
    fields = shared.redis.hash(key_of(shared, user))
    event, created = rows[expected]
    assert fields[b"_ts:mood"] == timestamp(event)
    assert fields.get(b"_created:mood") == (None if created is None else b"%d" % created)
    assert Value(double_val=float(expected)).SerializeToString() in fields.values()


@given(st.integers(0, 3), st.integers(0, 999))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_other_clients_nanoseconds_count(shared: Project, microseconds: int, beyond: int) -> None:
    """A time that another language's client wrote is compared to the nanosecond."""
    user = f"n{next(fresh)}"
    nanos = 1_000 * microseconds + beyond
    stored = b"\x08\x01" + (b"\x10" + varint_of(nanos) if nanos else b"")
    shared.redis.put(key_of(shared, user), b"_ts:mood", stored)
    row = OnlineRow({"user_id": user}, {"joy": 1.0}, 1_000_002, 1)
    written = shared.online.write_rows(shared.config, shared.view("mood"), [row])
    assert written == (nanos <= 2_000)


@pytest.mark.parametrize("stored", [b"\x08", b"\x08\xff", b"what", b"\x10\x01\x09"])
def test_a_time_that_is_none_does_not_lock_a_row_out(project: Project, stored: bytes) -> None:
    """Where the stored event time is damaged, the next row is written."""
    project.redis.put(key_of(project, "u"), b"_ts:mood", stored)
    row = OnlineRow({"user_id": "u"}, {"joy": 1.0}, 1, 1)
    assert project.online.write_rows(project.config, project.view("mood"), [row]) == 1


def key_of(project: Project, user: str) -> bytes:
    """Return a user's Redis key."""
    return key_encoder(project.view("mood"), project.config)({"user_id": user})


def varint_of(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    return timestamp(number * 1_000_000)[1:]
