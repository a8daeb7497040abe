"""`oo backup`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from tqdm import tqdm

from oo_profile.errors import NoNatsError
from oo_profile.reports.words import counted
from oo_profile.settings import current_settings
from oo_profile.transport.connection import connect_to_nats
from oo_profile.transport.position import Position, acknowledged_position
from oo_profile.upkeep.backup import Backup, back_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_profile.settings import Settings

_MEGABYTE = 1_000_000


@click.command(short_help="Copy the database to a file while the builder runs.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE while the builder runs, and look the copy through.

    All of it is from one moment. FILE appears when it is complete and every page of it was
    checked; what was there before is replaced. It holds personal data, and its owner alone may
    read it. Redis needs no backup: it is filled from the database.

    \b
    Example:
      oo backup /backups/oo-monday.db
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()
    # Asked before the copy: what is acknowledged by then is in it.
    position = asyncio.run(_position(settings))
    began = time.perf_counter()
    bar: tqdm[NoReturn] = tqdm(
        unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False
    )
    with bar:
        done = back_up(settings.db, file, position, _progress(bar))
    click.echo(_told(done, time.perf_counter() - began))


def _progress(bar: tqdm[NoReturn]) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return told


async def _position(settings: Settings) -> Position | None:
    try:
        async with connect_to_nats(settings, name="oo backup") as connection:
            return await acknowledged_position(connection)
    except NoNatsError as error:
        click.echo(f"{error}. A restore will read the whole stream again", err=True)
        return None


def _told(done: Backup, seconds: float) -> str:
    rest = "" if done.position is None else f", the stream up to {done.position.acknowledged_to:,}"
    return (
        f"{done.path}: {counted(done.signals, 'signal')}{rest}, "
        f"{done.size_bytes / _MEGABYTE:,.1f} MB in {seconds:.1f} s, looked through and whole"
    )
