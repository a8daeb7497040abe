"""What a policy makes of learned state: chances, evaluation, rollout. Needs numpy only."""

from oo_bandit.chances import choose, greedy, mixture, uniform
from oo_bandit.errors import (
    BanditError,
    EvidenceError,
    InputRefused,
    ProbabilityError,
    RolloutError,
)
from oo_bandit.learned_state import LearnedState
from oo_bandit.linear_policy import MAX_CANDIDATES, LinearPolicy, Ranking
from oo_bandit.rollout import STAGES, Choice, Rollout, Stage, rollout_key

__all__ = [
    "MAX_CANDIDATES",
    "STAGES",
    "BanditError",
    "Choice",
    "EvidenceError",
    "InputRefused",
    "LearnedState",
    "LinearPolicy",
    "ProbabilityError",
    "Ranking",
    "Rollout",
    "RolloutError",
    "Stage",
    "choose",
    "greedy",
    "mixture",
    "rollout_key",
    "uniform",
]
