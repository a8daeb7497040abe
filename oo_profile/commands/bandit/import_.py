"""`oo bandit import`."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings


@click.command("import", short_help="Take in what another bandit has learned about users.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--replace", is_flag=True, help="Put it in the place of what was imported of a user before."
)
def import_(*, path: Path, replace: bool) -> None:
    """Take in what another bandit has learned about users: a matrix A and a vector b of each.

    FILE has JSON lines (.jsonl, .jsonl.gz), a user a line with `user_id`, `features` (names; the
    one that is always 1 is `constant`), `A`, `b`, `ridge` (what is in the diagonal of A beside the
    decisions), `as_of`, and, if need be, `scale` (what each feature was divided by) and `count`; or
    it is an .npz with these as arrays over all users. docs/bandit.md says all of it.

    Each record goes into its user's log: a rebuild replays it, `oo forget` removes it. It decays
    from `as_of` on and counts for every policy by the names that both know. All of a file is taken
    in, or nothing if anything in it is wrong. The builder may run meanwhile.

    \b
    Example:
      oo bandit import learned.jsonl
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # As --help.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.learned.importing import check_learned, import_learned  # noqa: PLC0415
    from oo_profile.registry import open_store  # noqa: PLC0415

    settings, now_us = current_settings(), time.time_ns() // 1000
    with tqdm(unit=" users", unit_scale=True, disable=None, leave=False, desc="checked") as bar:
        checked = check_learned(settings, path, now_us, replace=replace, progress=bar.update)
    if checked.known:
        click.echo(f"of {counted(checked.known, 'user')} it was in already")
    if not checked.records:
        return
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    gc.freeze()
    users = len(checked.records)
    with tqdm(total=users, unit=" users", unit_scale=True, disable=None, leave=False) as bar:
        rows = import_learned(settings, store, checked.records, now_us, progress=bar.update)
    click.echo(f"learned state of {counted(users, 'user')} was taken in")
    click.echo(f"{counted(rows, 'row')} in Redis")
