"""The option of commands that log events."""

from __future__ import annotations

import click

from oo_profile.insight.events import LOG_FORMATS

log_format_option = click.option(
    "--log-format",
    type=click.Choice(LOG_FORMATS),
    default="text",
    envvar="OO_LOG_FORMAT",
    show_envvar=True,
    show_default=True,
    help="How events are logged: text for a terminal, json for one object a line.",
)
