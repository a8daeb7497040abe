"""How far a new policy has come, and by which chances a decision is then really made.

shadow
    The old policy acts. Half of its exploration share goes to what the policies in its shadow
    would pick, so that the log tells something about them.
canary
    For a share of the people, by a hash of their id that stays, a fair coin per decision lets the
    old or the new policy act. For all others it is as in shadow.
full
    The new policy acts, and the old one is in its shadow.

What is logged as propensity is always that of the mixture: the chance that the chosen candidate
had before any coin was thrown.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

import numpy as np

from oo_bandit.chances import ROUNDING, choose, mixture
from oo_bandit.errors import ProbabilityError, RolloutError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_bandit.arrays import Floats

Stage = Literal["shadow", "canary", "full"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
Coin = Literal["live", "new"]

SHADOW_SHARE: Final = 0.5
"""How much of the exploration share goes to the picks of those in the shadow."""

_HASH_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How far a new policy has come.

    Attributes:
        live: The policy that acted before.
        new: The policy that is to take its place.
        stage: What is described at the top of the module.
        percent: How much of the people is in the canary, 0 to 100; counts in that stage only.
        exploration: Share of decisions that each policy gives to chance, uniformly; below 1.
        step: Number of the step that led here; 0: none was ever taken.
    """

    live: str
    new: str
    stage: Stage = "shadow"
    percent: float = 0.0
    exploration: float = 0.1
    step: int = 0

    def __post_init__(self) -> None:
        """Refuse a rollout that cannot act.

        Raises:
            RolloutError: With the value and what is allowed.
        """
        if self.stage not in STAGES:
            raise RolloutError(f"stage is {self.stage!r}; it must be one of {list(STAGES)}")
        if not (self.live and self.new) or self.live == self.new:
            raise RolloutError(
                f"live is {self.live!r} and new is {self.new!r}; they must be two policies"
            )
        if not 0 <= self.percent <= 100:  # noqa: PLR2004 - percent
            raise RolloutError(f"percent is {self.percent}; it must be 0 to 100")
        if not 0 < self.exploration < 1:
            raise RolloutError(
                f"exploration is {self.exploration}; it must be above 0, or nothing could be "
                "learned of what was not chosen, and below 1"
            )
        if self.step < 0:
            raise RolloutError(f"step is {self.step}; it must be 0 or more")

    @property
    def acting(self) -> str:
        """Name of the policy that acts for whom no coin is thrown."""
        return self.new if self.stage == "full" else self.live

    def in_canary(self, user_id: str) -> bool:
        """Say whether a coin is thrown for this person.

        The hash is BLAKE2b of the id, keyed by the new policy's name: the same in every process,
        other people for the next new policy, and whoever is in at 5 percent is in at 10 too.
        """
        return self.stage == "canary" and _place(user_id, self.new) * 100 < self.percent

    def mixture(self, user_id: str, policies: Mapping[str, Floats]) -> Floats:
        """Return the chances by which a decision for this person is really made.

        Args:
            user_id: Whose decision it is.
            policies: By name, the chances by which each policy would choose, its own exploration
                included; the live and the new one must be there. All others are in the shadow.

        Raises:
            ProbabilityError: The chances are none, or not of one number of candidates.
            RolloutError: The live or the new policy is missing.
        """
        self._check(policies)
        if self.in_canary(user_id):
            return mixture((0.5, 0.5), (policies[self.live], policies[self.new]))
        return self._with_shadows(policies)

    def choose(
        self, user_id: str, policies: Mapping[str, Floats], random: np.random.Generator
    ) -> Choice:
        """Make a decision.

        Args:
            user_id: Whose decision it is.
            policies: As in `mixture`.
            random: Is asked for two numbers within the canary, else for one.

        Raises:
            ProbabilityError: As `mixture`.
            RolloutError: As `mixture`.
        """
        chances = acting = self.mixture(user_id, policies)
        coin: Coin | None = None
        if self.in_canary(user_id):
            coin = "live" if random.random() < 0.5 else "new"  # noqa: PLR2004 - a fair coin
            chances = policies[self.live if coin == "live" else self.new]
        index = choose(chances, random.random())
        return Choice(index, float(acting[index]), coin)

    def to_json(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Fields of a later version of this program are left out, so that services need not be
        renewed at the same moment.

        Raises:
            RolloutError: It is nothing that `to_json` writes.
        """
        try:
            given: dict[str, Any] = json.loads(text)
            return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})
        except (AttributeError, TypeError, ValueError) as error:
            raise RolloutError(
                f"{text!r} is no rollout ({error}); `oo resync` writes it again"
            ) from error

    def moved(self, stage: Stage, *, percent: float = 0.0) -> Self:
        """Return the rollout one step on, at another stage or share of people.

        Raises:
            RolloutError: The share is out of its range.
        """
        return replace(self, stage=stage, percent=percent, step=self.step + 1)

    def _check(self, policies: Mapping[str, Floats]) -> None:
        if missing := sorted({self.live, self.new} - policies.keys()):
            raise RolloutError(f"no chances of {missing}; given are those of {sorted(policies)}")
        candidates = {chances.shape for chances in policies.values()}
        if len(candidates) > 1 or len(next(iter(candidates))) != 1:
            raise ProbabilityError(
                f"chances have the shapes {sorted(candidates)}; each must be (candidates,)"
            )
        for name, chances in policies.items():
            if not (chances.size and abs(chances.sum() - 1) < ROUNDING and chances.min() >= 0):
                raise ProbabilityError(
                    f"chances of {name!r} add up to {chances.sum()}; they must be 0 or more and "
                    "add up to 1"
                )
            least = self.exploration / len(chances)
            if chances.min() < least - ROUNDING:
                raise ProbabilityError(
                    f"the least chance of {name!r} is {chances.min()}; with an exploration of "
                    f"{self.exploration} each of {len(chances)} candidates has at least {least}"
                )

    def _with_shadows(self, policies: Mapping[str, Floats]) -> Floats:
        acting = policies[self.acting]
        uniform = 1 / len(acting)
        picks = [
            (chances - self.exploration * uniform) / (1 - self.exploration)
            for name, chances in policies.items()
            if name != self.acting
        ]
        moved = self.exploration * SHADOW_SHARE * (sum(picks) / len(picks) - uniform)
        # What rounding takes below 0 is 0.
        mixed: Floats = np.maximum(acting + moved, 0.0)
        return mixed


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        index: Which candidate.
        propensity: Its chance in the mixture, which is to be logged.
        coin: Whom the coin let act; None outside of the canary.
    """

    index: int
    propensity: float
    coin: Coin | None


def rollout_key(project: str) -> str:
    """Return the Redis key under which services find the rollout, as JSON.

    >>> rollout_key("oo")
    'oo_bandit:rollout:oo'
    """
    return f"oo_bandit:rollout:{project}"


def _place(user_id: str, new: str) -> float:
    """Return a number from 0 to below 1 for a person.

    >>> 0 <= _place("ada", "bandit_v2") < 1
    True
    """
    key = new.encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    digest = hashlib.blake2b(
        user_id.encode(errors="surrogatepass"), key=key, digest_size=_HASH_BYTES
    ).digest()
    # 53 bits: what a float holds, so that 100 percent is everybody.
    return (int.from_bytes(digest) >> 11) / 2**53
