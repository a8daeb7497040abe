"""Why what another bandit has learned is not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SHOWN = 10


class LearnedStateError(Terminal, ProfileError):
    """Learned state cannot be taken in; nothing of it was."""

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = "\n  ".join(problems[:_SHOWN])
        more = f"\n  and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
        super().__init__(f"{path} was not imported, none of it:\n  {lines}{more}")
