"""Laws of every simulated population."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_profile.errors import SimulationError
from oo_profile.inputs.simulation import Simulation, SimulationConfig, simulate
from oo_transforms.clock import to_micros
from oo_transforms.signals import (
    SUBJECTS,
    Signal,
    TaskCompleted,
    TaskCreated,
    TaskSnoozed,
    TipFeedback,
    TipShown,
    decode,
)

END = datetime(2026, 11, 23, tzinfo=UTC)
CONFIG = SimulationConfig(users=300, days=120, seed=7, end=END)

Data = dict[str, Any]

configs = st.builds(
    SimulationConfig,
    users=st.integers(1, 6),
    days=st.integers(1, 400),
    seed=st.integers(0, 2**64),
    end=st.datetimes(datetime(1973, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware through `timezones`
    duplicates=st.floats(0, 0.49),
    disorder=st.floats(0, 1),
    sessions_per_week=st.floats(0.01, 20),
)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    """Give a population of 300 people over 120 days."""
    return simulate(CONFIG)


def _decoded(simulation: Simulation) -> list[Signal]:
    received_us = to_micros(simulation.config.end)
    return [decode(s, msgspec.json.encode(data), received_us) for s, data in simulation.signals]


def _firsts(simulation: Simulation) -> list[Signal]:
    """Give every signal once, each person's in order of event time."""
    firsts = {
        (signal.user_id, int(signal.event_id.removeprefix("event-"))): signal
        for signal in _decoded(simulation)
    }
    return [firsts[key] for key in sorted(firsts)]


@settings(deadline=None, max_examples=40)
@given(configs)
def test_every_signal_is_valid_and_within_the_days(config: SimulationConfig) -> None:
    """Whatever is asked for, each signal decodes and happened in [start, end)."""
    drawn = simulate(config)
    for signal in _decoded(drawn):
        assert config.start - timedelta(milliseconds=1) < signal.occurred_at < config.end


@settings(deadline=None, max_examples=40)
@given(configs)
def test_the_totals_are_what_is_written(config: SimulationConfig) -> None:
    """Deliveries are signals and copies; a copy is the same content under the same id."""
    drawn = simulate(config)
    contents: dict[tuple[object, object], list[object]] = {}
    for record in drawn.signals:
        contents.setdefault((record[1]["user_id"], record[1]["event_id"]), []).append(record)
    copies = sum(len(records) - 1 for records in contents.values())
    assert all(record == records[0] for records in contents.values() for record in records)
    assert all(len(records) <= 2 for records in contents.values())
    assert len(contents) == drawn.totals.signals
    assert copies == drawn.totals.duplicates
    assert drawn.totals.deliveries == len(contents) + copies


def test_event_ids_count_a_persons_events_in_order_of_time(simulation: Simulation) -> None:
    """The numbers in the ids of one person rise with event time."""
    newest: dict[str, datetime] = {}
    for signal in _firsts(simulation):
        assert signal.occurred_at >= newest.get(signal.user_id, simulation.config.start)
        newest[signal.user_id] = signal.occurred_at


def test_all_nine_subjects_occur(simulation: Simulation) -> None:
    """A population sends every kind of signal there is."""
    assert {subject for subject, _ in simulation.signals} == set(SUBJECTS)


def test_some_apps_write_utc_and_the_offset_beside_it(simulation: Simulation) -> None:
    """A person's signals all give the offset in the time, or all in the field beside UTC."""
    utc = {person.user_id for person in simulation.truths if person.sends_utc}
    assert 0 < len(utc) < CONFIG.users / 2
    for _, data in simulation.signals:
        assert ("utc_offset_minutes" in data) == (data["user_id"] in utc)
        if data["user_id"] in utc:
            assert str(data["occurred_at"]).endswith("+00:00")


def test_everybody_sends_something(simulation: Simulation) -> None:
    """Each person of the truth has a signal, and no signal is from anybody else."""
    people = [person.user_id for person in simulation.truths]
    assert len(people) == len(set(people)) == CONFIG.users
    assert {data["user_id"] for _, data in simulation.signals} == set(people)


def test_a_task_is_created_before_all_that_happens_to_it(simulation: Simulation) -> None:
    """A task is created once, completed at most once after that, and put off in between."""
    tasks: dict[tuple[str, str], list[Signal]] = {}
    for signal in _firsts(simulation):
        if isinstance(signal, TaskCreated | TaskCompleted | TaskSnoozed):
            tasks.setdefault((signal.user_id, signal.task_id), []).append(signal)
    assert len(tasks) > 1000
    for history in tasks.values():
        kinds = [type(signal) for signal in history]
        assert kinds[0] is TaskCreated
        assert kinds.count(TaskCreated) == 1
        assert TaskCompleted not in kinds[1:-1]
        assert len({signal.category for signal in history}) == 1  # type: ignore[attr-defined]


