"""`oo demo`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from oo_profile.settings import find_repo


@click.command(short_help="Show everything at once on real input.")
@click.argument("repos", nargs=-1, metavar="[REPO]...", type=click.Path(path_type=Path))
@click.option("--users", default=2500, show_default=True, type=click.IntRange(1), help="Simulated.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1), help="Simulated.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of all chance.")
@click.option("--keep", is_flag=True, help="Leave servers and files in .demo of the project.")
def demo(*, repos: tuple[Path, ...], users: int, days: int, seed: int, keep: bool) -> None:
    """Show everything at once, on servers of its own.

    The history of git repositories (by default the one the project stands in) and a simulated
    population go through NATS into profiles; then one person's profile, the bandit's vectors, a
    training set, and a check that all of them agree.

    \b
    Example:
      oo demo
      oo demo ~/src/a ~/src/b --users 500
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    click.echo("Loading Feast (some seconds) ...")
    from oo_profile.demo import Tour, TourConfig  # noqa: PLC0415 - so that --help need not wait

    repo = find_repo(os.environ, Path.cwd())
    histories = tuple(path.expanduser() for path in repos) or (repo.parent,)
    Tour(TourConfig(repo, histories, users, days, seed, keep)).run()
