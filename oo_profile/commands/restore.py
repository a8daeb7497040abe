"""`oo restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings
from oo_profile.transport.connection import connect_to_nats
from oo_profile.upkeep.restore import Restored
from oo_profile.upkeep.restore import restore as restored

if TYPE_CHECKING:
    from oo_profile.settings import Settings


@click.command(short_help="Put a backup in the place of the database.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put FILE, a backup, in the place of the database, and have the stream read again from there.

    The builder must not run. The database that was there is kept beside it. What the builder is
    sent twice it recognises, so that everything is stored once. Who was forgotten since the
    backup stays forgotten, if the old database is there to tell.

    \b
    Example:
      oo restore /backups/oo-monday.db
      oo run
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    done = asyncio.run(_restore(current_settings(), file))
    click.echo("\n".join(_told(done)))


async def _restore(settings: Settings, file: Path) -> Restored:
    async with connect_to_nats(settings, name="oo restore") as connection:
        return await restored(settings.db, file, connection)


def _told(done: Restored) -> list[str]:
    lines = [f"restored {counted(done.backup.signals, 'signal')} from {done.backup.path}"]
    if done.replaced:
        lines.append(
            f"  the database that was there is {done.replaced}; remove it when all is well"
        )
    if done.tombstones:
        lines.append(f"  {counted(done.tombstones, 'person')} forgotten since stay forgotten")
    lines.append(
        f"Start the builder: the stream is read again from message {done.first_sequence:,} on"
    )
    lines.append("When it has caught up, `oo resync` removes from Redis what no signal tells of")
    return lines
