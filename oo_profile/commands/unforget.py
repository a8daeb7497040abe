"""`oo unforget`."""

from __future__ import annotations

import time

import click

from oo_profile.commands.user_argument import user_argument
from oo_profile.settings import current_settings


@click.command(short_help="Let a person who was forgotten start anew.")
@user_argument()
def unforget(*, user_id: str) -> None:
    """Let a person who was forgotten, and returns, start anew.

    From now on his signals are stored again: those that both happen and are received from now on.
    What was received before, or happened before and is still in a producer's hands, stays out.

    \b
    Example:
      oo unforget ada
      echo ada | oo unforget -
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from oo_profile.privacy.returning import unforget as let_return  # noqa: PLC0415 - needs SQLite
    from oo_profile.privacy.writing import Patience, open_writer  # noqa: PLC0415

    with open_writer(current_settings().db, Patience(time.monotonic, time.sleep)) as writer:
        let_return(writer, user_id, time.time_ns() // 1000)
    click.echo("From now on this person's signals are stored again; earlier ones stay out.")
