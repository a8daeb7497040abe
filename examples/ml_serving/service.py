"""The service: what it works with, and how it ranks and takes feedback."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from ml_serving.choosing import Judges, Verdict, choose
from ml_serving.errors import RequestRefused
from ml_serving.messages import FeedbackAnswer, RankAnswer, Ranked
from ml_serving.signals import Identity, tip_feedback, tip_shown
from oo_transforms.decisions import Decision, echo_of
from oo_transforms.policies import BANDIT_V2
from oo_transforms.signals import MAX_FUTURE_US

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml_serving.features import FeatureReader, Served
    from ml_serving.messages import Candidate, FeedbackRequest, RankRequest, Step
    from ml_serving.metrics import Metrics
    from ml_serving.outbox import Outbox
    from ml_serving.resends import Resends
    from ml_serving.rollouts import Rollouts
    from oo_bandit import Rollout

SERVICE: Final = BANDIT_V2.service
"""The feature service that is read: it has all features that any policy takes."""

_STEP_OF_FATE: dict[str, tuple[Step, ...]] = {
    "published": (),
    "spooled": ("spooled",),
    "lost": ("not_logged",),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision, with all that it was made from."""

    request: RankRequest
    identity: Identity
    served: Served
    verdict: Verdict
    rollout: Rollout
    shown_us: int

    @property
    def chosen(self) -> Candidate:
        return self.request.candidates[self.verdict.index]

    def decision(self, milliseconds: float) -> Decision:
        """Return what is logged; `milliseconds` is what it took."""
        served, verdict = self.served, self.verdict
        degraded = served.degraded
        if verdict.is_prior and "prior" not in degraded:
            degraded = ("prior", *degraded)
        return Decision(
            service=SERVICE,
            live=self.rollout.live,
            stage=self.rollout.stage,
            state_version=None if verdict.is_prior else served.versions.get(verdict.policy),
            now=self.request.now,
            candidates=len(self.request.candidates),
            propensity=verdict.propensity,
            features={n: float(values[verdict.index]) for n, values in served.columns.items()},
            policies=dict(verdict.judgements),
            coin=verdict.coin,
            expired_features=served.expired,
            milliseconds=milliseconds,
            degraded=degraded,
        )

    def answer(self, decision: Decision, steps: tuple[Step, ...]) -> RankAnswer:
        """Return what is answered."""
        verdict, candidates = self.verdict, self.request.candidates
        return RankAnswer(
            tip_id=self.identity.name,
            chosen=self.chosen.id,
            category=self.chosen.category,
            ranking=tuple(
                Ranked(
                    id=candidates[place].id,
                    score=verdict.scores[place],
                    probability=verdict.probabilities[place],
                )
                for place in verdict.order
            ),
            policy=verdict.policy,
            stage=self.rollout.stage,
            degraded=steps,
            logged="not_logged" not in steps,
            echo=echo_of(decision, self.shown_us / 1e6),
        )


class Service:
    """Ranks, and takes feedback.

    Args:
        reader: Reads features and learned state.
        rollouts: Tells which policy acts.
        outbox: Takes signals.
        resends: Knows the answers of a moment ago.
        metrics: Told of everything.
        clock: Tells the present, microseconds since the epoch.
    """

    def __init__(  # noqa: PLR0913 - its parts
        self,
        *,
        reader: FeatureReader,
        rollouts: Rollouts,
        outbox: Outbox,
        resends: Resends,
        metrics: Metrics,
        clock: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._rollouts = rollouts
        self._outbox = outbox
        self._resends = resends
        self._metrics = metrics
        self._clock = clock
        self._judges = Judges(rollouts.current.exploration)

    async def rank(self, request: RankRequest, began: float) -> bytes:
        """Choose a tip, log the decision, and return the answer as JSON.

        Args:
            request: The candidates.
            began: When it came, by `time.perf_counter`.
        """
        identity = Identity.of(request)
        return await self._resends.answer(
            identity.name, lambda: self._answer(request, identity, began)
        )

    async def take_feedback(self, request: FeedbackRequest) -> FeedbackAnswer:
        """Log what was answered to a tip.

        Raises:
            RequestRefused: It claims to be from the future.
        """
        ahead_us = request.now * 1e6 - self._clock()
        if ahead_us > MAX_FUTURE_US:
            raise RequestRefused(
                422,
                "from_the_future",
                f"`now` is {ahead_us / 1e6:.0f} seconds ahead of this service's clock; at most "
                f"{MAX_FUTURE_US // 10**6} are allowed: check the client's clock",
            )
        event_id, signal = tip_feedback(request, Identity.of(request))
        fate = await self._outbox.send(signal)
        steps = self._counted(_STEP_OF_FATE[fate])
        return FeedbackAnswer(event_id=event_id, degraded=steps, logged=fate != "lost")

    async def _answer(
        self, request: RankRequest, identity: Identity, began: float
    ) -> tuple[bytes, bool]:
        at = self._phase("decode", began)
        served = await self._reader.read(request)
        at = self._phase("read", at)
        decided = self._decide(request, served, identity)
        decision = decided.decision((time.perf_counter() - began) * 1e3)
        signal = tip_shown(request, identity, decided.chosen.category, decided.shown_us, decision)
        at = self._phase("rank", at)
        fate = await self._outbox.send(signal)
        at = self._phase("log", at)
        steps = self._counted((*decision.degraded, *_STEP_OF_FATE[fate]))
        encoded = msgspec.json.encode(decided.answer(decision, steps))
        self._phase("encode", at)
        return encoded, fate != "lost"

    def _decide(self, request: RankRequest, served: Served, identity: Identity) -> _Decided:
        # After the read: what was served is a version of a moment before this.
        shown_us = self._clock()
        rollout = self._rollouts.current
        if self._judges.exploration != rollout.exploration:
            self._judges = Judges(rollout.exploration)
        rankings = self._judges.rank(served.columns, served.states)
        for name, ranking in rankings.items():
            if ranking.refused is not None:
                _log.warning("learned_state.refused policy=%s reason=%s", name, ranking.refused)
        chance = np.random.Generator(np.random.PCG64(identity.seed))
        verdict = choose(request.user_id, rankings, rollout, chance)
        return _Decided(request, identity, served, verdict, rollout, shown_us)

    def _phase(self, name: str, since: float) -> float:
        at = time.perf_counter()
        self._metrics.phases[name].observe(at - since)
        return at

    def _counted(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        for step in steps:
            self._metrics.degraded.labels(step).inc()
        return steps
