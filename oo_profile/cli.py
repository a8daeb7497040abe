"""The `oo` command.

A command's module is imported when the command is used, so `oo --help` imports none of Feast,
numpy or a client library: name, place and summary of each stand in the table below.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import click

from oo_profile.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_OURS: Final = ("oo_admin", "oo_profile", "oo_stores", "oo_transforms")


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


COMMANDS: Final[Mapping[str, LazyCommand]] = {
    "up": LazyCommand("oo_profile.commands.up:up", "Start a Redis and a NATS for development."),
    "down": LazyCommand("oo_profile.commands.down:down", "Stop what `oo up` started."),
    "apply": LazyCommand(
        "oo_profile.commands.apply:apply", "Write the feature definitions to the registry."
    ),
    "run": LazyCommand(
        "oo_profile.commands.run:run", "Build profiles from the signals of the stream."
    ),
    "import": LazyCommand(
        "oo_profile.commands.import_:import_", "Turn what you have already into signals."
    ),
    "simulate": LazyCommand(
        "oo_profile.commands.simulate:simulate",
        "Make up people with habits, and the signals they send.",
    ),
    "publish": LazyCommand(
        "oo_profile.commands.publish:publish", "Publish files of signals to the stream."
    ),
    "features": LazyCommand(
        "oo_profile.commands.features:features", "List the features of the registry."
    ),
    "profile": LazyCommand(
        "oo_profile.commands.profile:profile",
        "Show a user's profile, and why a feature has its value.",
    ),
    "train": LazyCommand("oo_profile.commands.train:train", "Make a training set of entity rows."),
    "rebuild": LazyCommand(
        "oo_profile.commands.rebuild:rebuild", "Replay stored signals into fresh state."
    ),
    "verify": LazyCommand(
        "oo_profile.commands.verify:verify", "Compare what is kept of users with their signals."
    ),
    "resync": LazyCommand("oo_profile.commands.resync:resync", "Refill Redis from SQLite."),
    "rejected": LazyCommand(
        "oo_profile.commands.rejected:rejected", "Look at rejected messages, retry or drop them."
    ),
    "export": LazyCommand(
        "oo_profile.commands.export:export", "Write one user's data, or histories as Parquet."
    ),
    "forget": LazyCommand(
        "oo_profile.commands.forget:forget", "Remove a person everywhere, for good."
    ),
    "unforget": LazyCommand(
        "oo_profile.commands.unforget:unforget", "Let a person who was forgotten start anew."
    ),
    "prune": LazyCommand(
        "oo_profile.commands.prune:prune",
        "Remove old signals, and keep the states that stand for them.",
    ),
    "backup": LazyCommand(
        "oo_profile.commands.backup:backup", "Copy the database to a file while the builder runs."
    ),
    "restore": LazyCommand(
        "oo_profile.commands.restore:restore", "Put a backup in the place of the database."
    ),
    "admin": LazyCommand("oo_admin.commands:admin", "Serve the pages for admins."),
    "quality": LazyCommand(
        "oo_admin.quality.commands:quality", "Check what comes, and tell people of what is wrong."
    ),
    "demo": LazyCommand("oo_profile.commands.demo:demo", "Show everything at once on real input."),
}
"""Every command, in the order in which one needs them."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the table's order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is no such command."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        return entry.load() if entry else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; a name that is none is answered with those there are."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}: there are {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; errors of this project are one clear message and exit code 1."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not _is_ours(error) or os.environ.get("OO_DEBUG"):
                raise
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oo-feature-store", message="oo %(version)s")
def oo() -> None:
    """From signals to served features: a feature store's profile builder.

    \b
    Start:   oo up && oo apply && oo run
    Feed:    oo publish signals.jsonl.gz
    Look:    oo profile USER

    OO_DEBUG=1 shows the whole traceback of an error.
    """  # noqa: D301 - click keeps the lines after a backspace as they are


def main() -> None:
    """Run the `oo` command; SIGTERM ends it in good order, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)
    # With the default handler asyncio would only cancel, which a blocking read does not notice.
    signal.signal(signal.SIGINT, _interrupt)
    oo(prog_name="oo")


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # By an exception, so that servers and files are closed by whoever opened them.
    del frame
    sys.exit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _is_ours(error: Exception) -> bool:
    """Say whether an error, or a class it derives from, is one of this project's."""
    if isinstance(error, ProfileError):
        return True
    # By name: importing the other packages' errors would import the packages.
    kinds = type(error).__mro__
    return any(kind.__module__.partition(".")[0] in _OURS for kind in kinds)


if __name__ == "__main__":
    main()
