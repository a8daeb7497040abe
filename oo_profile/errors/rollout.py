"""Why a step of the bandit's rollout is not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence


class StepError(Terminal, ProfileError):
    """A step of the bandit's rollout that is not taken; nothing was changed."""


class StepTakenError(StepError):
    """Somebody has taken another step meanwhile.

    Attributes:
        step: Number of the step that was to be taken.
        newest: Number of the newest one that there is.
    """

    def __init__(self, step: int, newest: int) -> None:
        self.step = step
        self.newest = newest
        super().__init__(
            f"step {step} cannot be taken, the newest is {newest}: somebody has taken one "
            "meanwhile. `oo bandit rollout show` shows it"
        )


class GateClosedError(StepError):
    """The log does not allow the step.

    Attributes:
        broken: What was found of each rule that is not kept.
    """

    def __init__(self, stage: str, broken: Sequence[str]) -> None:
        self.broken = tuple(broken)
        lines = "".join(f"\n  {line}" for line in broken)
        super().__init__(
            f"the log does not allow the step to {stage}:{lines}\n"
            '--force --reason "..." takes it all the same, and keeps the reason with it'
        )
