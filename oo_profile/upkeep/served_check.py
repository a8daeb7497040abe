"""A user's logged decisions against history as it was seen: which version did serving see.

Serving reads Redis, which is behind the stream by the builder's lag, and a user's views are written
one after another. So a decision agrees if each view that its features rest on is at some version
seen in the `WINDOW` before the tip was shown, at the decision's own `now`. How far behind serving
was, at least, is the age of the first version that it had not seen yet, and 0 if there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Final

from oo_profile.deviation import READ_TOLERANCE, deviation
from oo_profile.storage import checkpoints
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.seen_versions import SeenVersions
from oo_transforms.candidates import candidate_features
from oo_transforms.clock import MICROSECOND, from_micros, seconds_to_micros
from oo_transforms.columns import REQUESTED
from oo_transforms.filling import FILL_SOURCES, features_seen, fillable
from oo_transforms.notes import Asked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oo_transforms.decisions import Decision
    from oo_transforms.history import Version
    from oo_transforms.signals import TipShown

WINDOW: Final = timedelta(seconds=5)
"""How far serving may be behind."""

CLOCK_FEATURES: Final[tuple[str, ...]] = ("hour_sin", "hour_cos", "is_weekend")
"""Of a candidate's features, those that need nothing but the clock."""

OLDER: Final = 50
"""Versions from before the window that are tried, to say how old what was served is."""

MIXTURES: Final = 200
"""Pairs of versions of two views within the window that are tried beside those of one moment."""

WITHOUT_STORE: Final = "candidate_features_only"
_WINDOW_US: Final = WINDOW // MICROSECOND

Places = tuple[int, ...]
"""Of each view that history is asked about, the place of a version among those seen."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one decision.

    Attributes:
        user_id: Whose it is.
        event_id: The signal that bears it.
        lag_us: How far serving was behind, at least; None if it does not agree, or logged nothing
            that comes from state.
        why_not: Why it could not be compared; empty if it was.
        apart: Of each feature compared, how far it is from what was expected.
        difference: What differs, in a line; empty if nothing does.
    """

    user_id: str
    event_id: str
    lag_us: int | None = None
    why_not: str = ""
    apart: Mapping[str, float] | None = None
    difference: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it was compared, and nothing differs."""
        return not (self.why_not or self.difference)


def check_served(
    connection: sqlite3.Connection, user_id: str, shown: Iterable[tuple[TipShown, int]]
) -> Iterator[Checked]:
    """Check the decisions of a user's tips.

    Args:
        connection: Where to read, in one transaction.
        user_id: The user.
        shown: Tips shown with their event times, microseconds; those without a decision are
            passed over.
    """
    decided = [
        _Decided.of(signal, signal.decision, at_us)
        for signal, at_us in shown
        if signal.decision is not None
    ]
    if decided:
        yield from _Check(connection, user_id).decisions(decided)


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision, and what can be checked of it.

    Attributes:
        asked: What history is asked; as of when the tip was shown.
        profile: The logged features that come from state.
        clock: Those that come from the clock alone.
        had_store: Whether the online store served them.
    """

    asked: Asked
    profile: Mapping[str, float]
    clock: Mapping[str, float]
    had_store: bool

    @classmethod
    def of(cls, signal: TipShown, decision: Decision, shown_us: int) -> _Decided:
        now_us, offset = seconds_to_micros(decision.now), signal.utc_offset_minutes or 0
        asked = Asked(signal.user_id, signal.event_id, shown_us, now_us, offset, signal.category)
        logged = decision.features
        return cls(
            asked,
            {name: float(logged[name]) for name in fillable() if name in logged},
            {name: float(logged[name]) for name in CLOCK_FEATURES if name in logged},
            WITHOUT_STORE not in decision.degraded,
        )


