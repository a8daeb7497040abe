"""A whole small world: registry, database, Redis, NATS, and a builder that runs on demand."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from oo_profile.building.service import MAX_BATCH, run_builder
from oo_profile.cli import oo
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import ensure_stream
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feast import FeatureStore

    from oo_profile.building.builder import BuilderConfig, Totals
    from oo_profile.settings import Settings

DEADLINE_SECONDS = 180
"""A builder that has not handled everything by then has lost something."""

SignalData = tuple[str, dict[str, Any]]
"""Subject and data of a signal, as a producer has them."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a builder needs, empty and real; the environment says the same.

    Attributes:
        settings: Where everything is.
        store: Feast with the project's definitions applied.
        redis_address: "host:port" of a Redis without keys.
        nats_url: A NATS without streams.
    """

    settings: Settings
    store: FeatureStore
    redis_address: str
    nats_url: str

    def publish_and_build(
        self,
        signals: Iterable[SignalData],
        *,
        max_batch: int = MAX_BATCH,
        clock: Callable[[], int] = wall_clock,
        config: BuilderConfig | None = None,
    ) -> Totals:
        """Publish signals, run the builder until it has handled as many, and return its totals.

        May be called again: the consumer goes on where it was.
        """
        return asyncio.run(self._publish_and_build(list(signals), max_batch, clock, config))

    def oo(self, *arguments: str, code: int = 0) -> Result:
        """Run a command of `oo` in this process and return its result; it must end with `code`."""
        result = CliRunner().invoke(oo, arguments, prog_name="oo")
        assert result.exit_code == code, result.output
        return result

    async def _publish_and_build(
        self,
        signals: list[SignalData],
        max_batch: int,
        clock: Callable[[], int],
        config: BuilderConfig | None,
    ) -> Totals:
        stop = asyncio.Event()

        def on_batch(totals: Totals) -> None:
            if totals.handled >= len(signals):
                stop.set()

        async with asyncio.timeout(DEADLINE_SECONDS), nats_connection(self.nats_url) as connection:
            await ensure_stream(connection)
            await publish(connection, [_line(*signal) for signal in signals])
            return await run_builder(
                self.settings,
                self.store,
                stop,
                clock=clock,
                config=config,
                max_batch=max_batch,
                on_batch=on_batch,
            )


def signal(  # noqa: D417 - the rest is the subject's own
    subject: str, user_id: str, occurred_at: str | datetime, event_id: str = "", **fields: object
) -> SignalData:
    """Make a signal.

    Args:
        subject: Without the leading "signals.".
        user_id: Whom it is about.
        occurred_at: Event time; a text is taken as it is, so its offset counts.
        event_id: By default made of subject and time.
    """
    instant = occurred_at
    if isinstance(occurred_at, datetime):
        instant = occurred_at.astimezone(UTC).isoformat()
    return f"signals.{subject}", {
        "event_id": event_id or f"{subject}@{instant}",
        "user_id": user_id,
        "occurred_at": instant,
        **fields,
    }


def _line(subject: str, data: dict[str, Any]) -> SignalLine:
    return SignalLine(subject, json.dumps(data).encode())
