"""`oo prune`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from oo_profile.reports.words import counted, parse_instant
from oo_profile.settings import current_settings
from oo_profile.upkeep.prune import prune as pruned
from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from oo_profile.upkeep.prune import Pruned


def _past(_: click.Context, __: click.Parameter, text: str) -> datetime:
    try:
        moment = parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if moment > datetime.now(UTC):
        raise click.BadParameter(f"{text} is in the future; what is not there yet cannot go")
    return moment


@click.command(short_help="Remove old signals, and keep the states that stand for them.")
@click.option("--before", required=True, callback=_past, metavar="T", help="A moment in ISO 8601.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(*, before: datetime, dry_run: bool) -> None:
    """Remove the signals received before a moment, and the history that only they explain.

    The state of each user and view at that moment stays, and all reads of later moments give what
    they gave. Reads of earlier ones find less. The builder may run meanwhile. The file does not
    shrink: its free pages are used again.

    \b
    Example:
      oo prune --before 2025-01-01 --dry-run
      oo prune --before 2025-01-01
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()
    began = time.perf_counter()
    with tqdm(unit=" users", unit_scale=True, disable=None, leave=False) as bar:
        done = pruned(settings.db, to_micros(before), dry_run=dry_run, progress=bar.update)
    verb = "would go" if dry_run else "are gone"
    click.echo(
        f"{counted(done.signals, 'signal')} of {counted(done.users, 'user')} received before "
        f"{before.isoformat()} {verb} ({time.perf_counter() - began:.1f} s)"
    )
    for line in _rows(done):
        click.echo(line)


def _rows(done: Pruned) -> list[str]:
    lines = [f"  {view}: {counted(rows, 'row')}" for view, rows in sorted(done.rows.items())]
    if done.waiting:
        lines.append(
            f"  left out: {counted(done.waiting, 'user')} whose late signals the builder is "
            "still correcting; run it again later"
        )
    return lines
