"""Latencies of a batch are counted together, as each of them would be alone."""

from __future__ import annotations

import random

import prometheus_client
from prometheus_client import CollectorRegistry

from oo_profile.insight.counts import Histogram
from oo_profile.insight.latency import BOUNDS_SECONDS, LatencyHistogram


def samples(*, ours: Histogram) -> dict[tuple[str, str], float]:
    """Return bucket, count and sum of a histogram, by name and bound."""
    registry = CollectorRegistry()
    registry.register(ours)
    return read(registry)


def read(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """Return all samples of a registry, without when they were made."""
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_many_at_once_equal_the_librarys_one_by_one() -> None:
    """Buckets, count and sum are those of ours and of the library's histogram, bounds included."""
    chance = random.Random(7)
    registry = CollectorRegistry()
    theirs = prometheus_client.Histogram("t", "t", buckets=BOUNDS_SECONDS, registry=registry)
    ours, alone = LatencyHistogram("t", "t"), Histogram("t", "t", BOUNDS_SECONDS)
    ended = 1_700_000_000_000_000
    for _ in range(5):
        took = [round(10 ** chance.uniform(2, 10.5)) for _ in range(200)]
        took += [round(bound * 1e6) for bound in BOUNDS_SECONDS]
        chance.shuffle(took)
        ours.observe_many([ended - micros for micros in took], ended)
        for micros in took:
            theirs.observe(micros / 1e6)
            alone.observe(micros / 1e6)
    found, expected = samples(ours=ours), read(registry)
    total = expected.pop(("t_sum", ""))
    for histogram in (found, samples(ours=alone)):
        assert abs(histogram.pop(("t_sum", "")) - total) < 1e-3
        assert histogram == expected


def test_what_ends_before_it_began_took_no_time() -> None:
    """Where the stream's clock is ahead of the builder's, latencies count as 0."""
    ours = LatencyHistogram("t", "t", (1.0,))
    ours.observe_many([1_000_000, 3_000_000], 2_000_000)
    found = samples(ours=ours)
    assert found["t_bucket", "1.0"] == found["t_count", ""] == 2
    assert found["t_sum", ""] == 1


def test_an_empty_batch_changes_nothing() -> None:
    """Without messages there is nothing to count."""
    ours = LatencyHistogram("t", "t", (1.0,))
    before = samples(ours=ours)
    ours.observe_many([], 5)
    assert samples(ours=ours) == before
