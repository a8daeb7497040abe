"""The argument USER of a command, which may come from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CHARACTERS = 128
FROM_STDIN = "-"


def user_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument USER, as `user_id`; `-` reads one line of standard input."""
    return click.argument("user_id", metavar="USER", callback=_read)(command)


def _read(context: click.Context, parameter: click.Parameter, given: str) -> str:
    del context, parameter
    user_id = sys.stdin.readline().rstrip("\r\n") if given == FROM_STDIN else given
    if not 1 <= len(user_id) <= MAX_CHARACTERS or not user_id.isprintable():
        raise click.BadParameter(
            f"a user id has 1 to {MAX_CHARACTERS} printable characters; this has {len(user_id)}"
        )
    return user_id
