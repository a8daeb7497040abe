"""Labels are words of this project, however many a sender makes up."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import generate_latest

from oo_profile.building.observer import BatchReport
from oo_profile.building.outcome import Outcome
from oo_profile.insight.metrics import MAX_REASONS, Metrics
from oo_profile.insight.status import Status
from oo_profile.transport.message import Message


@pytest.fixture
def metrics() -> Metrics:
    """Give the metrics of a builder that has done nothing."""
    return Metrics(Status(lambda: 0.0), lambda: 0)


def add(metrics: Metrics, outcome: Outcome, *messages: Message) -> str:
    """Count a batch and return all metrics as text."""
    metrics.add(BatchReport(messages, outcome, 0.1, None))
    return generate_latest(metrics.registry).decode()


def test_subjects_that_are_none_are_one_label(metrics: Metrics) -> None:
    """A thousand of them add one series."""
    sent = Counter({f"signals.{n}": 2 for n in range(1000)})
    text = add(metrics, Outcome(rejected_of=sent, duplicates_of=Counter({"nobody": 1})))
    assert 'oo_signals_total{outcome="rejected",subject="other"} 2000.0' in text
    assert 'oo_signals_total{outcome="duplicate",subject="other"} 1.0' in text
    assert "signals.7" not in text


def test_reasons_beyond_a_bound_are_one_label(metrics: Metrics) -> None:
    """Reasons are fixed words; if they ever were not, the first of them keep their labels."""
    reasons = Counter({f"reason {n}": 1 for n in range(MAX_REASONS + 70)})
    text = add(metrics, Outcome(rejected=reasons))
    assert text.count("oo_rejected_total{") == MAX_REASONS + 1
    assert 'oo_rejected_total{reason="other"} 70.0' in text


def test_messages_of_forgotten_people_are_counted_by_subject(metrics: Metrics) -> None:
    """And by nothing else of them."""
    messages = [
        Message("signals.mood.logged", b'{"user_id": "ada"}', 1, 0),
        Message("signals.mood.logged", b"", 2, 0),
        Message("signals.ada", b"", 3, 0),
    ]
    text = add(metrics, Outcome(kept_out=(1, 3)), *messages)
    assert 'oo_signals_total{outcome="forgotten",subject="signals.mood.logged"} 1.0' in text
    assert 'oo_signals_total{outcome="forgotten",subject="other"} 1.0' in text
    assert "ada" not in text
