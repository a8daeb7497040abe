"""What is wrong with the definitions, or with a training set made by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class NotAppliedError(Terminal, ProfileError):
    """The registry does not hold what this program is to work with."""


class ApplyError(Terminal, ProfileError):
    """Feast, or a check of the definitions, refuses them; the registry is as it was.

    Attributes:
        output: What was printed, with the traceback.
    """

    def __init__(self, repo: Path, output: Sequence[str]) -> None:
        self.repo = repo
        self.output = tuple(output)
        # Below a traceback, the error's text begins at the first line that names one.
        reason = next((i for i, line in enumerate(output) if re.match(r"[\w.]+: ", line)), -8)
        super().__init__(f"{repo} was not applied:\n" + "\n".join(output[reason:]))


class TrainingError(Terminal, ProfileError, ValueError):
    """No training set can be made of what was given; nothing was written."""


class MissingColumnsError(TrainingError):
    """The entity rows lack columns that the service needs."""

    def __init__(
        self, service: str, missing: Sequence[str], needed: Sequence[str], present: Sequence[str]
    ) -> None:
        self.service = service
        self.missing = tuple(missing)
        self.needed = tuple(needed)
        self.present = tuple(present)
        super().__init__(
            f"the entity rows lack {', '.join(missing)}: {service} needs {', '.join(needed)}, the "
            f"file has {', '.join(present) or 'no columns'}. Add them, a null cell where a value "
            "is unknown; now and utc_offset_minutes are filled in by themselves, and "
            "--timestamp-column names another column of event times"
        )
