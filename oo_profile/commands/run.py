"""`oo run`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from oo_profile.commands.log_format import log_format_option
from oo_profile.garbage import collecting_rarely
from oo_profile.insight.events import EventLog, configure
from oo_profile.registry import open_store
from oo_profile.settings import current_settings
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.insight.events import LogFormat
    from oo_profile.insight.insight import Insight
    from oo_profile.storage.database import Synchronous

_log = EventLog(__name__)


@click.command(short_help="Build profiles from the signals of the stream.")
@click.option(
    "--synchronous",
    type=click.Choice(["FULL", "NORMAL"]),
    default="FULL",
    show_default=True,
    help="FULL: a commit survives a power cut. NORMAL: faster; only a crash of the process.",
)
@log_format_option
@click.option(
    "--metrics-port",
    type=click.IntRange(0, (1 << 16) - 1),
    envvar="OO_METRICS_PORT",
    show_envvar=True,
    help="Serve /metrics, /healthz and /readyz there; 0: a free port, which the log names. "
    "Default: they are not served.",
)
@click.option(
    "--metrics-address",
    default="127.0.0.1",
    envvar="OO_METRICS_ADDRESS",
    show_envvar=True,
    show_default=True,
    help="Where to listen for that: by default, this machine alone asks.",
)
def run(
    synchronous: Synchronous, log_format: LogFormat, metrics_port: int | None, metrics_address: str
) -> None:
    """Build profiles from the signals of the stream, until it is stopped.

    Each batch of signals goes into SQLite, then Redis, and is then acknowledged. SIGTERM and
    Ctrl-C let it finish the batch at hand.

    \b
    Example:
      oo up && oo apply && oo run
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    configure(log_format)
    if log_format == "text":
        click.echo("Loading Feast and the registry ...", err=True)
    with contextlib.ExitStack() as stack:
        insight = None
        if metrics_port is not None:
            insight = stack.enter_context(_served(metrics_address, metrics_port))
        asyncio.run(_run(synchronous, insight))


@contextlib.contextmanager
def _served(address: str, port: int) -> Iterator[Insight]:
    """Observe a builder, and let others see that, from before it starts until it has ended."""
    from oo_profile.insight.insight import Insight  # noqa: PLC0415 - only where it is asked for
    from oo_profile.insight.server import serving  # noqa: PLC0415 - as above

    insight = Insight(wall_clock)
    with serving((address, port), insight.metrics.registry, insight.status) as served_at:
        _log.info("insight.serving", address=served_at)
        yield insight


async def _run(synchronous: Synchronous, insight: Insight | None) -> None:
    from oo_profile.building.service import run_builder  # noqa: PLC0415 - imports Feast

    settings = current_settings()
    store = open_store(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with collecting_rarely():
        totals = await run_builder(settings, store, stop, synchronous=synchronous, observer=insight)
    click.echo(
        f"{totals.stored.total():,} signals stored, {totals.duplicates:,} duplicates, "
        f"{totals.rejected.total():,} rejected, {totals.kept_out:,} kept out"
    )
