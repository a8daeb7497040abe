"""What a logged decision says that it saw must be history as seen in the seconds before."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from support.batches import database, message, writer
from support.payloads import DECISION
from support.payloads import message as data_of
from support.strategies import BASE_US

from oo_profile import definition
from oo_profile.storage.database import connect
from oo_profile.upkeep.prune import prune
from oo_profile.upkeep.served_check import MIXTURES
from oo_profile.upkeep.verify_served import verify_served
from oo_transforms.clock import SECOND_US, from_micros
from oo_transforms.policies import BANDIT_V2

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

    from oo_profile.transport.message import Message

USER = "u1"
OFFSET = 90
DONE_SECONDS = (0.0, 100.0, 103.0, 109.0)
"""When tasks were completed; a tip is shown at second 110."""

SHOWN = 110.0


def at(seconds: float) -> int:
    """Return the instant so many seconds after the beginning."""
    return BASE_US + round(seconds * SECOND_US)


def task(number: int) -> Message:
    """Make one of the completions."""
    at_us = at(DONE_SECONDS[number])
    data = data_of(
        "signals.task.completed",
        event_id=f"t{number}",
        occurred_at=from_micros(at_us).isoformat(),
        category=("fix", "docs")[number % 2],
    )
    return message("signals.task.completed", data, number + 1, at_us)


def decision(
    known: int, now: float = SHOWN, others: tuple[Message, ...] = (), **changes: float
) -> dict[str, Any]:
    """Make the decision of a service that had seen so many of the completions, and others."""
    raw = [(one.subject, json.loads(one.payload)) for one in (*map(task, range(known)), *others)]
    candidate = {"category": "fix", "created_at": None, "due_at": None, "priority": 2}
    seen = definition.features_at(raw, at(now), OFFSET, candidate)
    features = {name: float(seen[name]) for name in BANDIT_V2.features} | changes
    policies = {"bandit_v2": DECISION["policies"]["bandit_v1"]}
    given = {"service": "bandit_v2", "live": "bandit_v2", "policies": policies}
    return {**DECISION, **given, "now": at(now) / 1e6, "features": features}


def logged(path: Path, made: dict[str, Any], *others: Message) -> None:
    """Write the completions and others, and then the tip with its decision."""
    data = data_of(
        "signals.tip.shown",
        event_id="shown",
        occurred_at=from_micros(at(SHOWN)).isoformat(),
        utc_offset_minutes=OFFSET,
        decision=made,
    )
    tip = message("signals.tip.shown", data, 99, at(SHOWN + 1))
    with database(path) as connection:
        for number in range(len(DONE_SECONDS)):
            writer(connection).write([task(number)])
        writer(connection).write([*others, tip])


@pytest.mark.parametrize(("known", "lag_seconds"), [(4, 0.0), (3, 1.0)])
def test_what_was_seen_within_five_seconds_agrees(
    tmp_path: Path, known: int, lag_seconds: float
) -> None:
    """Serving that lacked the last completion was behind by the second since it came."""
    logged(tmp_path / "oo.db", decision(known))
    found = verify_served(tmp_path / "oo.db")
    assert (found.decisions, found.agreeing, found.holds) == (1, 1, True)
    assert found.lag_seconds(1) == pytest.approx(lag_seconds)
    assert set(found.largest) >= {"category_affinity", "tip_done_rate", "hour_sin", "is_weekend"}
    assert max(found.largest.values()) < 1e-9


@pytest.mark.parametrize(
    ("known", "reason"),
    [(2, "it was seen until 7.0 s before"), (1, "it was seen until 10.0 s before")],
)
def test_what_was_seen_earlier_is_a_difference(tmp_path: Path, known: int, reason: str) -> None:
    """The line says how old it is."""
    logged(tmp_path / "oo.db", decision(known))
    told: list[str] = []
    found = verify_served(tmp_path / "oo.db", on_difference=told.append)
    assert (found.differing, found.agreeing, found.holds) == (1, 0, False)
    assert reason in told[0]
    assert "category_affinity is" in told[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"completion_rate": 0.123}, "completion_rate is 0.123, history has"),
        ({"hour_sin": 0.9}, "hour_sin is 0.9, history has"),
        ({"is_weekend": 1.0}, "is_weekend is 1.0, history has 0.0"),
    ],
)
def test_what_was_never_seen_is_a_difference(
    tmp_path: Path, changes: dict[str, float], reason: str
) -> None:
    """In features from state as in those of the clock alone."""
    made = decision(4)
    logged(tmp_path / "oo.db", {**made, "features": made["features"] | changes})
    told: list[str] = []
    assert not verify_served(tmp_path / "oo.db", on_difference=told.append).holds
    assert reason in told[0]
    assert ("nothing that was seen before" in told[0]) == ("completion_rate" in changes)


def test_what_the_request_brought_is_not_checked(tmp_path: Path) -> None:
    """A task's age may be anything, and the decision's own `now` counts."""
    made = decision(4, now=SHOWN + 40 * 3600, task_age_days=77.0, hours_until_due=-3.0)
    logged(tmp_path / "oo.db", made)
    assert verify_served(tmp_path / "oo.db").agreeing == 1


def test_views_are_written_one_after_another(tmp_path: Path) -> None:
    """A read in between sees one view newer than another, each within its five seconds."""
    data = data_of(
        "signals.tip.shown", event_id="tip", occurred_at=from_micros(at(109.5)).isoformat()
    )
    tip = message("signals.tip.shown", data, 50, at(109.5))
    logged(tmp_path / "oo.db", decision(3, others=(tip,)), tip)
    found = verify_served(tmp_path / "oo.db")
    assert (found.agreeing, found.lag_seconds(1)) == (1, 1.0)


def test_a_burst_within_five_seconds_is_looked_through(tmp_path: Path) -> None:
    """However many versions there are, what was seen at any moment of the window agrees."""
    burst = tuple(
        message(
            "signals.task.completed",
            data_of(
                "signals.task.completed",
                event_id=f"burst{number}",
                occurred_at=from_micros(at(109.1) + number).isoformat(),
                category="fix",
            ),
            10 + number,
            at(109.1) + number,
        )
        for number in range(MIXTURES + 30)
    )
    logged(tmp_path / "oo.db", decision(4, others=burst[:10]), *burst)
    found = verify_served(tmp_path / "oo.db")
    assert found.agreeing == 1
    assert found.lag_seconds(1) == pytest.approx(0.9, abs=1e-3)


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    """A decision without the online store, and one whose past was pruned, are no differences."""
    path = tmp_path / "oo.db"
    logged(path, {**decision(0), "degraded": ["candidate_features_only"]})
    found = verify_served(path)
    assert found.not_compared == {"served without the online store": 1}
    assert found.holds
    other = tmp_path / "pruned.db"
    logged(other, decision(2))
    prune(other, at(SHOWN) + 1)
    found = verify_served(other)
    assert found.not_compared == {"what was seen then is pruned": 1}
    assert found.holds


@pytest.mark.live
def test_the_command_tells_lag_and_what_is_left_out(world: World) -> None:
    """It exits with 1 if a decision differs, and prints which."""
    logged(world.settings.db, decision(3))
    output = world.oo("verify", "--served").output
    assert "1 decision agree, 0.0% of them with the newest state" in output
    assert "at most 1.000 s" in output
    assert (
        "not checked, from request data that is not logged: task_age_days, hours_until_due, "
        "is_overdue, priority_level" in output
    )
    data = data_of("signals.tip.shown", event_id="again", decision=decision(4, tip_done_rate=0.9))
    with closing(connect(world.settings.db)) as connection:
        writer(connection).write([message("signals.tip.shown", data, 100, at(9e5))])
    failed = world.oo("verify", "--served", "--sample", "5", code=1).output
    assert "again of u1, shown at" in failed
    assert "1 decision saw something else" in failed
