"""`oo train`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oo_profile.reports.words import counted
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.training.trainer import Filled, TrainingSet
    from oo_profile.training.unfinished import Unfinished

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Make a training set of entity rows.")
@click.argument("entities", type=FILE)
@click.option("--service", required=True, metavar="NAME", help="Whose features.")
@click.option("--out", required=True, type=FILE, help="A .csv, .csv.gz or .parquet.")
@click.option(
    "--as",
    "reading",
    type=click.Choice(["corrected", "seen"]),
    default="corrected",
    show_default=True,
    help="corrected: what is true by now. seen: what serving could know then.",
)
@click.option(
    "--timestamp-column", default="event_timestamp", show_default=True, help="The event times."
)
@click.option(
    "--compare/--no-compare",
    default=True,
    show_default=True,
    help="Read the past the other way too, and count the rows that differ.",
)
def train(  # noqa: PLR0913 - one parameter for each option
    *,
    entities: Path,
    service: str,
    out: Path,
    reading: str,
    timestamp_column: str,
    compare: bool,
) -> None:
    """Make a training set: the features of a service as of each row's time, in its order.

    ENTITIES is a CSV or Parquet file with user_id, event_timestamp (ISO 8601; without an offset
    it is UTC) and the request data of the service. A missing `now` is filled in from the event
    time, a missing `utc_offset_minutes` from the user's newest signal by then.

    \b
    Example:
      oo train shown.csv --service bandit_v2 --out train.parquet
      oo train shown.parquet --service profile_v1 --as seen --out train.csv
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    # All of these import Feast, pandas or Arrow, for which `oo train --help` need not wait.
    from tqdm import tqdm  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.training.entity_file import check_suffix, read_entities, write_rows  # noqa: PLC0415
    from oo_profile.training.service_needs import ServiceNeeds  # noqa: PLC0415
    from oo_profile.training.trainer import Reading, Trainer  # noqa: PLC0415

    settings = current_settings()
    check_suffix(entities)
    check_suffix(out)
    click.echo("Loading Feast and the registry ...", err=True)
    store = open_store(settings)
    began = time.perf_counter()
    needs = ServiceNeeds.of(store, service)
    rows = read_entities(entities, timestamp_column, needs.text_columns)
    total = rows.num_rows * (1 + compare)
    with tqdm(total=total, desc="reading", unit=" rows", disable=None, leave=False) as bar:
        trainer = Trainer(store, settings.db, needs, timestamp_column, bar.update)
        made = trainer.make(rows, Reading(reading), compare=compare)
    write_rows(out, made.table)
    seconds = time.perf_counter() - began
    click.echo(
        f"{counted(rows.num_rows, 'row')}, {counted(len(needs.features), 'feature')} of {service}: "
        f"{out}"
    )
    for line in (
        *_filled(made.filled, timestamp_column),
        _compared(made, reading),
        *_unfinished(made.unfinished),
    ):
        click.echo(line)
    click.echo(f"time: {seconds:.1f} s")


def _filled(filled: Filled, timestamp_column: str) -> list[str]:
    lines = []
    if filled.now:
        lines.append(f"now: filled in {counted(filled.now, 'row')}, from {timestamp_column}")
    if filled.offset:
        lines.append(
            f"utc_offset_minutes: filled in {counted(filled.offset, 'row')}, from the user's "
            "newest signal by then"
        )
    if filled.without_signal:
        lines.append(f"  {filled.without_signal:,} of them had no signal by then and got 0")
    return lines


def _unfinished(unfinished: Unfinished) -> list[str]:
    if not unfinished.rows:
        return []
    of_whom = f"{counted(unfinished.rows, 'row')} of {counted(unfinished.users, 'user')}"
    told = (
        f"late signals: what is true by now may lack some of them in {of_whom}, whose history "
        "the builder is still correcting - make the set again when it is done (oo run)"
    )
    return [told]


def _compared(made: TrainingSet, reading: str) -> str:
    told = {
        "corrected": ("corrected, as true by now", "what was seen then differs"),
        "seen": ("as seen then", "what is true by now differs"),
    }
    how, other = told[reading]
    if made.differing is None:
        return f"values: {how}"
    share = made.differing / max(made.table.num_rows, 1)
    return (
        f"values: {how}; {other} in {counted(made.differing, 'row')} ({share:.1%}), because of "
        f"signals that were received later than the row's time - a second read of "
        f"{made.compare_seconds:.1f} s, --no-compare leaves it out"
    )
