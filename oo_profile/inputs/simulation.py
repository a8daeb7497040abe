"""A made-up population, the signals it sends, and the truth both were drawn from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.errors import SimulationError
from oo_profile.inputs.delivery import Deliveries, draw_deliveries
from oo_profile.inputs.event_records import Event, event_record
from oo_profile.inputs.life import Events, draw_life
from oo_profile.inputs.local_days import LocalDays, local_days
from oo_profile.inputs.person import Person, draw_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from numpy.random import SeedSequence
    from numpy.typing import NDArray

    from oo_profile.inputs.tasks import SignalRecord

MEAN_SESSIONS_PER_WEEK = 1.0
"""With it 2,500 people in 90 days send some 100,000 signals: most a few, a few very many."""

MAX_USERS = 1_000_000
MAX_DAYS = 20 * 366
EARLIEST_YEAR = 1971
LATEST_YEAR = 9000
RENDERED_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """What to simulate.

    Attributes:
        users: How many people, 1 to 1,000,000.
        days: How long, 1 to 7,320.
        seed: Not below 0. The same configuration gives the same signals (under one version of
            numpy); a person's signals do not depend on how many others there are.
        end: Aware; every event time lies in the `days` before it, `end` itself left out.
        duplicates: Share of the deliveries that are the second copy of a signal, 0 to below 0.5.
        disorder: Share of the signals that arrive a minute to three days late, 0 to 1.
        sessions_per_week: Mean over the people, above 0 and up to 50.

    Raises:
        SimulationError: A field is out of these bounds.
    """

    users: int
    days: int
    seed: int
    end: datetime
    duplicates: float = 0.02
    disorder: float = 0.05
    sessions_per_week: float = MEAN_SESSIONS_PER_WEEK

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        _check("users", self.users, f"1 to {MAX_USERS:,}", ok=1 <= self.users <= MAX_USERS)
        _check("days", self.days, f"1 to {MAX_DAYS:,}", ok=1 <= self.days <= MAX_DAYS)
        _check("seed", self.seed, "0 or more", ok=self.seed >= 0)
        _check("end", self.end, "a datetime with an offset", ok=self.end.utcoffset() is not None)
        years = f"such that all days lie in the years {EARLIEST_YEAR} to {LATEST_YEAR}"
        first_end = datetime(EARLIEST_YEAR, 1, 2, tzinfo=UTC) + timedelta(days=self.days)
        last_end = datetime(LATEST_YEAR, 12, 30, tzinfo=UTC)
        _check("end", self.end, years, ok=first_end <= self.end <= last_end)
        _check("duplicates", self.duplicates, "0 to below 0.5", ok=0 <= self.duplicates < 1 / 2)
        _check("disorder", self.disorder, "0 to 1", ok=0 <= self.disorder <= 1)
        bounded = 0 < self.sessions_per_week <= 50  # noqa: PLR2004 - as the message says
        _check("sessions_per_week", self.sessions_per_week, "above 0, up to 50", ok=bounded)

    @property
    def start(self) -> datetime:
        """The first instant that is simulated."""
        return self.end - timedelta(days=self.days)


def _check(field: str, value: object, allowed: str, *, ok: bool) -> None:
    if not ok:
        raise SimulationError(field, value, allowed)


@dataclass(frozen=True, slots=True)
class SimulationTotals:
    """How much was simulated.

    Attributes:
        deliveries: Signals in order of arrival, copies included.
        signals: Without the copies.
        duplicates: The copies alone.
        late: Signals of which the first copy arrives a minute or more after they happened.
    """

    deliveries: int
    signals: int
    duplicates: int
    late: int


class Simulation:
    """A simulated population. Made by `simulate`; it is drawn then, and written when read.

    Attributes:
        config: What was asked for.
        totals: How much it came to.
    """

    def __init__(self, config: SimulationConfig, people: list[_Lived]) -> None:
        self.config = config
        self._people = [lived.person for lived in people]
        counts = [len(lived.events) for lived in people]
        self._first_row = np.concatenate([[0], np.cumsum(counts)])
        self._events: Events = np.concatenate([lived.events for lived in people])
        self._owner = np.repeat(np.arange(len(people)), counts)
        self._arrived = self._arrivals([lived.deliveries for lived in people])
        self.totals = SimulationTotals(
            deliveries=len(self._arrived),
            signals=len(self._events),
            duplicates=sum(lived.deliveries.duplicates for lived in people),
            late=sum(lived.deliveries.late for lived in people),
        )

    @property
    def truths(self) -> Iterator[Person]:
        """The people, in order of their ids."""
        return iter(self._people)

    @property
    def signals(self) -> Iterator[SignalRecord]:
        """The signals in order of arrival; each call begins anew."""
        for start in range(0, len(self._arrived), RENDERED_AT_ONCE):
            yield from self._records(self._arrived[start : start + RENDERED_AT_ONCE])

    def _arrivals(self, deliveries: list[Deliveries]) -> NDArray[np.int64]:
        rows = np.concatenate(
            [first + own.rows for first, own in zip(self._first_row[:-1], deliveries, strict=True)]
        )
        arrivals_ms = np.concatenate([own.arrivals_ms for own in deliveries])
        # Stable: what arrives at one instant stays in order of person and event.
        in_order: NDArray[np.int64] = rows[np.argsort(arrivals_ms, kind="stable")]
        return in_order

    def _records(self, rows: NDArray[np.int64]) -> Iterator[SignalRecord]:
        owners = self._owner[rows]
        numbers = (rows - self._first_row[owners]).tolist()
        events: list[tuple[Any, ...]] = self._events[rows].tolist()
        for event, number, owner in zip(events, numbers, owners.tolist(), strict=True):
            person = self._people[owner]
            yield event_record(
                Event._make(event),
                user_id=person.user_id,
                event_id=f"event-{number}",
                sends_utc=person.sends_utc,
            )


@dataclass(frozen=True, slots=True)
class _Lived:
    person: Person
    events: Events
    deliveries: Deliveries


def simulate(
    config: SimulationConfig, *, on_person: Callable[[], object] = lambda: None
) -> Simulation:
    """Draw a population and everything it does.

    All nine subjects occur. Events take 36 bytes each until they are read as signals.

    Args:
        config: What to simulate.
        on_person: Called for every person drawn, for a progress bar.
    """
    days = local_days(config.start, config.end)
    name = f"sim-{_tag(config)}"
    people = []
    for number, seed in enumerate(np.random.SeedSequence(config.seed).spawn(config.users)):
        people.append(_live(f"{name}-{number:06d}", config, days, seed))
        on_person()
    return Simulation(config, people)


def _live(user_id: str, config: SimulationConfig, days: LocalDays, seed: SeedSequence) -> _Lived:
    # Three sources of chance: another share of duplicates leaves the lives as they are.
    habits, life, delivery = (np.random.default_rng(child) for child in seed.spawn(3))
    person = draw_person(user_id, days, config.sessions_per_week, habits)
    events = draw_life(person, days, life)
    arrivals = draw_deliveries(events["at_ms"], config.duplicates, config.disorder, delivery)
    return _Lived(person, events, arrivals)


def _tag(config: SimulationConfig) -> str:
    """Name what makes people what they are.

    People of another seed or another stretch of time have other ids, so that both can be
    published without one event id standing for two things.
    """
    end = config.end.astimezone(UTC).isoformat()
    text = f"{config.seed}/{config.days}/{end}/{config.sessions_per_week}"
    return hashlib.sha256(text.encode()).hexdigest()[:6]
