"""Latest values and kept maxima: the newest event time decides, not the order of arrival."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from support.logs import VIEWS, columns_of, entries_of, state_of
from support.strategies import BASE_US, Logged, written

if TYPE_CHECKING:
    from collections.abc import Sequence

MOOD, SYNC = VIEWS["mood_state"], VIEWS["sync_state"]


def moods(said: Sequence[tuple[str, int, int]]) -> dict[str, object]:
    """Fold moods, each (event id, seconds after the base, score), and read the columns."""
    log = [
        Logged(
            "signals.mood.logged",
            {
                "event_id": event_id,
                "user_id": "u1",
                "occurred_at": written(BASE_US + second * 1_000_000),
                "score": score,
            },
            BASE_US + second * 1_000_000,
            BASE_US + 10**9 + number,
        )
        for number, (event_id, second, score) in enumerate(said)
    ]
    return columns_of(MOOD, state_of(MOOD, entries_of(MOOD, log)).cells())


def syncs(read: Sequence[tuple[str, int]]) -> dict[str, object]:
    """Fold syncs, each (source, seconds after the base), and read the columns."""
    log = [
        Logged(
            "signals.source.synced",
            {
                "event_id": f"e{number}",
                "user_id": "u1",
                "occurred_at": written(BASE_US + second * 1_000_000),
                "source": source,
            },
            BASE_US + second * 1_000_000,
            BASE_US + 10**9 + number,
        )
        for number, (source, second) in enumerate(read)
    ]
    return columns_of(SYNC, state_of(SYNC, entries_of(SYNC, log)).cells())


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_event_time_wins(order: Sequence[int]) -> None:
    """In any order of arrival the latest mood stays."""
    said = [("c", 1, 5), ("b", 2, 4), ("a", 3, 1)]
    columns = moods([said[index] for index in order])
    assert (columns["mood_last_event_id"], columns["mood_last_score"]) == ("a", 1.0)
    assert columns["mood_score_count"] == pytest.approx(3.0, rel=1e-5)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_greater_event_id_wins_a_tie(order: Sequence[int]) -> None:
    """At one event time ids are compared as UTF-8 bytes, so an emoji beats U+FFFD."""
    said = [("Z", 1, 2), ("a", 1, 3), ("\ufffd", 1, 4), ("\U0001f331", 1, 5)]
    columns = moods([said[index] for index in order])
    assert (columns["mood_last_event_id"], columns["mood_last_score"]) == ("\U0001f331", 5.0)


def test_ids_are_texts_not_numbers() -> None:
    """'9' is greater than '10'."""
    assert moods([("10", 1, 2), ("9", 1, 3)])["mood_last_score"] == 3.0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_sync_keeps_the_latest_time_of_each_source(order: Sequence[int]) -> None:
    """Each source has its own latest time, null if it was never synced."""
    read = [("app", 5), ("app", 3), ("mood", 4)]
    base = BASE_US / 1e6
    assert syncs([read[index] for index in order]) == {
        "sync_last_event_at": base + 5,
        "sync_app_at": base + 5,
        "sync_todoist_at": None,
        "sync_tip_at": None,
        "sync_calendar_at": None,
        "sync_mood_at": base + 4,
    }
