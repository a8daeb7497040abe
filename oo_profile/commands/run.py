"""`oo run`."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

import click

from oo_profile.insight.events import LOG_FORMATS, configure
from oo_profile.registry import open_store
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.insight.events import LogFormat
    from oo_profile.storage.database import Synchronous


@click.command(short_help="Build profiles from the signals of the stream.")
@click.option(
    "--synchronous",
    type=click.Choice(["FULL", "NORMAL"]),
    default="FULL",
    show_default=True,
    help="FULL: a commit survives a power cut. NORMAL: faster; only a crash of the process.",
)
@click.option(
    "--log-format",
    type=click.Choice(LOG_FORMATS),
    default="text",
    envvar="OO_LOG_FORMAT",
    show_envvar=True,
    show_default=True,
    help="How events are logged: text for a terminal, json for one object a line.",
)
def run(synchronous: Synchronous, log_format: LogFormat) -> None:
    """Build profiles from the signals of the stream, until it is stopped.

    Each batch of signals goes into SQLite, then Redis, and is then acknowledged. SIGTERM and
    Ctrl-C let it finish the batch at hand.

    \b
    Example:
      oo up && oo apply && oo run
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    configure(log_format)
    click.echo("Loading Feast and the registry ...", err=True)
    asyncio.run(_run(synchronous))


async def _run(synchronous: Synchronous) -> None:
    from oo_profile.building.service import run_builder  # noqa: PLC0415 - imports Feast

    settings = current_settings()
    store = open_store(settings)
    # Feast leaves some hundred thousand objects, and every full collection would walk them all:
    # a sixth of the builder's time.
    gc.freeze()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    totals = await run_builder(settings, store, stop, synchronous=synchronous)
    click.echo(
        f"{totals.stored.total():,} signals stored, {totals.duplicates:,} duplicates, "
        f"{totals.rejected.total():,} rejected, {totals.kept_out:,} kept out"
    )
