"""`oo simulate`: a made-up population, and the truth it was drawn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oo_profile.whole_file import is_same_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from oo_profile.inputs.simulation import Simulation
    from oo_profile.inputs.tasks import SignalRecord

FILE = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command(short_help="Make up people with habits, and the signals they send.")
@click.option("--users", default=2500, show_default=True, help="How many people.")
@click.option("--days", default=90, show_default=True, help="How many days.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same signals.")
@click.option("--start", type=DAY, help="First day, UTC.  [default: DAYS before the end]")
@click.option("--end", type=DAY, help="The day after the last one, UTC.  [default: today]")
@click.option("--duplicates", default=0.02, show_default=True, help="Share that comes twice.")
@click.option("--disorder", default=0.05, show_default=True, help="Share that comes late.")
@click.option("--sessions-per-week", default=1.0, show_default=True, help="Mean over the people.")
@click.option("--out", type=FILE, default="simulated.jsonl.gz", show_default=True)
@click.option("--truth", type=FILE, default="simulated-truth.jsonl", show_default=True)
def simulate(  # noqa: PLR0913 - one parameter for each option
    *,
    users: int,
    days: int,
    seed: int,
    start: datetime | None,
    end: datetime | None,
    duplicates: float,
    disorder: float,
    sessions_per_week: float,
    out: Path,
    truth: Path,
) -> None:
    """Make up people with habits, and the signals they send.

    OUT gets the signals in the order in which they arrive, for `oo publish`. TRUTH gets what they
    were drawn from, a person a line: hours, weekdays, categories, rates, trips, when he stopped.
    By default some 100,000 signals: most people send a few, a few very many.

    \b
    Example:
      oo simulate --users 500 --days 30 --seed 7 && oo publish simulated.jsonl.gz
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # numpy and the progress bar take longer to import than `oo simulate --help` should.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.inputs import simulation  # noqa: PLC0415
    from oo_profile.inputs.truth_file import write_truths  # noqa: PLC0415
    from oo_profile.transport.signal_file import write_signals  # noqa: PLC0415

    _check_outputs(out, truth)
    now = datetime.now(UTC)
    config = simulation.SimulationConfig(
        users=users,
        days=days,
        seed=seed,
        end=_end(start, end, days, now),
        duplicates=duplicates,
        disorder=disorder,
        sessions_per_week=sessions_per_week,
    )
    with tqdm(total=users, desc="living", unit=" people", disable=None, leave=False) as bar:
        drawn = simulation.simulate(config, on_person=bar.update)
    total = drawn.totals.deliveries
    with tqdm(total=total, desc="writing", unit=" signals", disable=None, leave=False) as bar:
        write_signals(out, _counted(drawn.signals, bar.update))
    write_truths(truth, drawn.truths)
    _report(drawn, out, truth)
    if config.end > now:
        click.echo("beware: the builder rejects signals from the future", err=True)


def _counted(
    signals: Iterable[SignalRecord], on_signal: Callable[[], object]
) -> Iterator[SignalRecord]:
    for record in signals:
        yield record
        on_signal()


def _report(drawn: Simulation, out: Path, truth: Path) -> None:
    config, totals = drawn.config, drawn.totals
    click.echo(
        f"{config.users:,} people, {config.days:,} days to {config.end:%Y-%m-%d}: "
        f"{totals.signals:,} signals, {totals.late:,} of them late, "
        f"and {totals.duplicates:,} copies"
    )
    click.echo(f"signals: {out}  (next: oo publish {out})")
    click.echo(f"truth:   {truth}")


def _check_outputs(out: Path, truth: Path) -> None:
    if is_same_file(out, truth):
        raise click.UsageError(f"--out and --truth are both {out}: give two files")


def _end(start: datetime | None, end: datetime | None, days: int, now: datetime) -> datetime:
    if start is not None and end is not None:
        raise click.UsageError("give --start or --end, not both: --days says how far it is")
    if end is not None:
        return end.replace(tzinfo=UTC)
    if start is None:
        return now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return start.replace(tzinfo=UTC) + timedelta(days=days)
    except OverflowError as error:
        raise click.UsageError(f"{days} days from {start:%Y-%m-%d} end after 9999") from error
