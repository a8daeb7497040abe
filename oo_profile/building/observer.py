"""What a builder tells whoever watches it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nats.aio.client import Client

    from oo_profile.building.online import OnlineWriter
    from oo_profile.building.outcome import Outcome
    from oo_profile.transport.message import Message

Part = Literal["sqlite", "redis", "nats"]
"""What a builder works with, and may have to wait for."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a running builder works with, for whoever looks at it beside the builder.

    Attributes:
        nats: The builder's connection.
        online: Redis; its `ping` may be called from any thread.
        database: The SQLite file, which is there.
    """

    nats: Client
    online: OnlineWriter
    database: Path


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

    The methods that begin with `on` are called in the event loop, a few times a batch or less
    often, and the builder waits for them.
    """

    def watching(self, surroundings: Surroundings) -> contextlib.AbstractAsyncContextManager[None]:
        """Return a context that lasts as long as the builder runs."""
        del surroundings
        return contextlib.nullcontext()

    def on_turn(self) -> None:
        """Take note that the builder looks for messages again, with or without having found any."""

    def on_batch(self, report: BatchReport) -> None:
        """Take note of a batch."""

    def on_waiting(self, part: Part, reason: str) -> None:
        """Take note that a part refuses its work; called at every attempt that fails."""

    def on_resumed(self, part: Part) -> None:
        """Take note that a part works again."""
