"""`oo down`."""

from __future__ import annotations

import click

from oo_profile.development.dev_servers import KEPT_FOLDER, DevServers, kept_servers
from oo_profile.development.kept_pages import end_pages
from oo_profile.settings import current_settings


@click.command(short_help="Stop what `oo up` started.")
def down() -> None:
    """Stop the servers that `oo up` or `oo demo --keep` started, and no other.

    Their data stay where they are; those of `oo up` are there again after the next `oo up`.

    \b
    Example:
      oo down
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()
    servers = DevServers.of(settings)
    pages = end_pages(settings.project / KEPT_FOLDER)
    if pages is not None:
        click.echo(f"pages stopped (pid {pages})")
    statuses = servers.down() + kept_servers(settings.project).down()
    for status in statuses:
        click.echo(f"{status.name} {status.outcome.value} ({status.address}, pid {status.pid})")
    if not statuses and pages is None:
        click.echo(f"nothing to stop: `oo up` has no server running in {servers.folder}")
