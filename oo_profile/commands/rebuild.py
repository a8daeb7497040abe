"""`oo rebuild`."""

from __future__ import annotations

import gc
import os
import time
from typing import TYPE_CHECKING

import click

from oo_profile.errors import UnknownNameError
from oo_profile.reports.words import counted
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.upkeep.rebuild import Rebuilt


@click.command(short_help="Replay stored signals into fresh state.")
@click.option("--user", "user_id", metavar="USER", help="One user.")
@click.option("--all", "everybody", is_flag=True, help="All users.")
@click.option(
    "--view", "names", multiple=True, metavar="NAME", help="This view only; may be repeated."
)
@click.option(
    "--drop-checkpoints",
    is_flag=True,
    help="With --view: forget what pruned signals have left, if another definition needs them.",
)
def rebuild(
    *, user_id: str | None, everybody: bool, names: tuple[str, ...], drop_checkpoints: bool
) -> None:
    """Replay stored signals into fresh state, in the tables and in Redis.

    The builder may run meanwhile, and what comes in meanwhile counts. A user's history is
    replaced in one transaction, so it may be stopped at any time and started again. Whatever
    Redis has of a user is replaced; his profile is due, and the builder refreshes it.

    A view that is declared otherwise than its table was filled, which the builder refuses, gets a
    new table in one transaction: until then the old one is read.

    \b
    Example:
      oo rebuild --user ada
      oo rebuild --all
      oo rebuild --view task_state
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if (user_id is None) == (not everybody and not names):
        raise click.UsageError("say whom to rebuild: either --user USER or --all, or --view NAME")
    # These import Feast, for which `oo rebuild --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.storage import signal_log  # noqa: PLC0415
    from oo_profile.storage.database import reading  # noqa: PLC0415
    from oo_profile.upkeep.rebuild import rebuild as rebuilt  # noqa: PLC0415
    from oo_transforms.views import STATE_VIEWS  # noqa: PLC0415

    settings = current_settings()
    views = [view for view in STATE_VIEWS if not names or view.name in names]
    for name in set(names) - {view.name for view in views}:
        raise UnknownNameError("state view", name, [view.name for view in STATE_VIEWS])
    with reading(settings.db) as connection:
        total = signal_log.count(connection, user_id)
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    # What Feast leaves is not to be walked by every collection.
    gc.freeze()
    began = time.perf_counter()
    with tqdm(total=total, unit=" signals", unit_scale=True, disable=None, leave=False) as bar:
        done = rebuilt(
            settings,
            store,
            user_id=user_id,
            views=views,
            drop_checkpoints=drop_checkpoints,
            workers=max((os.cpu_count() or 1) - 1, 1),
            progress=bar.update,
        )
    click.echo("\n".join(_told(done, time.perf_counter() - began)))


def _told(done: Rebuilt, seconds: float) -> list[str]:
    rate = done.signals / seconds
    whose = f"{counted(done.users, 'user')} from {counted(done.signals, 'signal')}"
    lines = [f"rebuilt {whose} in {seconds:.1f} s ({rate:,.0f} per second)"]
    lines.append(f"  {counted(done.rows, 'row')}, {done.online_rows:,} of them in Redis")
    lines += [f"  {view} was made anew" for view in done.remade]
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