def test_an_answer_follows_its_tip_after_the_dwell_it_states(simulation: Simulation) -> None:
    """Each answer is to a tip shown before, of the same category, `dwell_ms` earlier."""
    shown: dict[tuple[str, str], TipShown] = {}
    answers = Counter[str]()
    for signal in _firsts(simulation):
        if isinstance(signal, TipShown):
            shown[signal.user_id, signal.tip_id] = signal
        elif isinstance(signal, TipFeedback):
            tip = shown[signal.user_id, signal.tip_id]
            assert tip.category == signal.category
            answers[signal.action] += 1
            if signal.dwell_ms is not None:
                assert signal.occurred_at - tip.occurred_at == timedelta(
                    milliseconds=signal.dwell_ms
                )
    assert set(answers) == {"done", "snooze", "dismiss", "ignored"}
    assert len(shown) - 5 <= answers.total() <= len(shown)


def test_the_same_seed_gives_the_same_signals(simulation: Simulation) -> None:
    """Signals and truth are a function of the configuration, and can be read twice."""
    again = simulate(CONFIG)
    assert list(again.signals) == list(simulation.signals) == list(simulation.signals)
    assert list(again.truths) == list(simulation.truths)


def test_another_seed_gives_other_people(simulation: Simulation) -> None:
    """No person of one seed is a person of another, so both can be published."""
    other = simulate(replace(CONFIG, seed=8))
    people, others = (
        {p.user_id: p.hour_weights for p in drawn.truths} for drawn in (simulation, other)
    )
    assert not people.keys() & others.keys()
    assert not set(people.values()) & set(others.values())


def test_another_stretch_of_time_gives_other_people(simulation: Simulation) -> None:
    """The same seed over other days has other ids: one event id never has two contents."""
    later = simulate(replace(CONFIG, end=END + timedelta(days=1)))
    assert not {p.user_id for p in later.truths} & {p.user_id for p in simulation.truths}


def test_a_persons_signals_do_not_depend_on_the_others(simulation: Simulation) -> None:
    """The first three of 300 people send what they send alone, in the same order."""
    few = simulate(replace(CONFIG, users=3))
    names = {person.user_id for person in few.truths}
    theirs = [record for record in simulation.signals if record[1]["user_id"] in names]
    assert list(few.signals) == theirs
    assert list(simulation.truths)[:3] == list(few.truths)


def test_delivery_does_not_change_lives(simulation: Simulation) -> None:
    """Other shares of copies and disorder deliver the same signals, in another order."""
    calm = simulate(replace(CONFIG, duplicates=0.0, disorder=0.0))
    assert calm.totals.duplicates == calm.totals.late == 0
    assert _firsts(calm) == _firsts(simulation)
    times = [signal.occurred_at for signal in _decoded(calm)]
    assert times == sorted(times)


@pytest.mark.parametrize(("duplicates", "disorder"), [(0.02, 0.05), (0.3, 0.5)])
def test_the_stated_shares_are_met(duplicates: float, disorder: float) -> None:
    """Copies among deliveries and late ones among signals are within five deviations."""
    drawn = simulate(replace(CONFIG, duplicates=duplicates, disorder=disorder))
    totals = drawn.totals
    assert abs(totals.duplicates / totals.deliveries - duplicates) < 5 * (
        duplicates / totals.deliveries
    ) ** (1 / 2)
    assert abs(totals.late / totals.signals - disorder) < 5 * (disorder / totals.signals) ** (1 / 2)


def test_late_signals_arrive_behind_newer_ones(simulation: Simulation) -> None:
    """About the stated share arrives behind a signal that happened a minute or more later."""
    behind, newest = 0, END - timedelta(days=999)
    for signal in _decoded(simulation):
        behind += signal.occurred_at <= newest - timedelta(minutes=1)
        newest = max(newest, signal.occurred_at)
    # Copies come behind too, all but those that arrive within a minute.
    assert 0.04 < behind / simulation.totals.deliveries < 0.07


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("users", 0),
        ("users", 1_000_001),
        ("days", 0),
        ("days", 7_321),
        ("seed", -1),
        ("end", datetime(2026, 1, 1)),  # noqa: DTZ001 - that is what is refused
        ("end", datetime(1971, 3, 1, tzinfo=UTC)),
        ("end", datetime(9999, 12, 31, tzinfo=UTC)),
        ("duplicates", 0.5),
        ("duplicates", float("nan")),
        ("disorder", -0.1),
        ("disorder", 1.1),
        ("sessions_per_week", 0.0),
        ("sessions_per_week", float("inf")),
    ],
)
def test_a_configuration_out_of_bounds_is_refused(field: str, value: object) -> None:
    """The error names the field, the value and what is allowed."""
    with pytest.raises(SimulationError, match=f"{field} is .*, it must be ") as caught:
        replace(CONFIG, **{field: value})  # type: ignore[arg-type]
    assert (caught.value.field, str(caught.value.value)) == (field, str(value))
