"""Publishing at full speed while the builder runs, with a bar for each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tqdm import tqdm

from oo_profile.building.late_tails import correct_all
from oo_profile.building.profile_features import ProfileFeatures
from oo_profile.building.profile_table import ProfileTable
from oo_profile.building.service import run_builder
from oo_profile.storage.database import connect
from oo_profile.transport.connection import connect_to_nats
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import read_signals
from oo_profile.transport.stream import ensure_stream
from oo_profile.wall_clock import wall_clock
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from feast import FeatureStore
    from nats.aio.client import Client

    from oo_profile.building.builder import Totals
    from oo_profile.demo.feed import Feed
    from oo_profile.settings import Settings

REFRESHED_AT_ONCE = 500
"""Users whose profiles are computed in one transaction."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went through.

    Attributes:
        published: Signals that the stream acknowledged.
        publish_seconds: How long that took.
        totals: What the builder made of them.
        build_seconds: From the first signal published to the last acknowledged by the builder.
    """

    published: int
    publish_seconds: float
    totals: Totals
    build_seconds: float

    @property
    def is_whole(self) -> bool:
        """Whether every published signal is stored, a duplicate or rejected."""
        return self.published == self.totals.handled


def run_traffic(
    settings: Settings, store: FeatureStore, feeds: Sequence[Feed], *, bars: bool
) -> Traffic:
    """Publish feeds while the builder runs, and return when every signal is taken care of.

    Args:
        settings: Where NATS and the database are.
        store: Feast with the definitions applied.
        feeds: What to publish, one after the other.
        bars: Show progress bars on standard error.
    """
    return asyncio.run(_run(settings, store, feeds, bars=bars))


async def _run(
    settings: Settings, store: FeatureStore, feeds: Sequence[Feed], *, bars: bool
) -> Traffic:
    total = sum(feed.signals for feed in feeds)
    stop = asyncio.Event()
    began = time.perf_counter()
    with _bar("published", total, 0, bars) as published, _bar("built", total, 1, bars) as built:

        def on_batch(totals: Totals) -> None:
            built.update(totals.handled - built.n)
            if totals.handled >= total:
                stop.set()

        async with connect_to_nats(settings, name="oo-demo") as connection:
            await ensure_stream(connection)
            # A group: if one of the two fails, the other must not wait for it.
            async with asyncio.TaskGroup() as both:
                building = both.create_task(run_builder(settings, store, stop, on_batch=on_batch))
                publishing = both.create_task(_publish(connection, feeds, published.update))
    count, publish_seconds = publishing.result()
    built_seconds = time.perf_counter() - began
    with contextlib.closing(connect(settings.db)) as database:
        # A builder that goes on would do it: what is shown next reads what is true.
        correct_all(database, STATE_VIEWS)
        profiles = ProfileTable(database, STATE_VIEWS, ProfileFeatures(store))
        while profiles.refresh_due(wall_clock(), REFRESHED_AT_ONCE):
            pass
    return Traffic(count, publish_seconds, building.result(), built_seconds)


async def _publish(
    connection: Client, feeds: Sequence[Feed], progress: Callable[[int], object]
) -> tuple[int, float]:
    began = time.perf_counter()
    count = 0
    for feed in feeds:
        report = await publish(connection, read_signals(str(feed.path)), progress=progress)
        count += report.published
    return count, time.perf_counter() - began


def _bar(what: str, total: int, position: int, bars: bool) -> tqdm[NoReturn]:  # noqa: FBT001 - private
    return tqdm(
        desc=f"  {what:9}",
        total=total,
        unit=" signals",
        unit_scale=True,
        position=position,
        leave=True,
        disable=not bars,
    )
