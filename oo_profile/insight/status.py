"""What is known of a running builder at the moment; metrics and health read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oo_profile.building.observer import Part
    from oo_profile.insight.disk import Disk
    from oo_profile.insight.sample import DatabaseSample, LagSample


Teller: TypeAlias = Literal["builder", "watch"]
"""Who found that a part does not work: its work was refused, or a question beside it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A part that the builder waits for.

    Attributes:
        since_seconds: When that began, by the status' clock.
        reason: What it says.
    """

    since_seconds: float
    reason: str


@dataclass(slots=True)
class Status:
    """The newest of everything; None or empty where nothing is known yet.

    Written in the event loop, read from any thread: each field is replaced as a whole.

    Attributes:
        clock: Seconds that never go back.
        looped_at: When the event loop last turned.
        turned_at: When the builder last looked for messages.
        stopping: Whether the builder ends.
        waits: What does not work, by who found that.
        lag: What NATS said.
        database: What the database said.
        database_refusal: Why it said nothing, empty if it did.
        disk: The disk of the database.
        signals: Signals stored.
        newest_us: Event time of the newest signal, by source.
    """

    clock: Callable[[], float]
    looped_at: float | None = None
    turned_at: float | None = None
    stopping: bool = False
    waits: dict[tuple[Part, Teller], Wait] = field(default_factory=dict)
    lag: LagSample | None = None
    database: DatabaseSample | None = None
    database_refusal: str = ""
    disk: Disk | None = None
    signals: int | None = None
    newest_us: dict[str, int] = field(default_factory=dict)

    def saw(self, newest_us: Mapping[str, int]) -> None:
        """Take note of event times of signals, by source; older ones than known change nothing."""
        later = {key: time for key, time in newest_us.items() if time > self.newest_us.get(key, 0)}
        if later:
            self.newest_us = {**self.newest_us, **later}

    def begin_waiting(self, part: Part, reason: str, teller: Teller = "builder") -> None:
        """Take note that a part does not work; the wait goes on if it did not before."""
        known = self.waits.get((part, teller))
        since = known.since_seconds if known else self.clock()
        self.waits = {**self.waits, (part, teller): Wait(since, reason)}

    def end_waiting(self, part: Part, teller: Teller = "builder") -> None:
        """Take note that a part works, as far as this teller sees."""
        if (part, teller) in self.waits:
            key = (part, teller)
            self.waits = {known: wait for known, wait in self.waits.items() if known != key}

    def wait(self, part: Part) -> Wait | None:
        """Return for how long a part has not worked, and why; None if it works."""
        waits = [wait for (waited, _), wait in self.waits.items() if waited == part]
        return min(waits, key=lambda wait: wait.since_seconds, default=None)

    def waited_seconds(self, part: Part) -> float:
        """Say for how long a part has not worked, 0 if it does."""
        wait = self.wait(part)
        return self.clock() - wait.since_seconds if wait else 0.0
