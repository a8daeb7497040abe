"""A simulated population whose messages are counted as the builder counts them, hour by hour.

Decoding and counting are the builder's own; only its database is left out, in whose place stand
the sets of what was seen before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from support.folded_profiles import FoldedProfiles

from oo_admin.quality.facts import BusyUser, ViewFreshness
from oo_profile.building.tally import tally
from oo_profile.inputs.simulation import SimulationConfig, simulate
from oo_profile.storage.rejected import Rejection
from oo_profile.storage.signal_log import StoredSignal
from oo_profile.transport.message import Message
from oo_transforms.errors import SignalRejected
from oo_transforms.signals import Signal, SourceSynced, decode, event_time_us
from oo_transforms.syncs import MAX_HOURS, SOURCE_VIEWS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

HOUR_US = 3_600_000_000
ACTIVE_US = 7 * 24 * HOUR_US
SOURCE_OF_KIND = {kind: source for source, view in SOURCE_VIEWS.items() for kind in view.weights}


PROFILED = 2
"""The profile of one user in so many is looked at."""


def is_profiled(user_id: str) -> bool:
    """Say whether a user's profile is looked at; whoever has no number is not."""
    number = user_id.rpartition("-")[2]
    return number.isdecimal() and int(number) % PROFILED == 0


class Sent(NamedTuple):
    """A message on its way."""

    subject: str
    data: dict[str, Any]
    received_us: int


def sent_by(users: int, days: int, seed: int, end: datetime, a_week: float = 5.0) -> Iterator[Sent]:
    """Give the messages of a population in the order in which they come.

    One on its way takes a second or so; one that is late comes between its neighbours.
    """
    config = SimulationConfig(users, days, seed, end, sessions_per_week=a_week)
    latency = np.random.default_rng(seed)
    now_us = 0
    for subject, data in simulate(config).signals:
        occurred = datetime.fromisoformat(str(data["occurred_at"])).timestamp()
        on_its_way = round((0.1 + latency.exponential(1.0)) * 1e6)
        now_us = max(now_us, round(occurred * 1e6) + on_its_way)
        yield Sent(subject, data, now_us)


@dataclass(slots=True)
class CountedWorld:
    """What has come so far.

    Attributes:
        seen: Signals by user and event id.
        newest_us: Event time of the newest signal by source and user.
        active_us: Event time of the newest signal by user.
        busiest: Who sent most in the last hour.
        profiles: Of every so many users; see `PROFILED`.
    """

    seen: dict[tuple[str, str], Signal] = field(default_factory=dict)
    newest_us: dict[str, dict[str, int]] = field(default_factory=dict)
    active_us: dict[str, int] = field(default_factory=dict)
    busiest: BusyUser | None = None
    profiles: FoldedProfiles = field(default_factory=FoldedProfiles)

    def copy(self) -> CountedWorld:
        """Return a world that goes its own way from here."""
        newest = {source: dict(users) for source, users in self.newest_us.items()}
        return CountedWorld(
            dict(self.seen), newest, dict(self.active_us), self.busiest, self.profiles.copy()
        )

    def count(self, hour: Iterable[Sent]) -> Counter[str]:
        """Take in the messages of one hour and count them."""
        stored: list[StoredSignal] = []
        duplicates: list[Signal] = []
        rejections: list[Rejection] = []
        sent: dict[str, int] = {}
        new_users = 0
        for number, one in enumerate(hour):
            message = Message(one.subject, json.dumps(one.data).encode(), number, one.received_us)
            try:
                signal = decode(message.subject, message.payload, message.received_us)
            except SignalRejected as error:
                rejections.append(Rejection(message, error))
                continue
            key = signal.user_id, signal.event_id
            if (first := self.seen.get(key)) is not None:
                if first == signal:
                    duplicates.append(signal)
                else:
                    reused = SignalRejected("event_id reused", "accepted before")
                    rejections.append(Rejection(message, reused))
                continue
            self.seen[key] = signal
            at_us = event_time_us(signal, message.received_us)
            stored.append(StoredSignal(signal, at_us, message.received_us, number, message.payload))
            new_users += signal.user_id not in self.active_us
            sent[signal.user_id] = sent.get(signal.user_id, 0) + 1
            self._note(signal, at_us)
        busy = max(sent, key=sent.__getitem__, default=None)
        self.busiest = None if busy is None else BusyUser(busy, sent[busy])
        return tally(stored, stored, duplicates, rejections, new_users)

    def _note(self, signal: Signal, at_us: int) -> None:
        user = signal.user_id
        if is_profiled(user):
            self.profiles.add(signal, at_us)
        self.active_us[user] = max(at_us, self.active_us.get(user, 0))
        if not isinstance(signal, SourceSynced):
            newest = self.newest_us.setdefault(SOURCE_OF_KIND[type(signal)], {})
            newest[user] = max(at_us, newest.get(user, 0))

    def freshness(self, now_us: int) -> tuple[ViewFreshness, ...]:
        """Say how fresh each view is for those who were active within a week."""
        active = [user for user, at_us in self.active_us.items() if now_us - at_us <= ACTIVE_US]
        found = []
        for source, view in SOURCE_VIEWS.items():
            newest = self.newest_us.get(source, {})
            ages = np.array([now_us - newest[user] for user in active if user in newest])
            assert view.expects is not None
            fresh_us = view.expects.fresh_within.total_seconds() * 1e6
            fresh = int((ages <= fresh_us).sum())
            valid = int((ages <= MAX_HOURS[source] * HOUR_US).sum())
            counts = fresh, valid - fresh, len(ages) - valid
            oldest = int(now_us - ages.max()) if len(ages) else None
            found.append(ViewFreshness(view.name, source, *counts, oldest))
        return tuple(found)


def by_hour(sent: Iterable[Sent]) -> dict[int, list[Sent]]:
    """Sort messages into hours of the stream's clock."""
    hours: dict[int, list[Sent]] = {}
    for one in sent:
        hours.setdefault(one.received_us // HOUR_US, []).append(one)
    return hours