class _Check:
    def __init__(self, connection: sqlite3.Connection, user_id: str) -> None:
        self._views = [SeenVersions(connection, StateTable(view), user_id) for view in FILL_SOURCES]
        kept = (checkpoints.find(connection, view, user_id) for view in FILL_SOURCES)
        self._pruned_us = max((state.created_us for state in kept if state), default=0)

    def decisions(self, decided: Sequence[_Decided]) -> Iterator[Checked]:
        # What was newest is nearly always what was seen: of all decisions at once.
        newest = [self._places(one.asked.as_of_us) for one in decided]
        seen = [self._seen(places) for places in newest]
        expected = features_seen([one.asked for one in decided], seen)
        for one, places, features in zip(decided, newest, expected, strict=True):
            yield self._decision(one, places, features)

    def _decision(self, one: _Decided, newest: Places, features: Mapping[str, float]) -> Checked:
        user_id, event_id, shown_us = one.asked.user_id, one.asked.event_id, one.asked.as_of_us
        if not one.had_store:
            return Checked(user_id, event_id, why_not="served without the online store")
        found: Places | None = newest
        if not _equals(one.profile, features):
            oldest = self._places(shown_us - _WINDOW_US)
            found = self._first(one, self._within(newest, oldest))
            if found is None and shown_us - _WINDOW_US < self._pruned_us:
                return Checked(user_id, event_id, why_not="what was seen then is pruned")
            features = features if found is None else self._features(one.asked, found)
        expected = {**_clock_features(one.asked), **features}
        apart = _apart({**one.clock, **one.profile}, expected)
        if found is not None and all(far <= READ_TOLERANCE for far in apart.values()):
            lag_us = self._lag_us(found, shown_us) if one.profile else None
            return Checked(user_id, event_id, lag_us, apart=apart)
        told = _told(one, apart, expected) + ("" if found is not None else self._age(one))
        return Checked(user_id, event_id, apart=apart, difference=told)

    def _places(self, time_us: int) -> Places:
        return tuple(view.place_at(time_us) for view in self._views)

    def _seen(self, places: Places) -> dict[str, Version | None]:
        return {
            view.name: own.version(place)
            for view, own, place in zip(FILL_SOURCES, self._views, places, strict=True)
        }

    def _features(self, asked: Asked, places: Places) -> dict[str, float]:
        return features_seen([asked], [self._seen(places)])[0]

    def _first(self, one: _Decided, places: Iterable[Places]) -> Places | None:
        """Find the first versions that a decision may have seen."""
        return next(
            (at for at in places if _equals(one.profile, self._features(one.asked, at))), None
        )

    def _within(self, newest: Places, oldest: Places) -> Iterator[Places]:
        """Give the versions within the window: of one moment, then mixed, the newest first."""
        spans = [range(new, old - 1, -1) for new, old in zip(newest, oldest, strict=True)]
        mixed = sorted(islice(product(*spans), MIXTURES), key=sum, reverse=True)
        return chain(self._before_each(newest, oldest), mixed[1:])

    def _before_each(self, newest: Places, oldest: Places) -> Iterator[Places]:
        """Give what was seen before each version up to the newest was there, down to the oldest."""
        moments = {
            created_us
            for view, new, old in zip(self._views, newest, oldest, strict=True)
            for place in range(old + 1, new + 1)
            if (created_us := view.created_us(place)) is not None
        }
        return (self._places(moment - 1) for moment in sorted(moments, reverse=True))

    def _lag_us(self, found: Places, shown_us: int) -> int:
        unseen = [
            created_us
            for view, place in zip(self._views, found, strict=True)
            if (created_us := view.created_us(place + 1)) is not None and created_us <= shown_us
        ]
        return max(shown_us - min(unseen), 0) if unseen else 0

    def _age(self, one: _Decided) -> str:
        """Say how old what was served is, if it is known at all."""
        shown_us = one.asked.as_of_us
        newest = self._places(shown_us - _WINDOW_US)
        oldest = tuple(max(place - OLDER, 0) - 1 for place in newest)
        found = self._first(one, self._before_each(newest, oldest))
        if found is None:
            return "; it is nothing that was seen before"
        seconds = self._lag_us(found, shown_us) / 1e6
        return f"; it was seen until {seconds:.1f} s before"


def _clock_features(asked: Asked) -> dict[str, float]:
    outputs = candidate_features(
        {
            "now": [asked.now_us / 1e6],
            "utc_offset_minutes": [asked.utc_offset_minutes],
            REQUESTED: CLOCK_FEATURES,
        }
    )
    return {name: float(outputs[name][0]) for name in CLOCK_FEATURES}


def _apart(given: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
    return {name: deviation(value, expected[name]) for name, value in given.items()}


def _equals(given: Mapping[str, float], expected: Mapping[str, float]) -> bool:
    return all(far <= READ_TOLERANCE for far in _apart(given, expected).values())


def _told(one: _Decided, apart: Mapping[str, float], expected: Mapping[str, float]) -> str:
    given = {**one.clock, **one.profile}
    words = ", ".join(
        f"{name} is {given[name]!r}, history has {expected[name]!r}"
        for name, far in apart.items()
        if not far <= READ_TOLERANCE
    )
    shown = from_micros(one.asked.as_of_us).isoformat()
    return f"{one.asked.event_id} of {one.asked.user_id}, shown at {shown}: {words}"
