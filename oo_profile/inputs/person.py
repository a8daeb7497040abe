"""Simulated people: who they are, before they do anything."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.inputs.local_days import DAY_MS, LocalDays
from oo_profile.inputs.zones import ZONES, DaylightSaving, MonthDay, Zone

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

CATEGORIES = ("admin", "errands", "finance", "health", "home", "social", "study", "work")
OTHER_ANSWERS = ("snooze", "dismiss", "ignored")
OPTIONAL_SOURCES = ("calendar", "mood")

SPREAD_OF_RATES = 1.2
"""Sigma of the lognormal rates: the busiest one in a hundred does 16 times the median."""

BUSIEST_PER_WEEK = 60.0
MEAN_DAYS_TO_STOP = 500
TRIPS_PER_DAY = 1 / 180
TRIP_DAYS = (7, 14)
HOURS = np.arange(24)


@dataclass(frozen=True, slots=True)
class Trip:
    """A stay in another zone; both days are local and inclusive."""

    first_day: str
    last_day: str
    utc_offset_minutes: int


@dataclass(frozen=True, slots=True)
class Person:
    """The truth about one simulated person.

    Attributes:
        user_id: As in the signals.
        home_offset_minutes: East of UTC, without daylight saving time.
        daylight_saving: When the clock is an hour ahead; see `zones.DaylightSaving`.
        holidays: Public holidays as (month, day).
        holiday_factor: Activity on those, as part of a plain day's.
        sessions_per_week: Expected in a plain week: no holiday, an average season.
        hour_weights: Share of the sessions that start in each local hour; they add up to 1.
        weekday_weights: Share of the sessions on each local weekday, Monday first; likewise.
        season_amplitude: Activity goes up and down by this share over the year.
        season_peak_day: Day of the year with most activity.
        session_minutes: Median length of a session.
        category_weights: Share of the tasks by category; they add up to 1.
        completion_probability: That a task is ever completed, had he time without end.
        snooze_probability: That somebody who meets an open task again puts it off, once.
        tip_done_probability: That a tip is followed, by category.
        tip_other_weights: What else happens to a tip; they add up to 1.
        mood_mean: Of the scores logged, before they are rounded and cut to 1..5.
        busy_mean: Mean share of a calendar's window that is taken.
        sources: Which of calendar and mood he uses; app, todoist and tip everybody does.
        sends_utc: His app writes times in UTC and the offset beside it.
        stops_at: When he gave the app up, RFC 3339; None if he did not.
        trips: Stays in other zones, in order of time.
    """

    user_id: str
    home_offset_minutes: int
    daylight_saving: DaylightSaving
    holidays: tuple[MonthDay, ...]
    holiday_factor: float
    sessions_per_week: float
    hour_weights: tuple[float, ...]
    weekday_weights: tuple[float, ...]
    season_amplitude: float
    season_peak_day: int
    session_minutes: float
    category_weights: dict[str, float]
    completion_probability: float
    snooze_probability: float
    tip_done_probability: dict[str, float]
    tip_other_weights: dict[str, float]
    mood_mean: float
    busy_mean: float
    sources: tuple[str, ...]
    sends_utc: bool
    stops_at: str | None = None
    trips: tuple[Trip, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Give the truth as one line of a truth file holds it."""
        return asdict(self)


def draw_person(
    user_id: str, days: LocalDays, mean_sessions_per_week: float, random: Generator
) -> Person:
    """Draw one person.

    Args:
        user_id: His name.
        days: The simulated stretch, within which he may travel and stop.
        mean_sessions_per_week: Mean of the rate over the population.
        random: His own source of chance.
    """
    zone = ZONES[int(random.choice(len(ZONES), p=[zone.share for zone in ZONES]))]
    return Person(
        user_id=user_id,
        home_offset_minutes=zone.offset_minutes,
        daylight_saving=zone.daylight_saving,
        holidays=zone.holidays,
        holiday_factor=_uniform(random, 0.1, 0.5),
        sessions_per_week=_rate(mean_sessions_per_week, random),
        hour_weights=_hour_weights(random),
        weekday_weights=_weekday_weights(random),
        season_amplitude=_uniform(random, 0.0, 0.3),
        season_peak_day=int(random.integers(1, 366)),
        session_minutes=_uniform(random, 3.0, 20.0),
        category_weights=_named(CATEGORIES, random.dirichlet([0.6] * len(CATEGORIES))),
        completion_probability=_beta(random, 6, 3),
        snooze_probability=_beta(random, 1.5, 8),
        tip_done_probability=_named(CATEGORIES, random.beta(1.2, 3.5, len(CATEGORIES))),
        tip_other_weights=_named(OTHER_ANSWERS, random.dirichlet([2.0, 3.0, 4.0])),
        mood_mean=_uniform(random, 2.2, 4.4),
        busy_mean=_beta(random, 3, 4),
        sources=tuple(name for name in OPTIONAL_SOURCES if random.random() < 2 / 3),
        sends_utc=bool(random.random() < 0.25),  # noqa: PLR2004 - a quarter of the apps
        stops_at=_stop(days, random),
        trips=_trips(zone, days, random),
    )


