"""Whether a profile helps to predict a thumbs up: each tip is scored, then learned from."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import LearnedState, LinearPolicy
from oo_profile.backtest.contestants import Learner
from oo_profile.backtest.known_then import KnownThen
from oo_profile.backtest.past_decision import LONG_RECEIVED_US, SeenSignal
from oo_profile.backtest.tip_context import CONTEXT, PROFILE, context_vector, profile_vector
from oo_profile.backtest.tip_values import thumbs_up
from oo_transforms.signals import TipFeedback, decode, event_time_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oo_bandit.arrays import Floats, Ints
    from oo_profile.backtest.tip_decisions import TipDecision
    from oo_profile.transport.signal_file import SignalLine

_MOST_SURE: Final = (0.01, 0.99)
"""A linear prediction is cut off here, so that no single tip decides over the loss."""

MODELS: Final[Mapping[str, int]] = {
    "share so far": 1,
    "context": len(CONTEXT),
    "context and profile": len(CONTEXT) + len(PROFILE),
}
"""How much of the vector each model sees."""

SCOPES: Final = ("one model for all", "one model a person")


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """Predictions of real tips, each made before its answer was known.

    Attributes:
        person: Whose tip, as a number.
        answer: 1 for a thumbs up, else 0.
        chance: Predicted probability of a thumbs up, by scope and model.
    """

    person: Ints
    answer: Floats
    chance: Mapping[tuple[str, str], Floats]

    def losses(self, scope: str, model: str) -> Floats:
        """Tell the log loss of each tip, in nats."""
        chance = self.chance[scope, model]
        return -np.log(np.where(self.answer > 0, chance, 1.0 - chance))


def signals_by_person(lines: Iterable[SignalLine]) -> Mapping[str, list[SeenSignal]]:
    """Decode signals and sort each person's by event time."""
    found: defaultdict[str, list[SeenSignal]] = defaultdict(list)
    for line in lines:
        signal = decode(line.subject, line.data, LONG_RECEIVED_US)
        time_us = event_time_us(signal, LONG_RECEIVED_US)
        found[signal.user_id].append(SeenSignal(time_us, signal))
    for own in found.values():
        own.sort(key=lambda seen: seen.event_time_us)
    return found


def predict_tips(
    decisions: Iterable[TipDecision], signals: Mapping[str, Sequence[SeenSignal]]
) -> Predicted:
    """Predict every tip that was sent from what was known before it.

    Args:
        decisions: Those that sent nothing are passed over.
        signals: Of each person, by event time.
    """
    sent = [decision for decision in decisions if decision.action != "none"]
    sent.sort(key=attrgetter("at_us", "user_id"))
    vectors = _vectors(sent, signals)
    answered = {
        seen.signal.tip_id: seen.event_time_us
        for own in signals.values()
        for seen in own
        if isinstance(seen.signal, TipFeedback)
    }
    chance = {
        (scope, model): _predictions(sent, vectors[:, :width], answered, alone=scope == SCOPES[1])
        for scope in SCOPES
        for model, width in MODELS.items()
    }
    _, person = np.unique([decision.user_id for decision in sent], return_inverse=True)
    return Predicted(person, np.array([thumbs_up(decision) for decision in sent]), chance)


def _vectors(sent: Sequence[TipDecision], signals: Mapping[str, Sequence[SeenSignal]]) -> Floats:
    known: defaultdict[str, KnownThen] = defaultdict(KnownThen)
    told: defaultdict[str, int] = defaultdict(int)
    rows = []
    for decision in sent:
        own, user_id = signals.get(decision.user_id, ()), decision.user_id
        first = told[user_id]
        while told[user_id] < len(own) and own[told[user_id]].event_time_us < decision.at_us:
            told[user_id] += 1
        known[user_id].add(own[first : told[user_id]])
        context = context_vector(decision, decision.action)
        rows.append(np.concatenate([context, profile_vector(decision, known[user_id])]))
    return np.array(rows)


def _predictions(
    sent: Sequence[TipDecision], vectors: Floats, answered: Mapping[str, int], *, alone: bool
) -> Floats:
    """Predict in order of time; an answer is learned when it was given."""
    linear = LinearPolicy((1.0,) * vectors.shape[1])
    learners: dict[str, Learner] = {}
    found = []
    for decision, vector in zip(sent, vectors, strict=True):
        key = decision.user_id if alone else ""
        if key not in learners:
            empty = LearnedState.empty(linear.dimensions)
            learners[key] = Learner(linear, empty, decision.at_us)
        found.append(learners[key].rank(decision.at_us, vector[None, :]).predictions[0])
        known_us = answered.get(decision.decision_id, decision.at_us)
        learners[key].learn(vector, thumbs_up(decision), known_us)
    return np.array(found).clip(*_MOST_SURE)


class Curve:
    """How well chances put tips with a thumbs up before those without.

    Args:
        answer: 1 for a thumbs up, else 0.
        chance: What was predicted.
    """

    def __init__(self, answer: Floats, chance: Floats) -> None:
        self._order = np.argsort(chance, kind="stable")
        ordered = chance[self._order]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._good = answer[self._order]

    def area(self, weights: Floats) -> float:
        """Tell how often one with a thumbs up was given more chance than one without; ties half.

        Args:
            weights: How often each tip counts.

        Returns:
            NaN if all that count have the same answer.
        """
        counted = weights[self._order]
        good = np.add.reduceat(counted * self._good, self._starts)
        bad = np.add.reduceat(counted * (1.0 - self._good), self._starts)
        pairs = good.sum() * bad.sum()
        below = bad.cumsum() - bad / 2
        return float((good * below).sum() / pairs) if pairs else math.nan
