"""`oo apply`."""

from __future__ import annotations

import click

from oo_profile.apply import apply_definitions
from oo_profile.settings import current_settings


@click.command(short_help="Write the feature definitions to the registry.")
@click.option(
    "--confirm",
    multiple=True,
    metavar="SERVICE",
    help="Apply although this service in use breaks; may be given more than once.",
)
def apply(confirm: tuple[str, ...]) -> None:
    """Write the feature definitions to the registry, as `feast apply` does.

    A change that breaks a service in use is refused: a field gone, retyped or moved, something
    more that a request has to bring, another half-life or TTL.

    \b
    Example:
      oo apply
      oo apply --confirm bandit_v1
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    settings = current_settings()
    apply_definitions(settings, confirm)
    click.echo(f"Applied {settings.repo} to {settings.registry}")