def _uniform(random: Generator, low: float, high: float) -> float:
    return float(random.uniform(low, high))


def _beta(random: Generator, a: float, b: float) -> float:
    return float(random.beta(a, b))


def _rate(mean: float, random: Generator) -> float:
    # The mean of a lognormal is exp(mu + sigma**2 / 2).
    mu = math.log(mean) - SPREAD_OF_RATES**2 / 2
    return min(float(random.lognormal(mu, SPREAD_OF_RATES)), BUSIEST_PER_WEEK)


def _hour_weights(random: Generator) -> tuple[float, ...]:
    """Draw one or two peaks around the clock, over a little at every hour."""
    early = random.normal(9.0, 2.0)
    late = random.normal(20.0, 2.0)
    share = random.choice([0.0, 1.0, random.uniform(0.25, 0.75)])
    widths = random.uniform(1.0, 3.0, 2)
    weights = share * _peak(early, widths[0]) + (1 - share) * _peak(late, widths[1]) + 0.004
    return _shares(weights)


def _peak(centre: float, width: float) -> NDArray[np.float64]:
    distance = np.abs((HOURS + 0.5 - centre + 12) % 24 - 12)
    bell = np.exp(-0.5 * (distance / width) ** 2)
    peak: NDArray[np.float64] = bell / bell.sum()
    return peak


def _weekday_weights(random: Generator) -> tuple[float, ...]:
    weekend = random.choice([0.25, 1.0, 1.8], p=[0.6, 0.25, 0.15])
    return _shares(np.array([1.0] * 5 + [weekend] * 2) * random.lognormal(0.0, 0.2, 7))


def _shares(weights: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(weight) for weight in weights / weights.sum())


def _named(names: tuple[str, ...], values: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))


def _stop(days: LocalDays, random: Generator) -> str | None:
    # Nobody stops on the day he begins.
    stop_ms = days.start_ms + int((1 + random.exponential(MEAN_DAYS_TO_STOP)) * DAY_MS)
    if stop_ms >= days.end_ms:
        return None
    return datetime.fromtimestamp(stop_ms // 1000, UTC).isoformat()


def _trips(home: Zone, days: LocalDays, random: Generator) -> tuple[Trip, ...]:
    abroad = [zone.offset_minutes for zone in ZONES if zone is not home]
    trips: list[Trip] = []
    free_from = 0
    for start in sorted(random.integers(0, len(days), random.poisson(TRIPS_PER_DAY * len(days)))):
        length = int(random.integers(TRIP_DAYS[0], TRIP_DAYS[1] + 1))
        offset = int(random.choice(abroad))
        if start < free_from:
            continue
        free_from = int(start) + length
        first = days.first + timedelta(days=int(start))
        trips.append(Trip(str(first), str(first + timedelta(days=length - 1)), offset))
    return tuple(trips)


def local_offsets(person: Person, days: LocalDays) -> NDArray[np.int64]:
    """Give the person's UTC offset in minutes on each local day."""
    offsets = person.home_offset_minutes + days.daylight_minutes[person.daylight_saving]
    for trip in person.trips:
        first = (date.fromisoformat(trip.first_day) - days.first).days
        last = (date.fromisoformat(trip.last_day) - days.first).days
        offsets[first : last + 1] = trip.utc_offset_minutes
    return offsets


def sessions_by_day(person: Person, days: LocalDays) -> NDArray[np.float64]:
    """Give the number of sessions expected on each local day, if he has not stopped."""
    phase = (days.days_of_year - person.season_peak_day) * (2 * math.pi / 365.25)
    season = 1 + person.season_amplitude * np.cos(phase)
    holiday = np.where(days.is_holiday[person.holidays], person.holiday_factor, 1.0)
    weekday = np.array(person.weekday_weights)[days.weekdays]
    expected: NDArray[np.float64] = person.sessions_per_week * weekday * season * holiday
    return expected
