"""What a policy makes of learned state: chances, evaluation, rollout. Needs numpy only."""

from oo_bandit.errors import BanditError, EvidenceError, ProbabilityError, RolloutError
from oo_bandit.rollout import STAGES, Choice, Rollout, Stage, rollout_key

__all__ = [
    "STAGES",
    "BanditError",
    "Choice",
    "EvidenceError",
    "ProbabilityError",
    "Rollout",
    "RolloutError",
    "Stage",
    "rollout_key",
]
