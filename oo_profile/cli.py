"""The `oo` command.

A command's module is imported when the command is used, so `oo --help` imports none of Feast,
numpy or a client library: name, place and summary of each stand in the table below.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

import click

from oo_profile.lazy_commands import LazyCommand, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

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
    "bandit": LazyCommand(
        "oo_profile.commands.bandit.group:bandit",
        "Look after the bandit: its learned state, its evidence, its rollout.",
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
    "contract": LazyCommand(
        "oo_admin.contract.commands:contract",
        "Write JSON Schema and TypeScript of all that others rely on.",
    ),
    "demo": LazyCommand("oo_profile.commands.demo:demo", "Show everything at once on real input."),
}
"""Every command, in the order in which one needs them."""


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
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


if __name__ == "__main__":
    main()
