"""`oo profile --explain` names the signals behind a value, and their weights add up to it."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.withheld import withhold
from support.world import SignalData, signal

from oo_profile.reports.catalogue import Catalogue
from oo_profile.reports.explain import Explanation, explain
from oo_profile.reports.profile_report import ProfileReader
from oo_profile.storage.database import connect, reading
from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def explanations(world: World, user_id: str, at: datetime) -> dict[str, Explanation]:
    """Explain every feature of a profile."""
    reader = ProfileReader(world.store, Catalogue(world.store))
    with reading(world.settings.db) as connection:
        report = reader.read(connection, user_id, to_micros(at))
        return {f.entry.name: explain(connection, report, f) for f in report.features}


def told(world: World, feature: str, at: str = "2026-03-01T12:00Z") -> dict[str, Any]:
    """Return the explanation that the command prints as JSON."""
    arguments = ("profile", "ada", "--at", at, "--explain", feature, "--json")
    answer: dict[str, Any] = json.loads(world.oo(*arguments).stdout)["explanation"]
    return answer


def completed(at: datetime, category: str = "fix", event_id: str = "") -> SignalData:
    """Return a completion of Ada's."""
    return signal("task.completed", "ada", at, event_id, task_id="t", category=category)


def many_signals(seed: int, count: int) -> list[SignalData]:
    """Return signals of all kinds in disorder, with more categories than are kept, and ties."""
    rng = random.Random(seed)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("app.session", {"duration_seconds": 90}),
        ("task.created", {"task_id": "t", "priority": 1}),
        *[("task.completed", {"task_id": "t"})] * 3,
        ("task.snoozed", {"task_id": "t"}),
        ("tip.shown", {"tip_id": "p"}),
        ("tip.feedback", {"tip_id": "p", "action": "done", "dwell_ms": 1500}),
        ("calendar.synced", {"busy_minutes": 1, "window_minutes": 3}),
        ("mood.logged", {"score": 2.5}),
        ("source.synced", {"source": "tip"}),
    ]
    signals = []
    for number in range(count):
        subject, fields = rng.choice(kinds)
        if "task" in subject or "tip" in subject:
            fields = {**fields, "category": f"c{rng.randrange(300)}"}
        # Whole hours, so that several signals of a view have one event time.
        at = MARCH - timedelta(hours=rng.randrange(24 * 6))
        offset = rng.choice([-300, 0, 330])
        signals.append(
            signal(subject, "ada", at, f"e{number}", utc_offset_minutes=offset, **fields)
        )
    return signals


def test_the_weights_add_up_to_the_state_for_every_feature(world: World) -> None:
    """Late signals, ties, local hours and categories beyond those kept included, at any moment."""
    world.publish_and_build(many_signals(seed=7, count=1000), max_batch=250)
    for at in (MARCH - 3 * DAY, MARCH, MARCH + 40 * DAY):
        for name, explanation in explanations(world, "ada", at).items():
            assert explanation.columns, name
            for column in explanation.columns:
                assert column.agrees, (name, column)
    categories = explanations(world, "ada", MARCH)["preferred_categories"]
    assert len({part.element for one in categories.evidence for part in one.additions}) == 129


def test_a_state_that_the_log_does_not_bear_out_is_told(world: World) -> None:
    """The check is one: with a column changed by hand it fails, for that column alone."""
    world.publish_and_build([completed(MARCH - DAY), completed(MARCH - 2 * DAY)])
    with contextlib.closing(connect(world.settings.db)) as connection:
        connection.execute("UPDATE task_state SET task_completed = task_completed + 1e-6")
    (column,) = explanations(world, "ada", MARCH)["tasks_completed_per_week"].columns
    assert not column.agrees
    text = world.oo("profile", "ada", "--at", "2026-03-01T12:00Z", "--explain", "snooze_rate")
    assert "DIFFERS" in text.stdout
    assert "do not add up" in text.stdout


def test_a_weight_halves_with_every_half_life(world: World) -> None:
    """What is left of a signal is 2 ** (-age / half-life); the heaviest comes first."""
    ages = (56, 0, 28)
    world.publish_and_build([completed(MARCH - days * DAY) for days in ages])
    answer = told(world, "tasks_completed_per_week")
    assert [one["left"] for one in answer["signals"]] == [1.0, 0.5, 0.25]
    assert answer["columns"]["task_completed"]["from_signals"] == 1.75
    assert answer["columns"]["task_completed"]["in_state"] == pytest.approx(1.75, rel=1e-12)


