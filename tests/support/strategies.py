"""Hypothesis strategies for raw signals, and for one user's log of them."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BASE_US = 1_767_225_600_000_000
"""2026-01-01, a Thursday; no event time is before it."""

STEPS_US = (1, 1_000_000, 3_600_000_000, 86_400_000_000, 28 * 86_400_000_000)
"""What lies between neighbouring event times: from nothing to a half-life."""

SOURCES = ("app", "todoist", "tip", "calendar", "mood")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

offsets = st.sampled_from([-840, -570, -1, 0, 60, 330, 840])
categories = st.sampled_from(["fix", "docs", "feat", "\u00fcber uns", "\U0001f331", "z"])
amounts = st.one_of(st.just(0), st.integers(0, 10_000), st.floats(0, 1e6))


@dataclass(frozen=True, slots=True)
class Logged:
    """A signal as a log holds it.

    Attributes:
        subject: NATS subject.
        data: The message.
        event_us: Event time, microseconds.
        received_us: Received time, later for every further signal.
    """

    subject: str
    data: Mapping[str, Any]
    event_us: int
    received_us: int

    @property
    def raw(self) -> tuple[str, Mapping[str, Any]]:
        """The pair that the brute force takes."""
        return self.subject, self.data


def written(at_us: int, offset_minutes: int = 0) -> str:
    """Write an instant as RFC 3339 in some offset."""
    at = _EPOCH + timedelta(microseconds=at_us)
    return at.astimezone(timezone(timedelta(minutes=offset_minutes))).isoformat()


DECIDED = "signals.tip.shown"
ANSWERED = "signals.tip.feedback"


def features_of(seed: int, service: str) -> dict[str, float]:
    """Make up the features of a decision, all different and beyond the usual now and then."""
    chance = random.Random(seed)
    return {
        given.name: given.scale * chance.choice((chance.uniform(-1, 1), 0.0, 1.0, -7.5))
        for given in POLICIES[service].inputs
    }


def _decision(drawn: tuple[int, int, int, str]) -> dict[str, Any]:
    seed, slot, step_us, service = drawn
    judgement = {"probability": 0.5, "expected_reward": 0.4, "prediction": 0.3}
    return {
        "service": service,
        "live": service,
        "stage": "shadow",
        "now": (BASE_US + slot * step_us) / 1e6,
        "candidates": 3,
        "propensity": 0.5,
        "features": features_of(seed, service),
        "policies": {service: judgement},
    }


def _echo(decision: dict[str, Any]) -> dict[str, Any]:
    return {name: decision[name] for name in ("service", "features")} | {
        "shown_at": decision["now"]
    }


decisions = st.tuples(
    st.integers(0, 99),
    st.integers(0, 9),
    st.sampled_from(STEPS_US),
    st.sampled_from(sorted(POLICIES)),
).map(_decision)
echoes = decisions.map(_echo)

_task = {"task_id": st.just("t1"), "category": categories}
_tip = {"tip_id": st.sampled_from(["p1", "p2"]), "category": categories}
_actions = st.sampled_from(["done", "snooze", "dismiss", "ignored"])
_mapping = st.fixed_dictionaries

FIELDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "signals.app.session": _mapping({"duration_seconds": amounts}),
    "signals.task.created": _mapping({**_task, "priority": st.integers(1, 4)}),
    "signals.task.completed": _mapping(_task),
    "signals.task.snoozed": _mapping(_task),
    DECIDED: _mapping(_tip, optional={"decision": decisions}),
    ANSWERED: _mapping(
        {**_tip, "action": _actions},
        optional={"dwell_ms": st.one_of(st.none(), amounts), "decision": echoes},
    ),
    "signals.calendar.synced": st.tuples(st.integers(0, 60), st.integers(60, 960)).map(
        lambda pair: {"busy_minutes": pair[0], "window_minutes": pair[1]}
    ),
    "signals.mood.logged": _mapping({"score": st.integers(1, 5)}),
    "signals.source.synced": _mapping({"source": st.sampled_from(SOURCES)}),
}
"""For each subject, the fields beyond the envelope."""


TAUGHT = {
    DECIDED: _mapping({**_tip, "decision": decisions}),
    ANSWERED: _mapping({**_tip, "action": _actions, "decision": echoes}),
}
"""The same of tips that all bear their decision."""


@st.composite
def logs(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    subjects: tuple[str, ...] = tuple(FIELDS),
    max_size: int = 14,
    min_size: int = 1,
    fields: Mapping[str, st.SearchStrategy[dict[str, Any]]] = FIELDS,
) -> list[Logged]:
    """Draw one user's log of these subjects: ties, late and very late signals among them."""
    step_us = draw(st.sampled_from(STEPS_US))
    arrivals = draw(
        st.lists(
            st.tuples(st.sampled_from(subjects), st.integers(0, 7), st.integers(0, 3), offsets),
            min_size=min_size,
            max_size=max_size,
        )
    )
    ids = draw(st.permutations([f"e{number}" for number in range(len(arrivals))]))
    log: list[Logged] = []
    for event_id, (subject, slot, delay, offset) in zip(ids, arrivals, strict=True):
        event_us = BASE_US + slot * step_us
        received_us = event_us + delay * step_us
        if log:
            received_us = max(received_us, log[-1].received_us + 1)
        envelope = {
            "event_id": event_id,
            "user_id": "u1",
            "occurred_at": written(event_us, offset),
        }
        if draw(st.booleans()):
            envelope["utc_offset_minutes"] = draw(offsets)
        data = envelope | draw(fields[subject])
        log.append(Logged(subject, data, event_us, received_us))
    return log


def crowds_of(log: st.SearchStrategy[list[Logged]]) -> st.SearchStrategy[list[Logged]]:
    """Draw the logs of up to three users, in turns."""
    return st.lists(log, min_size=1, max_size=3).flatmap(
        lambda several: st.permutations(
            [user for user, one in enumerate(several) for _ in one]
        ).map(lambda turns: _interleave(several, turns))
    )


def _interleave(several: list[list[Logged]], turns: list[int]) -> list[Logged]:
    left = [iter(log) for log in several]
    return [
        replace(logged, data={**logged.data, "user_id": f"u{user}"})
        for user in turns
        for logged in itertools.islice(left[user], 1)
    ]


crowds = crowds_of(logs())
"""The logs of up to three users, in turns."""
