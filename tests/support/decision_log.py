"""Decisions and their answers in a database, as a service would have published them."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from oo_profile.storage.database import connect, transaction
from oo_profile.storage.signal_log import StoredSignal, insert_many
from oo_transforms.clock import to_micros
from oo_transforms.policies import BANDIT_V1
from oo_transforms.signals import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from support.world import SignalData

    from oo_bandit import Rollout

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIVE, NEW = "bandit_v1", "bandit_v2"
CANDIDATES: Final = 10
FEATURES: Final = dict.fromkeys(BANDIT_V1.features, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """A tip that was shown, and what came of it.

    Attributes:
        user_id: To whom.
        tip_id: Which.
        age: How long before `NOW`.
        policies: By name: probability, expected reward, prediction.
        propensity: Of the mixture.
        answers: Actions, each so long after it was shown.
        stage: Of the rollout.
        more: Further fields of the decision.
        echoed: Whether answers repeat the decision.
    """

    user_id: str = "ada"
    tip_id: str = "t1"
    age: timedelta = timedelta(days=2)
    policies: dict[str, tuple[float, float, float]] = field(
        default_factory=lambda: {LIVE: (0.5, 0.4, 0.5), NEW: (0.25, 0.6, 0.5)}
    )
    propensity: float = 0.5
    answers: tuple[tuple[str, timedelta], ...] = ()
    stage: str = "shadow"
    more: dict[str, Any] = field(default_factory=dict)
    echoed: bool = True

    @property
    def shown_at(self) -> datetime:
        """When it was shown."""
        return NOW - self.age

    def signals(self) -> Iterable[SignalData]:
        """Make the signals, in the order in which they happened."""
        decision = {
            "service": LIVE,
            "live": LIVE,
            "stage": self.stage,
            "now": self.shown_at.timestamp(),
            "candidates": CANDIDATES,
            "propensity": self.propensity,
            "features": FEATURES,
            "policies": {
                name: {"probability": given[0], "expected_reward": given[1], "prediction": given[2]}
                for name, given in self.policies.items()
            },
            **self.more,
        }
        yield "signals.tip.shown", self._message(self.shown_at, "shown", decision=decision)
        echo = {"service": LIVE, "features": FEATURES, "shown_at": self.shown_at.timestamp()}
        for number, (action, later) in enumerate(self.answers):
            own: dict[str, Any] = {"action": action}
            if self.echoed:
                own["decision"] = echo
            yield (
                "signals.tip.feedback",
                self._message(self.shown_at + later, f"answer{number}", **own),
            )

    def _message(self, at: datetime, kind: str, **own: object) -> dict[str, Any]:
        return {
            "event_id": f"{kind}-{self.tip_id}@{self.shown_at.timestamp()}",
            "user_id": self.user_id,
            "occurred_at": at.isoformat(),
            "tip_id": self.tip_id,
            "category": "work",
            **own,
        }


def store(path: Path, tips: Sequence[Tip]) -> None:
    """Store the signals of tips, each received in the moment in which it happened."""
    with closing(connect(path)) as connection, transaction(connection):
        for number, tip in enumerate(tips):
            insert_many(connection, (_stored(*one, number) for one in tip.signals()))


def _stored(subject: str, message: dict[str, Any], number: int) -> StoredSignal:
    payload = json.dumps(message).encode()
    at = to_micros(datetime.fromisoformat(message["occurred_at"]))
    return StoredSignal(decode(subject, payload, at + 1), at, at + 1 + number, number, payload)


def tips_of(rollout: Rollout, people: int, each: int, *, gain: float, seed: int = 7) -> list[Tip]:
    """Make decisions by the mixture of a rollout: the policies agree on 70 percent of them.

    Args:
        rollout: Makes the decisions.
        people: How many decide.
        each: How often.
        gain: By how much the new policy's pick is better where they disagree.
        seed: Of all chances.
    """
    random = np.random.default_rng(seed)
    made = []
    for person in range(people):
        user_id = f"user-{person:03}"
        for number in range(each):
            picks = 0, int(random.random() < 0.3)
            chances = np.full((2, CANDIDATES), rollout.exploration / CANDIDATES)
            for policy, pick in enumerate(picks):
                chances[policy, pick] += 1 - rollout.exploration
            choice = rollout.choose(user_id, dict(zip((LIVE, NEW), chances, strict=True)), random)
            reward = 0.4 + gain * (choice.index == picks[1] != picks[0])
            action = "done" if random.random() < reward else "dismiss"
            made.append(
                Tip(
                    user_id=user_id,
                    tip_id=f"t{number}",
                    age=timedelta(days=2, minutes=each - number),
                    policies={
                        name: (float(chances[policy, choice.index]), 0.4, 0.4)
                        for policy, name in enumerate((LIVE, NEW))
                    },
                    propensity=choice.propensity,
                    answers=((action, timedelta(minutes=5)),),
                    stage=rollout.stage,
                    more={"coin": choice.coin, "expired_features": 0, "milliseconds": 4.0},
                )
            )
    return made
