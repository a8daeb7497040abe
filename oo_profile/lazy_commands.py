"""Commands that are imported when they are used: help and lists need none of their libraries."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from oo_profile.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS: Final = ("oo_admin", "oo_bandit", "oo_profile", "oo_stores", "oo_transforms")


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is and what it does.

    Attributes:
        target: "module:function" of its click command.
        summary: One line for the list of commands; the same as the command's own.
    """

    target: str
    summary: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, name = self.target.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            message = f"{self.target} is no click command but {type(command).__name__}"
            raise TypeError(message)
        return command


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is used.

    Args:
        table: Its commands by name, in the order in which they are listed.
        settings: What any group of click takes.
    """

    def __init__(self, *, table: Mapping[str, LazyCommand], **settings: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(**settings)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the table's order."""
        del ctx
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is no such command."""
        del ctx
        entry = self._table.get(cmd_name)
        return entry.load() if entry else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; a name that is none is answered with those there are."""
        if args and args[0] not in self._table and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}: there are {', '.join(self._table)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self._table.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; errors of this project are one clear message and exit code 1."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not _is_ours(error) or os.environ.get("OO_DEBUG"):
                raise
            raise click.ClickException(str(error)) from error


def _is_ours(error: Exception) -> bool:
    """Say whether an error, or a class it derives from, is one of this project's."""
    if isinstance(error, ProfileError):
        return True
    # By name: importing the other packages' errors would import the packages.
    kinds = type(error).__mro__
    return any(kind.__module__.partition(".")[0] in _OURS for kind in kinds)
