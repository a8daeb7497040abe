"""`oo publish`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from tqdm import tqdm

from oo_profile.errors import NotPermittedError, ProfileError
from oo_profile.nats_login import NatsLogin
from oo_profile.settings import nats_url
from oo_profile.transport import publisher
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import PublishReport
from oo_profile.transport.signal_file import STDIN, count_signals, read_signals
from oo_profile.transport.stream import ensure_stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client


@click.command(short_help="Publish files of signals to the stream.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--skip",
    default=0,
    type=click.IntRange(min=0),
    help="Leave out this many signals at the start of the first file.",
)
def publish(files: tuple[str, ...], skip: int) -> None:
    """Publish files of signals to the stream, at full speed.

    A line is {"subject": "signals.…", "data": {…}}; a file is plain or gzip, - is standard input.
    Files are checked as a whole before anything is sent; standard input as it comes. Done means
    that NATS has acknowledged every signal. Publishing a file twice is safe: the builder
    recognises the second copy of a signal by its event_id.

    \b
    Example:
      oo publish signals.jsonl.gz
      zcat *.jsonl.gz | oo publish -
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    url = nats_url(os.environ)
    # Counting reads them whole, so a malformed line is found before anything is sent.
    counts = [None if file == STDIN else count_signals(file) for file in files]
    total = None if None in counts else max(sum(filter(None, counts)) - skip, 0)
    start = time.perf_counter()
    bar: tqdm[NoReturn] = tqdm(
        total=total, unit=" signals", unit_scale=True, disable=not sys.stderr.isatty()
    )
    with bar:
        report = asyncio.run(_publish(url, files, skip, bar))
    click.echo(_summary(report, time.perf_counter() - start))


async def _publish(url: str, files: Sequence[str], skip: int, bar: tqdm[NoReturn]) -> PublishReport:
    whole = PublishReport(0, 0, 0)
    login = NatsLogin.load(os.environ, Path.cwd())
    async with nats_connection(url, name="oo publish", login=login) as connection:
        # A producer may publish and nothing else; whether there is a stream it learns from that.
        with contextlib.suppress(NotPermittedError):
            await ensure_stream(connection)
        for number in range(len(files)):
            part = await _publish_file(connection, files[number:], skip, bar)
            whole = PublishReport(
                whole.published + part.published,
                whole.batches + part.batches,
                whole.sent_again + part.sent_again,
            )
            skip = 0
    return whole


async def _publish_file(
    connection: Client, files: Sequence[str], skip: int, bar: tqdm[NoReturn]
) -> PublishReport:
    """Publish the first of the files that are left; after an error say how to go on with them."""
    file, accepted = files[0], skip

    def progress(count: int) -> None:
        nonlocal accepted
        accepted += count
        bar.update(count)

    lines = itertools.islice(read_signals(file), skip, None)
    try:
        return await publisher.publish(connection, lines, progress=progress)
    except ProfileError:
        rest = f"; go on with `oo publish --skip {accepted} {shlex.join(files)}`"
        click.echo(
            f"{accepted:,} signals of {file} are published{rest if file != STDIN else ''}", err=True
        )
        raise


def _summary(report: PublishReport, seconds: float) -> str:
    rate = report.published / seconds
    text = f"published {report.published:,} signals in {seconds:.1f} s ({rate:,.0f} per second)"
    if report.sent_again:
        text += (
            f"; {report.sent_again:,} were sent again and may be in the stream twice "
            "(the builder counts them once)"
        )
    return text