def test_only_signals_that_touch_what_the_feature_reads_are_listed(world: World) -> None:
    """And of those only the ones up to the moment, with only what they add there."""
    world.publish_and_build(
        [
            signal("task.created", "ada", MARCH - 3 * DAY, task_id="t", category="a", priority=1),
            signal("task.snoozed", "ada", MARCH - 2 * DAY, task_id="t", category="a"),
            signal("app.session", "ada", MARCH - 2 * DAY, duration_seconds=5),
            completed(MARCH - DAY),
            completed(MARCH + DAY),
        ]
    )
    answer = told(world, "snooze_rate")
    subjects = [one["subject"] for one in answer["signals"]]
    assert subjects == ["signals.task.completed", "signals.task.snoozed"]
    (added,) = answer["signals"][0]["adds"]
    assert added == {"column": "task_completed", "element": None, "amount": 1.0}


def test_a_kept_value_has_one_signal_behind_it(world: World) -> None:
    """The latest stays, of two at one time the one with the greater id; others are replaced."""
    at = MARCH - DAY
    world.publish_and_build(
        [
            signal("mood.logged", "ada", at - DAY, "z", score=1),
            signal("mood.logged", "ada", at, "b", score=5),
            signal("mood.logged", "ada", at, "a", score=2),
        ]
    )
    answer = told(world, "mood_score")
    assert [one["event_id"] for one in answer["signals"]] == ["b"]
    assert answer["replaced"] == 2
    assert answer["columns"]["mood_last_score"] == {
        "from_signals": 5.0,
        "in_state": 5.0,
        "agrees": True,
    }


def test_the_twenty_heaviest_are_listed_and_the_rest_is_summed_up(world: World) -> None:
    """The list ends after twenty, and a line tells how many more there are and their weight."""
    world.publish_and_build([completed(MARCH - k * DAY) for k in range(25)])
    arguments = ("--at", "2026-03-01T12:00Z", "--explain", "tasks_completed_per_week")
    text = world.oo("profile", "ada", *arguments).stdout
    rows = [line for line in text.splitlines() if " task.completed " in line]
    assert len(rows) == 20
    assert rows[0].startswith("2026-03-01 12:00:00 +00:00")
    rest = sum(2 ** (-k / 28) for k in range(20, 25))
    assert f"and 5 more, which still weigh {rest:.4g} together" in text
    whole = sum(2 ** (-k / 28) for k in range(25))
    (row,) = (line.split() for line in text.splitlines() if line.startswith("task_completed "))
    assert row == ["task_completed", f"{whole - rest:.4g}", f"{rest:.4g}", *[f"{whole:.4g}"] * 2]
    assert "The weights add up" in text


def test_times_are_those_of_the_users_own_clock(world: World) -> None:
    """A completion at 23:30 at +02:00 is shown so, and adds to hour 23 of that weekday."""
    world.publish_and_build(
        [signal("task.completed", "ada", "2026-02-24T23:30:00+02:00", task_id="t", category="a")]
    )
    arguments = ("--at", "2026-02-25T00:00Z", "--explain", "productive_share_this_hour")
    text = world.oo("profile", "ada", *arguments).stdout
    assert "2026-02-24 23:30:00 +02:00  task.completed" in text
    assert "task_completed_by_hour[23] 1" in text
    assert np.isclose(told(world, "productive_hours", "2026-02-25")["signals"][0]["left"], 1, 0.01)


def test_an_expired_state_explains_nothing(world: World) -> None:
    """The text says that the value is the one without evidence; without any signal as well.

    Unless it is withheld then.
    """
    withhold(world, "mood_features", "mood_score")
    world.publish_and_build([completed(MARCH - 100 * DAY)])
    arguments = ("profile", "ada", "--at", "2026-03-01T12:00Z", "--explain")
    text = world.oo(*arguments, "completion_rate").stdout
    assert "completion_rate: 50.0 %" in text
    assert "expired at 2026-02-19 12:00: this is the value without evidence" in text
    text = world.oo(*arguments, "mood_score").stdout
    assert "mood_score: withheld" in text
    assert "mood_state was never seen: so the feature is withheld" in text
    text = world.oo(*arguments, "tips_per_week").stdout
    assert "tip_state was never seen: this is the value without evidence" in text
    assert "No signal by then stands behind it." in text


def test_an_unknown_feature_is_answered_with_names_like_it(world: World) -> None:
    """Those spelt alike or containing it are named."""
    world.publish_and_build([completed(MARCH)])
    arguments = ("profile", "ada", "--explain")
    error = world.oo(*arguments, "completion_rat", code=1).stderr
    assert "no feature of a profile 'completion_rat'; near to it: completion_rate" in error
    error = world.oo(*arguments, "mood", code=1).stderr
    assert "mood_score" in error
    assert "mood_trend" in error
