"""The argument USER of a command, which may come from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command: TypeAlias = "Callable[..., None]"
"""What click makes a command of."""

MAX_CHARACTERS = 128
FROM_STDIN = "-"


def user_argument(*, required: bool = True) -> Callable[[Command], Command]:
    """Give a command the argument USER, as `user_id`; `-` reads one line of standard input."""
    return click.argument("user_id", metavar="USER", required=required, callback=_read)


def _read(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    del context, parameter
    user_id = sys.stdin.readline().rstrip("\r\n") if given == FROM_STDIN else given
    if user_id is None:
        return None
    if not 1 <= len(user_id) <= MAX_CHARACTERS or not user_id.isprintable():
        raise click.BadParameter(
            f"a user id has 1 to {MAX_CHARACTERS} printable characters; this has {len(user_id)}"
        )
    return user_id
