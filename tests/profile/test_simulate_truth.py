"""What simulated people do is drawn from the truth that is told about them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from oo_profile.inputs.simulation import Simulation, SimulationConfig, simulate
from oo_profile.inputs.zones import is_daylight
from oo_transforms.clock import to_micros
from oo_transforms.signals import (
    AppSession,
    CalendarSynced,
    MoodLogged,
    Signal,
    SourceSynced,
    TaskCompleted,
    TaskCreated,
    TipFeedback,
    decode,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oo_profile.inputs.person import Person

END = datetime(2026, 11, 23, tzinfo=UTC)
YEAR = SimulationConfig(
    users=60, days=365, seed=11, end=END, duplicates=0.0, disorder=0.0, sessions_per_week=12.0
)


@pytest.fixture(scope="module")
def year() -> Simulation:
    """Give a busy year of sixty people."""
    return simulate(YEAR)


@pytest.fixture(scope="module")
def lives(year: Simulation) -> dict[str, list[Signal]]:
    """Give the signals of each of them in order."""
    received_us = to_micros(END)
    lives: dict[str, list[Signal]] = {person.user_id: [] for person in year.truths}
    for subject, data in year.signals:
        signal = decode(subject, msgspec.json.encode(data), received_us)
        lives[signal.user_id].append(signal)
    return lives


def _local(signal: Signal) -> datetime:
    minutes = signal.utc_offset_minutes or 0
    return signal.occurred_at.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)


def _chi_square(counts: Sequence[int], weights: Iterable[float]) -> float:
    """Give the squared distance from what was expected, per degree of freedom."""
    expected = np.array(list(weights))
    expected = expected / expected.sum() * sum(counts)
    enough = expected >= 5
    distance = (np.array(counts) - expected)[enough] ** 2 / expected[enough]
    return float(distance.sum() / max(enough.sum() - 1, 1))


def _mean_chi_square(tables: Iterable[tuple[Sequence[int], Iterable[float]]]) -> float:
    # Each has mean 1, so their mean over sixty people is close to it; a wrong profile has many.
    return float(np.mean([_chi_square(counts, weights) for counts, weights in tables]))


def _counted(values: Iterable[object], names: Iterable[object]) -> list[int]:
    found = Counter(values)
    return [found[name] for name in names]


def test_sessions_start_at_the_hours_of_the_truth(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Local start hours follow each person's own weights, and not somebody else's."""
    people = list(year.truths)
    hours = [
        _counted((_local(s).hour for s in _sessions(lives[person.user_id])), range(24))
        for person in people
    ]
    own = [person.hour_weights for person in people]
    assert _mean_chi_square(zip(hours, own, strict=True)) < 1.2
    assert _mean_chi_square(zip(hours, own[1:] + own[:1], strict=True)) > 5


