"""Past decisions as a log in which chance chose, beside what every policy would have come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from oo_bandit import Logged, choose, uniform
from oo_profile.backtest.contestants import Learner, rule_chances
from oo_profile.backtest.known_then import KnownThen
from oo_profile.backtest.logged_rows import logged_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from oo_bandit.arrays import Floats, Ints
    from oo_profile.backtest.past_decision import PastDecision

LEARNERS: Final = ("bandit_v1", "bandit_v2")
"""The live policy, then the new one."""

Prepared: TypeAlias = "tuple[PastDecision, Floats]"
"""A decision and its candidates' scaled vectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Playback:
    """What a log and the truth say of the same decisions.

    Attributes:
        logged: What a service would have logged whose choices were all by chance.
        values: True expected reward of each policy at each decision, (decisions, policies); the
            order is that of `logged.policies`.
    """

    logged: Logged
    values: Floats


def prepare(
    decisions: Iterable[PastDecision], step_done: Callable[[], object] = lambda: None
) -> list[Prepared]:
    """Compute the features of all decisions, each from what was known then.

    Args:
        decisions: Person by person, in order of time.
        step_done: Called after each decision.
    """
    prepared: list[Prepared] = []
    known, user_id = KnownThen(), None
    for decision in decisions:
        if decision.user_id != user_id:
            known, user_id = KnownThen(), decision.user_id
        known.add(decision.seen)
        prepared.append((decision, known.vectors(decision)))
        step_done()
    return prepared


def play(
    prepared: Sequence[Prepared],
    rules: Sequence[str],
    seed: int,
    step_done: Callable[[], object] = lambda: None,
) -> Playback:
    """Let chance choose, the policies learn from that log, and all be judged at each decision.

    Args:
        prepared: What `prepare` gave.
        rules: Which rules take part; their predictions are those of the new policy.
        seed: Of the choices.
        step_done: Called after each decision.
    """
    rng = np.random.default_rng(seed)
    rows: list[Floats] = []
    people: list[int] = []
    learners: tuple[Learner, ...] = ()
    user_id = None
    for decision, vectors in prepared:
        if decision.user_id != user_id:
            learners, user_id = tuple(map(Learner.new, LEARNERS)), decision.user_id
            people.append(people[-1] + 1 if people else 0)
        else:
            people.append(people[-1])
        rows.append(_row(decision, vectors, learners, rules, rng.random()))
        step_done()
    return _played(np.array(rows), np.array(people), (*LEARNERS, *rules))


def _row(
    decision: PastDecision,
    vectors: Floats,
    learners: Sequence[Learner],
    rules: Sequence[str],
    random: float,
) -> Floats:
    """Make one decision: propensity and reward, then of each policy what `_played` tells apart."""
    rewards = np.array([candidate.reward for candidate in decision.candidates])
    chances = uniform(len(rewards))
    place = choose(chances, random)
    rankings = [learner.rank(decision.at_us, vectors) for learner in learners]
    predictions = [ranking.predictions for ranking in rankings]
    probabilities = [ranking.probabilities for ranking in rankings]
    probabilities += [rule_chances(rule, decision, vectors) for rule in rules]
    predictions += [predictions[-1]] * len(rules)
    for learner in learners:
        learner.learn(vectors[place], rewards[place], decision.candidates[place].known_us)
    by, of = np.array(probabilities), np.array(predictions)
    return np.concatenate(
        [
            [chances[place], rewards[place]],
            by[:, place],
            (by * of).sum(axis=1),
            of[:, place],
            by @ rewards,
        ]
    )


def _played(rows: Floats, people: Ints, names: tuple[str, ...]) -> Playback:
    logged, values = np.split(rows, [-len(names)], axis=1)
    return Playback(logged_rows(logged, names, people), values)
