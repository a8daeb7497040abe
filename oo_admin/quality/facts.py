"""What is seen beside the counts, at one moment: users' freshness, Redis, the builder."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read from JSON by type
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewFreshness:
    """How fresh a view is, over a sample of the active users who ever had it.

    A state is fresh up to the age that its source is expected to keep, stale up to its TTL, both
    inclusive, and expired beyond.

    Attributes:
        view: The state view.
        source: Its source.
        fresh: Users.
        stale: Users.
        expired: Users.
        oldest_us: The oldest newest event time among them; None: no users.
    """

    view: str
    source: str
    fresh: int
    stale: int
    expired: int
    oldest_us: int | None = None

    @property
    def users(self) -> int:
        """All of them."""
        return self.fresh + self.stale + self.expired

    @property
    def fresh_share(self) -> float:
        """The share that is fresh; 0 without users."""
        return self.fresh / self.users if self.users else 0.0


@dataclass(frozen=True, slots=True)
class OnlineSample:
    """Redis against SQLite, for a sample of users and all their views.

    Attributes:
        compared: States compared.
        missing: Those that Redis does not have.
        older: Those of which Redis has another version.
        users: How many users have a state that is missing or another.
    """

    compared: int
    missing: int
    older: int
    users: int


@dataclass(frozen=True, slots=True)
class FeatureSample:
    """A feature's values in the table `profile`, for a sample of active users.

    Attributes:
        feature: Its name.
        users: How many values.
        none: How many are the value without evidence.
        out_of_range: How many are out of the declared range.
        bins: The others by bin, see `oo_profile.building.tally.value_bin`; texts by themselves.
    """

    feature: str
    users: int
    none: int
    out_of_range: int
    bins: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StateCounts:
    """Of how many users of a sample a state does not count.

    Attributes:
        expired: It is past its TTL.
        never: It was never seen.
    """

    expired: int
    never: int


@dataclass(frozen=True, slots=True)
class LoggedPoint:
    """That a sample of profiles was logged.

    Attributes:
        at_us: The instant that the profiles are of, microseconds.
        users: How many.
        views: By state view.
    """

    at_us: int
    users: int
    views: Mapping[str, StateCounts]


@dataclass(frozen=True, slots=True)
class BusyUser:
    """Who sent most within an hour.

    Attributes:
        user_id: Who.
        signals: How many, about.
    """

    user_id: str
    signals: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is seen at one moment; None where it could not be looked at.

    Attributes:
        waiting: Messages of the stream that the builder has not handled.
        handled_us: Received time of the newest message that it counted, microseconds.
        freshness: By view.
        online: Redis against SQLite.
        features: Of the table `profile`.
        busiest: Who sent most in the last hour.
    """

    waiting: int | None = None
    handled_us: int | None = None
    freshness: tuple[ViewFreshness, ...] = ()
    online: OnlineSample | None = None
    features: tuple[FeatureSample, ...] = ()
    busiest: BusyUser | None = None
