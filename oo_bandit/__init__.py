"""What a policy makes of learned state: chances, evaluation, rollout. Needs numpy only."""

from oo_bandit.chances import choose, greedy, mixture, uniform
from oo_bandit.errors import (
    BanditError,
    EvidenceError,
    InputRefused,
    ProbabilityError,
    RolloutError,
)
from oo_bandit.evidence import (
    DifferenceReport,
    Health,
    PolicyReport,
    Report,
    Tally,
    report,
)
from oo_bandit.gate import RULES, Finding, GateRules, Verdict, judge
from oo_bandit.learned_state import LearnedState
from oo_bandit.linear_policy import MAX_CANDIDATES, LinearPolicy, Ranking
from oo_bandit.log_checks import LIMITS, LogCheck, LogLimits, PairCheck
from oo_bandit.logged import Logged
from oo_bandit.rollout import STAGES, Choice, Rollout, Stage, rollout_key

__all__ = [
    "LIMITS",
    "MAX_CANDIDATES",
    "RULES",
    "STAGES",
    "BanditError",
    "Choice",
    "DifferenceReport",
    "EvidenceError",
    "Finding",
    "GateRules",
    "Health",
    "InputRefused",
    "LearnedState",
    "LinearPolicy",
    "LogCheck",
    "LogLimits",
    "Logged",
    "PairCheck",
    "PolicyReport",
    "ProbabilityError",
    "Ranking",
    "Report",
    "Rollout",
    "RolloutError",
    "Stage",
    "Tally",
    "Verdict",
    "choose",
    "greedy",
    "judge",
    "mixture",
    "report",
    "rollout_key",
    "uniform",
]
