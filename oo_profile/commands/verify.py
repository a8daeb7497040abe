"""`oo verify`."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.upkeep.verify import Verification

HEADERS = ("feature", "compared", "mismatched", "missing", "extra", "largest deviation")


@click.command(short_help="Compare what is kept of users with their signals.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="N users, the same each time."
)
@click.option(
    "--wait",
    "patience_seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to look again at what a builder is changing.",
)
@click.option(
    "--served",
    is_flag=True,
    help="Compare logged decisions with history as it was seen instead.",
)
def verify(*, sample: int | None, patience_seconds: float, served: bool) -> None:
    """Compare what is kept of users with their signals.

    Users are recomputed from their stored signals; histories, the table `profile` and Redis must
    be what comes out. The builder may run meanwhile. Each difference is printed, and the exit
    code is 1 if there is any.

    With --served, what logged decisions say that they saw of a user must be history as seen at a
    version of the five seconds before the tip was shown; how far serving was behind is told. Redis
    is not read.

    \b
    Example:
      oo verify
      oo verify --sample 100
      oo verify --served
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if served:
        _verify_served(sample)
        return
    # These import Feast, for which `oo verify --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.upkeep.verify import verify as verified  # noqa: PLC0415

    settings = current_settings()
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    # What Feast leaves is not to be walked by every collection.
    gc.freeze()
    began = time.perf_counter()
    with tqdm(total=sample, unit=" users", unit_scale=True, disable=None, leave=False) as bar:
        found = verified(
            settings,
            store,
            sample_size=sample,
            patience_seconds=patience_seconds,
            on_difference=click.echo,
            progress=bar.update,
        )
    click.echo("\n".join(_told(found, time.perf_counter() - began)))
    if not found.holds:
        raise click.exceptions.Exit(1)


def _verify_served(sample: int | None) -> None:
    from tqdm import tqdm  # noqa: PLC0415 - as --help

    from oo_profile.reports.served_text import served_text  # noqa: PLC0415
    from oo_profile.upkeep.verify_served import verify_served  # noqa: PLC0415

    began = time.perf_counter()
    with tqdm(total=sample, unit=" users", unit_scale=True, disable=None, leave=False) as bar:
        found = verify_served(
            current_settings().db,
            sample_size=sample,
            on_difference=click.echo,
            progress=bar.update,
        )
    click.echo("\n".join(served_text(found, time.perf_counter() - began)))
    if not found.holds:
        raise click.exceptions.Exit(1)


def _told(found: Verification, seconds: float) -> Iterator[str]:
    from oo_profile.reports.text_table import aligned  # noqa: PLC0415 - with the rest

    yield from aligned([HEADERS, *_rows(found)])
    whose = f"{counted(found.users, 'user')}, {counted(found.signals, 'signal')}"
    yield f"{whose}, {counted(found.findings.compared, 'value')} compared in {seconds:.1f} s"
    for reason, users in sorted(found.waiting.items()):
        yield f"not compared of {counted(users, 'user')}: {reason}"
    if found.holds:
        yield "everything is what the signals say"
    else:
        yield (
            f"{counted(found.findings.wrong, 'value')} of {counted(len(found.differing), 'user')} "
            "differ: `oo rebuild --user USER` or `oo rebuild --all` repairs them"
        )


def _rows(found: Verification) -> Iterator[tuple[str, ...]]:
    for (place, view, feature), tally in found.findings.tallies.items():
        numbers = (tally.compared, tally.mismatched, tally.missing, tally.extra)
        name = f"{place} {view}.{feature}" if view else f"{place} {feature}"
        yield (name, *(f"{number:,}" for number in numbers), f"{tally.largest:.1e}")
