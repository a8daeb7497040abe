"""`oo resync`."""

from __future__ import annotations

import gc
import time

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings


@click.command(short_help="Refill Redis from SQLite.")
@click.option("--user", "user_id", metavar="USER", help="One user.  [default: all]")
def resync(*, user_id: str | None) -> None:
    """Replace what Redis has by the newest states in SQLite.

    Whatever Redis holds, newer or damaged, gives way, and users whom SQLite does not know go. The
    builder may run meanwhile. Nothing is computed: if the tables are wrong, see `oo rebuild`.

    \b
    Example:
      oo resync
      oo resync --user ada
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # These import Feast, for which `oo resync --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.upkeep.resync import resync as resynced  # noqa: PLC0415

    settings = current_settings()
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    # What Feast leaves is not to be walked by every collection.
    gc.freeze()
    began = time.perf_counter()
    with tqdm(unit=" rows", unit_scale=True, disable=None, leave=False) as bar:
        done = resynced(settings, store, user_id=user_id, progress=bar.update)
    seconds = time.perf_counter() - began
    click.echo(
        f"{counted(done.rows, 'row')} of {counted(done.users, 'user')} are in Redis, after "
        f"{seconds:.1f} s ({done.rows / seconds:,.0f} per second)"
    )
    if done.strangers:
        click.echo(f"  removed: {counted(done.strangers, 'user')} without any row in SQLite")
