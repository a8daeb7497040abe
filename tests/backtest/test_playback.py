"""A playback is the log of a service in which chance chose, with the truth beside it."""

from __future__ import annotations

import numpy as np
import pytest
from support.past_work import task

from oo_bandit import LearnedState, LinearPolicy, choose, uniform
from oo_profile.backtest.contestants import Learner
from oo_profile.backtest.full_information import judge_work
from oo_profile.backtest.open_tasks import open_task_decisions
from oo_profile.backtest.playback import LEARNERS, play, prepare
from oo_transforms.clock import DAY_US
from oo_transforms.policies import LEARNING_HALF_LIFE

RULES = ("at random", "newest first", "oldest first")
TASKS = [task(str(n), 20 * n, 20 * n + 45 + 300 * (n % 3 == 0), "abc"[n % 3]) for n in range(60)]
PREPARED = prepare(open_task_decisions(TASKS))


def test_the_truth_is_what_the_candidates_came_to() -> None:
    """Newest and oldest first get the last and the first reward, chance the mean of all."""
    values = play(PREPARED, RULES, seed=1).values[:, len(LEARNERS) :]
    rewards = [[c.reward for c in decision.candidates] for decision, _ in PREPARED]
    expected = [[float(np.mean(r)), r[-1], r[0]] for r in rewards]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


def test_the_log_tells_by_which_chance_each_was_chosen() -> None:
    """Chance gives every candidate the same; whoever always chooses at random weighs 1."""
    logged = play(PREPARED, RULES, seed=1).logged
    counts = [len(decision.candidates) for decision, _ in PREPARED]
    np.testing.assert_allclose(logged.propensity, 1 / np.array(counts), rtol=1e-15)
    at_random = logged.policies.index("at random")
    np.testing.assert_allclose(logged.probability[:, at_random] / logged.propensity, 1.0)


def test_estimates_are_right_on_average() -> None:
    """Over many logs the estimates of a rule come to its truth."""
    truth = play(PREPARED, RULES, seed=1).values[:, 3].mean()
    found = []
    for seed in range(60):
        logged = play(PREPARED, RULES, seed=seed).logged
        found.append(float((logged.probability[:, 3] / logged.propensity * logged.reward).mean()))
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - truth) < 4 * error


def test_the_same_seed_gives_the_same_result() -> None:
    """All that is drawn comes from the seed."""
    first, again = (judge_work(PREPARED, RULES, [7]) for _ in range(2))
    assert first == again
    assert first.decisions == len(PREPARED)
    assert first.people == 1
    assert first.heaviest_share == 1.0


def test_policies_learn_from_what_was_chosen() -> None:
    """Predictions are those of a policy that is told each choice and its reward, and no other."""
    logged = play(PREPARED, RULES, seed=5).logged
    rng, alone = np.random.default_rng(5), Learner.new("bandit_v2")
    for row, (decision, vectors) in enumerate(PREPARED):
        place = choose(uniform(len(vectors)), rng.random())
        ranking = alone.rank(decision.at_us, vectors)
        chosen = decision.candidates[place]
        assert logged.reward[row] == chosen.reward
        assert logged.prediction[row, 1] == ranking.predictions[place]
        assert logged.probability[row, 1] == ranking.probabilities[place]
        assert logged.expected[row, 1] == pytest.approx(ranking.expected_reward, abs=1e-12)
        alone.learn(vectors[place], chosen.reward, chosen.known_us)


def test_an_answer_is_learned_when_it_is_known() -> None:
    """A choice makes doubt shrink at once; what it came to moves nothing before it is known."""
    row = np.ones((1, 8))
    learner = Learner.new("bandit_v1")
    before = learner.rank(0, row)
    learner.learn(row[0], 1.0, known_us=3 * DAY_US)
    waiting = learner.rank(2 * DAY_US, row)
    known = learner.rank(3 * DAY_US, row)
    assert waiting.widths[0] < before.widths[0]
    assert waiting.predictions[0] == 0.0
    assert known.predictions[0] > 0.0


def test_what_is_learned_is_the_decayed_sum_over_the_log() -> None:
    """Streamed, with late answers, it is the direct sum with each decision's weight by now."""
    rng = np.random.default_rng(3)
    learner = Learner(LinearPolicy((1.0,) * 4), LearnedState.empty(4))
    rows, rewards = rng.normal(size=(30, 4)), rng.random(30).round()
    for day, (row, reward) in enumerate(zip(rows, rewards, strict=True)):
        learner.rank(day * DAY_US, row[None, :])
        learner.learn(row, float(reward), (day + 5) * DAY_US)
    learner.rank(40 * DAY_US, rows[:1])
    weights = 0.5 ** ((40 - np.arange(30)) / LEARNING_HALF_LIFE.days)
    direct = LearnedState.of(rows, rewards, weights)
    np.testing.assert_allclose(learner.state.outer, direct.outer, rtol=0, atol=1e-12)
    np.testing.assert_allclose(learner.state.rewards, direct.rewards, rtol=0, atol=1e-12)
    assert learner.state.count == pytest.approx(direct.count, rel=1e-12)
