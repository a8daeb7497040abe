"""`feast apply`, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from oo_profile.errors import ApplyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.settings import Settings

CONFIRM_VARIABLE = "OO_CONFIRM_BREAKING"
"""Names the services, separated by commas, that may break; read by `feature_repo/checks.py`."""


def apply_definitions(settings: Settings, confirm: Sequence[str] = ()) -> None:
    """Write the definitions of `feature_repo/` to the registry with the stock Feast command.

    A process of its own, since Feast imports the definitions as top-level modules and changes
    the working directory.

    Args:
        settings: Where the definitions are.
        confirm: Services that may break.

    Raises:
        ApplyError: Feast or a check of the definitions refuses; the registry is as it was.
    """
    environment = dict(os.environ)
    if confirm:
        environment[CONFIRM_VARIABLE] = ",".join(confirm)
    command = [sys.executable, "-m", "feast.cli.cli", "-c", str(settings.repo), "apply"]
    done = subprocess.run(  # noqa: S603 - our own interpreter and Feast's command
        command,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise ApplyError(settings.repo, done.stdout.splitlines())
