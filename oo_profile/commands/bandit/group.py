"""`oo bandit`, a group of commands; each is imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from oo_profile.lazy_commands import LazyCommand, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

BANDIT_COMMANDS: Final[Mapping[str, LazyCommand]] = {
    "import": LazyCommand(
        "oo_profile.commands.bandit.import_:import_",
        "Take in what another bandit has learned about users.",
    ),
    "export": LazyCommand(
        "oo_profile.commands.bandit.export:export",
        "Write what a policy has learned about every user.",
    ),
    "backtest": LazyCommand(
        "oo_profile.commands.bandit.backtest:backtest",
        "Let policies choose anew what real people once chose.",
    ),
    "evaluate": LazyCommand(
        "oo_profile.commands.bandit.evaluate:evaluate",
        "Judge the policies by the log of their decisions.",
    ),
    "rollout": LazyCommand(
        "oo_profile.commands.bandit.rollout:rollout",
        "Let a new policy act for some people, for all, or for nobody.",
    ),
}
"""Every command of the group, in the order in which one needs them."""


@click.group(
    cls=LazyGroup,
    table=BANDIT_COMMANDS,
    short_help="Look after the bandit: its learned state, its evidence, its rollout.",
)
def bandit() -> None:
    """Look after the bandit: its learned state, its evidence, its rollout.

    \b
    Example:
      oo bandit backtest
    """  # noqa: D301 - click keeps the lines after a backspace as they are