def test_sessions_fall_on_the_weekdays_of_the_truth(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Local weekdays follow the weights; holidays and seasons blur them but little."""
    tables = [
        (
            _counted((_local(s).weekday() for s in _sessions(lives[person.user_id])), range(7)),
            person.weekday_weights,
        )
        for person in year.truths
    ]
    assert _mean_chi_square(tables) < 1.5


def _sessions(signals: Iterable[Signal]) -> list[AppSession]:
    return [signal for signal in signals if isinstance(signal, AppSession)]


def test_sessions_are_as_many_as_the_rate_says(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Over the weeks in which he was there, everybody has his sessions per week."""
    deviations = []
    for person in year.truths:
        until = datetime.fromisoformat(person.stops_at) if person.stops_at else END
        weeks = (until - YEAR.start) / timedelta(days=7)
        expected = person.sessions_per_week * weeks
        if weeks > 26:
            deviations.append(len(_sessions(lives[person.user_id])) / expected - 1)
    # Holidays take 1 % off; part of a year may be all high or all low season.
    assert abs(np.mean(deviations)) < 0.05
    assert np.max(np.abs(deviations)) < 0.5


def test_everybody_is_on_the_clock_of_where_he_is(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Sessions have the offset of the trip of that local day, else of home and its season."""
    offsets = Counter[int]()
    for person in year.truths:
        for session in _sessions(lives[person.user_id]):
            assert session.utc_offset_minutes == _offset(person, _local(session))
            offsets[session.utc_offset_minutes or 0] += 1
    assert len(offsets) > 12
    assert any(person.trips for person in year.truths)


def _offset(person: Person, at: datetime) -> int:
    for trip in person.trips:
        if trip.first_day <= str(at.date()) <= trip.last_day:
            return trip.utc_offset_minutes
    return person.home_offset_minutes + 60 * is_daylight(at.date(), person.daylight_saving)


def test_trips_take_a_week_or_two_and_do_not_overlap(year: Simulation) -> None:
    """A trip ends before the next begins."""
    for person in year.truths:
        last = ""
        for trip in person.trips:
            days = datetime.fromisoformat(trip.last_day) - datetime.fromisoformat(trip.first_day)
            assert 6 <= days.days <= 13
            assert trip.first_day > last
            last = trip.last_day


def test_who_stopped_sends_nothing_more(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Some stop within the year, and none of their signals is at that time or later."""
    stops = {p.user_id: datetime.fromisoformat(p.stops_at) for p in year.truths if p.stops_at}
    assert 10 < len(stops) < 50
    for user_id, stop in stops.items():
        assert all(signal.occurred_at < stop for signal in lives[user_id])


def test_holidays_are_quiet(year: Simulation, lives: Mapping[str, list[Signal]]) -> None:
    """Public holidays see a third of the sessions of their neighbours in the calendar."""
    on = beside = 0
    for person in year.truths:
        days = Counter(_local(s).date() for s in _sessions(lives[person.user_id]))
        for day, count in days.items():
            month_days = [
                ((day + timedelta(days=n)).month, (day + timedelta(days=n)).day) for n in (0, -7, 7)
            ]
            on += count * (month_days[0] in person.holidays)
            beside += count * any(
                near in person.holidays and month_days[0] not in person.holidays
                for near in month_days[1:]
            )
    assert 0.15 < on / (beside / 2) < 0.55


def test_answers_to_tips_follow_the_category(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """The share of tips done in a category is the probability of the truth."""
    scores = []
    for person in year.truths:
        answers = [s for s in lives[person.user_id] if isinstance(s, TipFeedback)]
        for category, probability in person.tip_done_probability.items():
            done = [s.action == "done" for s in answers if s.category == category]
            spread = (probability * (1 - probability) * len(done)) ** 0.5
            if spread > 2:
                scores.append((sum(done) - probability * len(done)) / spread)
    assert len(scores) > 50
    assert 0.7 < np.std(scores) < 1.3
    assert abs(np.mean(scores)) < 0.4


def test_tasks_are_completed_as_often_as_the_truth_says(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Of the tasks of busy people nearly the stated share is done within the year."""
    tables = []
    for person in year.truths:
        created = sum(isinstance(s, TaskCreated) for s in lives[person.user_id])
        completed = sum(isinstance(s, TaskCompleted) for s in lives[person.user_id])
        if created > 200:
            tables.append(completed / created - person.completion_probability)
    assert len(tables) > 10
    assert np.max(np.abs(tables)) < 0.12


def test_categories_of_tasks_follow_the_truth(
    year: Simulation, lives: Mapping[str, list[Signal]]
) -> None:
    """Everybody's tasks are spread over the categories as his weights say."""
    tables = [
        (
            _counted(
                (s.category for s in lives[person.user_id] if isinstance(s, TaskCreated)),
                person.category_weights,
            ),
            person.category_weights.values(),
        )
        for person in year.truths
    ]
    assert _mean_chi_square(tables) < 1.4


def test_only_connected_sources_speak(year: Simulation, lives: Mapping[str, list[Signal]]) -> None:
    """Moods and calendars come from those alone who use them, and moods have their mean."""
    always = {"app", "todoist", "tip"}
    for person in year.truths:
        signals = lives[person.user_id]
        synced = {s.source for s in signals if isinstance(s, SourceSynced)}
        assert synced <= always | set(person.sources)
        spoke = {
            name
            for name, kind in (("mood", MoodLogged), ("calendar", CalendarSynced))
            if any(isinstance(s, kind) for s in signals)
        }
        assert spoke <= set(person.sources)
        assert spoke == set(person.sources) or len(signals) < 100
        scores = [s.score for s in signals if isinstance(s, MoodLogged)]
        if len(scores) > 50:
            assert abs(np.mean(scores) - person.mood_mean) < 0.4


def test_use_has_a_long_tail() -> None:
    """The busiest hundredth of a population sends at least a tenth of its signals."""
    drawn = simulate(SimulationConfig(users=2500, days=90, seed=1, end=END))
    counts = sorted(Counter(data["user_id"] for _, data in drawn.signals).values())
    assert 90_000 < sum(counts) < 110_000
    assert sum(counts[-25:]) > 0.1 * sum(counts)
    assert counts[1250] < 30
