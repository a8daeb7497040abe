"""Thirteen years of real work, from signals on NATS to served features, without loss or skew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from support.real_data import WORK_LOG, needs_work_log

from oo_profile import agreement
from oo_profile.apply import apply_definitions
from oo_profile.demo.feed import Feed
from oo_profile.demo.stage import Stage, stage
from oo_profile.demo.traffic import Traffic, run_traffic
from oo_profile.inputs.work_log import work_log_signals
from oo_profile.registry import open_store
from oo_profile.settings import redis_endpoint
from oo_profile.storage.database import reading
from oo_profile.transport.signal_file import write_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast import FeatureStore

pytestmark = [needs_work_log, pytest.mark.data, pytest.mark.live, pytest.mark.slow]

REPO = Path(__file__).resolve().parents[2] / "feature_repo"
PEOPLE = 2552
TASKS = 47_601
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Built:
    """The work log after the builder had it."""

    on: Stage
    store: FeatureStore
    traffic: Traffic


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Publish the whole work log while a builder runs, on servers of its own."""
    path = tmp_path_factory.mktemp("work-log") / "signals.jsonl"
    signals = write_signals(path, work_log_signals(WORK_LOG))
    with stage(REPO, keep=False) as on:
        apply_definitions(on.settings)
        store = open_store(on.settings)
        yield Built(on, store, run_traffic(on.settings, store, [Feed(path, signals)], bars=False))


def test_nothing_is_lost(built: Built) -> None:
    """Every published signal is stored: none is lost, doubled or rejected."""
    totals = built.traffic.totals
    assert built.traffic.published == totals.stored.total() == totals.handled
    assert totals.stored["signals.task.created"] == TASKS
    assert totals.stored["signals.task.completed"] == TASKS
    with reading(built.on.settings.db) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM signals").fetchone()
    assert stored == built.traffic.published


def test_every_person_has_a_profile_in_redis(built: Built) -> None:
    """There is one hash for each of the people, and for nobody else."""
    host, port = redis_endpoint(built.on.settings.redis)
    with redis.Redis(host=host, port=port) as client:
        assert sum(b"user_id" in key for key in client.scan_iter()) == PEOPLE


def test_serving_equals_training(built: Built) -> None:
    """State and features are the same online and from history, an hour after the last signal."""
    with reading(built.on.settings.db) as connection:
        moments = agreement.last_moments(connection, 200, SEED)
    found = agreement.serving_and_training(built.store, moments)
    assert found.differences == []
    assert found.left_out == 0
    assert found.compared > 200 * 60


def test_training_equals_the_definition(built: Built) -> None:
    """History at any time is the plain sum over the raw signals, over all thirteen years."""
    with reading(built.on.settings.db) as connection:
        moments = agreement.spread_moments(connection, 1000, SEED)
        found = agreement.training_and_definition(built.store, connection, moments)
    years = {moment.now_us // (366 * 86_400_000_000) for moment in moments}
    assert len(years) >= 13
    assert found.differences == []
    assert found.compared > 1000 * 60


def test_the_streamed_history_equals_its_replay(built: Built) -> None:
    """A replay of the stored signals gives the rows that the builder wrote, for everybody."""
    with reading(built.on.settings.db) as connection:
        moments = agreement.last_moments(connection, PEOPLE, SEED)
        found = agreement.stream_and_replay(connection, [m.user_id for m in moments])
    assert found.differences == []
    assert found.compared > 2 * TASKS
