"""What this package refuses.

BanditError
├── ProbabilityError (ValueError)  chances that are none, or not those they claim to be
├── EvidenceError (ValueError)     a log that no policy can be judged by
└── RolloutError (ValueError)      a rollout that cannot act, or a step that is not allowed
"""

from __future__ import annotations


class BanditError(Exception):
    """Base of every error of this package."""


class ProbabilityError(BanditError, ValueError):
    """Chances that are none, or not those they claim to be."""


class EvidenceError(BanditError, ValueError):
    """A log that no policy can be judged by."""


class RolloutError(BanditError, ValueError):
    """A rollout that cannot act, or a step that is not allowed."""
