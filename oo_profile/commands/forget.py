"""`oo forget`."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click
from tqdm import tqdm

from oo_profile.commands.user_argument import user_argument
from oo_profile.settings import current_settings

if TYPE_CHECKING:
    from oo_profile.privacy.receipt import Receipt
    from oo_profile.settings import Settings


@click.command(short_help="Remove a person everywhere, for good.")
@user_argument()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="The receipt as JSON.")
@click.option("--no-stream", is_flag=True, help="Leave the stream out, where NATS is away.")
@click.option("--vacuum", is_flag=True, help="Write the database file anew; the builder waits.")
@click.option(
    "--wait",
    "reader_seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to wait for programs that read the database.",
)
def forget(  # noqa: PLR0913 - one for each option
    *,
    user_id: str,
    yes: bool,
    as_json: bool,
    no_stream: bool,
    vacuum: bool,
    reader_seconds: float,
) -> None:
    """Remove a person from the database, Redis and the stream, and keep him out for good.

    Signals of his that still come are counted and thrown away. The builder may run meanwhile,
    and should: it also erases from the stream what comes later. Prints a receipt of what was
    removed where, which names nobody; the exit code is 1 if anything is left. May be run again.
    USER - reads the id from standard input, so that it is in no history of a shell.

    \b
    Example:
      oo forget ada
      echo ada | oo forget - --yes --json
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    if not yes:
        click.confirm(
            "This removes everything of this person, for good. Go on?", abort=True, err=True
        )
    options = _Options(stream=not no_stream, vacuum=vacuum, reader_seconds=reader_seconds)
    receipt = asyncio.run(_forget(current_settings(), user_id, options))
    # These import Feast, for which `oo forget --help` need not wait.
    from oo_profile.privacy.receipt import receipt_text  # noqa: PLC0415

    click.echo(json.dumps(receipt.as_json(), indent=2) if as_json else receipt_text(receipt))
    if receipt.left:
        sys.exit(1)


@dataclass(frozen=True, slots=True)
class _Options:
    stream: bool
    vacuum: bool
    reader_seconds: float


async def _forget(settings: Settings, user_id: str, options: _Options) -> Receipt:
    from oo_profile.building.online import OnlineWriter  # noqa: PLC0415
    from oo_profile.privacy.forget import Places, forget  # noqa: PLC0415
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415
    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.transport.connection import connect_to_nats  # noqa: PLC0415

    store = open_store(settings)
    bar: tqdm[NoReturn] = tqdm(
        unit=" messages", unit_scale=True, disable=not sys.stderr.isatty(), leave=False
    )

    def progress(done: int, of: int) -> None:
        bar.total = of
        bar.update(done - bar.n)

    patience = Patience(time.monotonic, time.sleep, reader_seconds=options.reader_seconds)
    with open_writer(settings.db, patience) as writer, bar:
        places = Places(
            writer,
            settings.db,
            OnlineWriter(store),
            (lambda: connect_to_nats(settings, name="oo forget")) if options.stream else None,
        )
        return await forget(
            places,
            user_id,
            now_us=time.time_ns() // 1000,
            random_bytes=secrets.token_bytes,
            vacuum=options.vacuum,
            progress=progress,
        )
