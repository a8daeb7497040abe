"""What a running builder shows of itself over HTTP: metrics, and whether it is alive and ready."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.building import minutes_ago, publish_signals, until, with_redis
from support.world import DEADLINE_SECONDS, SignalData, signal

from oo_profile.building.observer import BatchReport
from oo_profile.building.outcome import Outcome
from oo_profile.building.service import run_builder
from oo_profile.development.ports import free_port
from oo_profile.errors import AddressBusyError
from oo_profile.insight.insight import Insight
from oo_profile.insight.server import serving
from oo_profile.insight.watch import WatchConfig
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.world import World

pytestmark = pytest.mark.live

SOON = WatchConfig(beat_seconds=0.05, look_seconds=0.05)


class Observed:
    """A builder's insight, and what its server answers."""

    def __init__(self, insight: Insight, address: str) -> None:
        self.insight = insight
        self.address = address
        self._url = f"http://{address}"

    def get(self, path: str, accept: str = "*/*") -> tuple[int, str, str]:
        """Return status, content type and body."""
        request = urllib.request.Request(self._url + path, headers={"Accept": accept})  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers["Content-Type"], refused.read().decode()

    def json(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and object."""
        code, kind, body = self.get(path)
        assert kind == "application/json"
        return code, json.loads(body)

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of one metric, None if it is not shown."""
        text = self.get("/metrics")[2]
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return None


@contextmanager
def observed() -> Iterator[Observed]:
    """Observe a builder that is not there yet."""
    insight = Insight(wall_clock, config=SOON)
    with serving(("127.0.0.1", 0), insight.metrics.registry, insight.status) as address:
        yield Observed(insight, address)


def build(world: World, seen: Observed, condition: Callable[[], bool]) -> None:
    """Run the builder until a condition holds."""

    async def run() -> None:
        stop = asyncio.Event()
        building = asyncio.create_task(
            run_builder(world.settings, world.store, stop, observer=seen.insight)
        )
        try:
            await until(condition, building)
        finally:
            stop.set()
            await building

    asyncio.run(run())


def sent(world: World) -> None:
    """Publish two sources, a copy, and what is no signal on subjects known and unknown."""
    session = signal("app.session", "ada", minutes_ago(60), "a", duration_seconds=60)
    synced = signal("source.synced", "ada", minutes_ago(5), "s", source="mood")
    nonsense: list[SignalData] = [
        ("signals.mood.logged", {}),
        *((f"signals.x{n}", {}) for n in range(50)),
    ]
    publish_signals(world, [session, session, synced, *nonsense])


def test_a_builder_shows_what_it_did_and_what_is_left(world: World) -> None:
    """Counts, backlog, sizes and ages are those of the world, and no label is made by a sender."""
    sent(world)
    with observed() as seen:
        build(
            world,
            seen,
            lambda: (
                seen.metric("oo_consumer_unacknowledged_messages") == 0
                and seen.metric("oo_stored_signals") == 2
                and seen.metric("oo_profiles_due") == 0
                and seen.json("/readyz")[0] == 200
            ),
        )
        counts = {
            (subject, outcome): seen.metric("oo_signals_total", subject=subject, outcome=outcome)
            for subject, outcome in (
                ("signals.app.session", "stored"),
                ("signals.app.session", "duplicate"),
                ("signals.source.synced", "stored"),
                ("signals.mood.logged", "rejected"),
                ("other", "rejected"),
            )
        }
        assert list(counts.values()) == [1, 1, 1, 1, 50]
        assert "signals.x1" not in seen.get("/metrics")[2]
        assert "ada" not in seen.get("/metrics")[2]
        assert seen.metric("oo_rejected_total", reason="unknown subject") == 50
        assert seen.metric("oo_event_to_online_seconds_count") == 54
        assert seen.metric("oo_batch_messages_sum") == 54
        assert seen.metric("oo_consumer_waiting_messages") == 0
        size = seen.metric("oo_database_bytes") or 0
        assert size > 0
        assert seen.metric("oo_bytes_per_signal") == size / 2
        assert seen.metric("oo_waiting_seconds", part="redis") == 0
        for source, minutes in (("app", 60), ("mood", 5)):
            age = seen.metric("oo_newest_signal_age_seconds", source=source) or 0
            assert 0 <= age - 60 * minutes < DEADLINE_SECONDS
        assert seen.metric("oo_newest_signal_age_seconds", source="tip") is None


def test_a_builder_that_starts_knows_the_newest_signals_of_the_stream(world: World) -> None:
    """Ages are shown before any batch, so a source that is silent stays known after a restart."""
    sent(world)
    with observed() as seen:
        build(world, seen, lambda: seen.metric("oo_batch_messages_sum") == 54)
    with observed() as seen:
        build(
            world,
            seen,
            lambda: seen.metric("oo_newest_signal_age_seconds", source="mood") is not None,
        )
        assert seen.metric("oo_signals_total", subject="signals.app.session", outcome="stored") == 0
        assert seen.metric("oo_newest_signal_age_seconds", source="app") is not None


def test_a_database_that_was_replaced_is_no_longer_ready(world: World) -> None:
    """Whoever puts another file in its place under a running builder is told to start it again."""
    world.publish_and_build([signal("app.session", "ada", minutes_ago(1), duration_seconds=1)])
    database = world.settings.db

    def is_replaced() -> bool:
        if seen.json("/readyz")[0] == 200 and not other.exists():
            shutil.copy(database, other)
            other.replace(database)
            other.touch()
        return "another file was put" in seen.json("/readyz")[1]["checks"]["sqlite"]["reason"]

    other = database.with_name("other.db")
    with observed() as seen:
        build(world, seen, is_replaced)
        assert seen.json("/healthz")[0] == 200


def test_a_redis_that_is_away_is_seen_without_any_signal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and the builder is ready all the same."""
    world.publish_and_build([signal("app.session", "ada", minutes_ago(1), duration_seconds=1)])
    away = with_redis(world, f"127.0.0.1:{free_port()}", monkeypatch)
    with observed() as seen:
        build(
            away,
            seen,
            lambda: (
                (seen.metric("oo_waiting_seconds", part="redis") or 0) > 0
                and seen.json("/readyz")[0] == 200
                and not seen.json("/readyz")[1]["checks"]["redis"]["ok"]
            ),
        )


def test_metrics_come_in_the_format_that_is_asked_for() -> None:
    """Plain text by default, OpenMetrics for who asks for it; a path that is none says so."""
    with observed() as seen:
        assert seen.get("/metrics")[:2] == (200, "text/plain; version=0.0.4; charset=utf-8")
        code, kind, body = seen.get("/metrics", "application/openmetrics-text; version=1.0.0")
        assert code == 200
        assert kind.startswith("application/openmetrics-text; version=1.0.0")
        assert body.endswith("# EOF\n")
        code, answer = seen.json("/metric")
        assert (code, answer["paths"]) == (404, ["/healthz", "/metrics", "/readyz"])


def test_before_and_after_it_runs_a_builder_is_alive_and_not_ready(world: World) -> None:
    """The answer names why: it starts, it ends."""
    with observed() as seen:
        assert seen.json("/healthz")[0] == 200
        code, answer = seen.json("/readyz")
        assert (code, answer["ready"]) == (503, False)
        assert answer["checks"]["builder"] == {"ok": False, "reason": "it starts"}
        build(world, seen, lambda: seen.json("/readyz")[0] == 200)
        assert seen.json("/healthz") == (
            200,
            {"alive": True, "checks": {"loop": {"ok": True, "reason": ""}}},
        )
        code, answer = seen.json("/readyz")
        assert (code, answer["checks"]["builder"]["reason"]) == (503, "it ends")


def test_an_address_that_is_taken_is_an_error_that_says_so() -> None:
    """Nothing is served then, and the options are named."""
    with observed() as seen:
        port = int(seen.address.rpartition(":")[2])
        with (
            pytest.raises(AddressBusyError, match="give another --metrics-port"),
            serving(("127.0.0.1", port), seen.insight.metrics.registry, seen.insight.status),
        ):
            pass


def test_two_builders_in_one_process_count_apart() -> None:
    """Metrics are in a registry of their own, whatever Feast asks the library to share."""
    subject = "signals.mood.logged"
    with observed() as one, observed() as other:
        one.insight.on_batch(BatchReport([], Outcome(Counter({subject: 2})), 0.1, None))
        one.insight.on_waiting("redis", "gone")
        stored = [
            seen.metric("oo_signals_total", subject=subject, outcome="stored")
            for seen in (one, other)
        ]
        assert stored == [2, 0]
        assert other.metric("oo_waiting_seconds", part="redis") == 0
        assert (one.metric("oo_waiting_seconds", part="redis") or 0) > 0
