"""`oo export`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oo_profile.commands.user_argument import user_argument
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.settings import Settings


@click.command(short_help="Write one user's data, or histories as Parquet.")
@user_argument(required=False)
@click.option("--history", metavar="VIEW", help="The history of this state view, or of `all`.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A file for a user (default: standard output); a folder for histories.",
)
def export(*, user_id: str | None, history: str | None, out: Path | None) -> None:
    """Write one user's data as JSON, or the history of everybody as Parquet.

    A user's data is all that is kept under his id: signals as they came, the history of each view,
    the profile, rejected messages. USER - reads the id from standard input. Files are readable by
    their owner alone and appear when they are complete. The builder may run meanwhile. Where
    histories were exported to is remembered, and told when somebody is forgotten.

    \b
    Example:
      oo export ada --out ada.json
      oo export --history task_state --out exports/
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if (user_id is None) == (history is None):
        raise click.UsageError("say either whose data, or --history VIEW and --out DIR")
    settings = current_settings()
    if user_id is not None:
        _export_person(settings, user_id, out)
    elif history is not None:
        if out is None:
            raise click.UsageError("--history needs --out DIR, the folder for its files")
        _export_histories(settings, history, out.absolute())


def _export_person(settings: Settings, user_id: str, out: Path | None) -> None:
    from oo_profile.privacy.person_export import export_person  # noqa: PLC0415 - as --help
    from oo_profile.storage.database import reading  # noqa: PLC0415
    from oo_profile.whole_file import OWNER_ONLY, whole_file  # noqa: PLC0415

    with reading(settings.db) as connection:
        exported = export_person(connection, user_id, time.time_ns() // 1000)
    text = json.dumps(exported, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
        return
    with whole_file(out, mode=OWNER_ONLY) as file:
        file.write(text.encode(errors="surrogatepass"))
    click.echo(f"{len(exported['signals']):,} signals and all that was made of them in {out}")


def _export_histories(settings: Settings, name: str, folder: Path) -> None:
    from tqdm import tqdm  # noqa: PLC0415 - as --help

    from oo_profile.privacy import exports  # noqa: PLC0415
    from oo_profile.privacy.history_export import export_history, views_named  # noqa: PLC0415
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415
    from oo_profile.storage.database import reading  # noqa: PLC0415

    views = views_named(name)
    # First the note: whoever is forgotten while the files are written is in them.
    with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
        now_us = time.time_ns() // 1000
        writer.write(lambda: exports.record(writer.connection, str(folder), now_us))
    with reading(settings.db) as connection:
        for view in views:
            path = folder / f"{view.name}.parquet"
            with tqdm(unit=" rows", unit_scale=True, disable=None, leave=False) as bar:
                rows = export_history(connection, view, path, bar.update)
            click.echo(f"{rows:,} rows in {path}")
