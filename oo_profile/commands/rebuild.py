"""`oo rebuild`."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.upkeep.rebuild import Rebuilt


@click.command(short_help="Replay stored signals into fresh state.")
@click.option("--user", "user_id", metavar="USER", help="One user.")
@click.option("--all", "everybody", is_flag=True, help="All users.")
def rebuild(*, user_id: str | None, everybody: bool) -> None:
    """Replay stored signals into fresh state, in the tables and in Redis.

    The builder may run meanwhile, and what comes in meanwhile counts. A user's history is
    replaced in one transaction, so it may be stopped at any time and started again. Whatever
    Redis has of a user is replaced; his profile is due, and the builder refreshes it.

    \b
    Example:
      oo rebuild --user ada
      oo rebuild --all
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if (user_id is None) != everybody:
        raise click.UsageError("say whom to rebuild: either --user USER or --all")
    # These import Feast, for which `oo rebuild --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.storage import signal_log  # noqa: PLC0415
    from oo_profile.storage.database import reading  # noqa: PLC0415
    from oo_profile.upkeep.rebuild import rebuild as rebuilt  # noqa: PLC0415

    settings = current_settings()
    with reading(settings.db) as connection:
        total = signal_log.count(connection, user_id)
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    began = time.perf_counter()
    with tqdm(total=total, unit=" signals", unit_scale=True, disable=None, leave=False) as bar:
        done = rebuilt(
            settings,
            store,
            user_id=user_id,
            workers=max((os.cpu_count() or 1) - 1, 1),
            progress=bar.update,
        )
    click.echo("\n".join(_told(done, time.perf_counter() - began)))


def _told(done: Rebuilt, seconds: float) -> list[str]:
    rate = done.signals / seconds
    whose = f"{counted(done.users, 'user')} from {counted(done.signals, 'signal')}"
    lines = [f"rebuilt {whose} in {seconds:.1f} s ({rate:,.0f} per second)"]
    lines.append(f"  {counted(done.rows, 'row')}, {done.online_rows:,} of them in Redis")
    for view, changes in done.changes.items():
        if changes.repaired:
            lines.append(
                f"  {view}: {changes.missing:,} missing, {changes.extra:,} too many, "
                f"{changes.changed:,} wrong"
            )
    if not done.repaired_rows:
        lines.append("  all of them were as they should be")
    else:
        lines.append(f"  of {counted(done.repaired_users, 'user')}")
    if done.strangers:
        lines.append(f"  removed from Redis: {counted(done.strangers, 'user')} without any row")
    return lines
