"""What a builder tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.building.batch import Outcome
    from oo_profile.transport.message import Message

Part = Literal["sqlite", "redis", "nats"]
"""What a builder works with, and may have to wait for."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch that was acknowledged.

    Attributes:
        messages: What it consisted of.
        outcome: What became of them.
        seconds: How long it took, from its first statement to its acknowledgement.
        online_us: When Redis had its states, microseconds since the epoch; None if Redis was
            away and gets them later.
    """

    messages: Sequence[Message]
    outcome: Outcome
    seconds: float
    online_us: int | None


class BuilderObserver:
    """Is told what a builder does; this one does nothing with it.

    Called in the event loop, a few times a batch or less often, and the builder waits for it.
    """

    def on_turn(self) -> None:
        """Take note that the builder looks for messages again, with or without having found any."""

    def on_batch(self, report: BatchReport) -> None:
        """Take note of a batch."""

    def on_waiting(self, part: Part, reason: str) -> None:
        """Take note that a part refuses its work; called at every attempt that fails."""

    def on_resumed(self, part: Part) -> None:
        """Take note that a part works again."""
