"""What this package refuses.

BanditError
├── InputRefused (ValueError)      vectors, a state or a setting that no policy can rank by
├── ProbabilityError (ValueError)  chances that are none, or not those they claim to be
├── EvidenceError (ValueError)     a log that no policy can be judged by
└── RolloutError (ValueError)      a rollout that cannot act, or a step that is not allowed
"""

from __future__ import annotations


class BanditError(Exception):
    """Base of every error of this package."""


class InputRefused(BanditError, ValueError):
    """Something that was given cannot be ranked by; nothing was changed.

    Attributes:
        what: Name of what was given.
        found: What it is, in words.
        allowed: What it may be, in words.
    """

    def __init__(self, what: str, found: str, allowed: str) -> None:
        super().__init__(f"'{what}' is {found}; it takes {allowed}")
        self.what = what
        self.found = found
        self.allowed = allowed


class ProbabilityError(BanditError, ValueError):
    """Chances that are none, or not those they claim to be."""


class EvidenceError(BanditError, ValueError):
    """A log that no policy can be judged by."""


class RolloutError(BanditError, ValueError):
    """A rollout that cannot act, or a step that is not allowed."""
