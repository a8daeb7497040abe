"""A choice between open tasks is found where it was, with what was open then and no more."""

from __future__ import annotations

import pytest
from support.past_work import task
from support.real_data import WORK_LOG, needs_work_log

from oo_profile.backtest.contestants import rule_chances
from oo_profile.backtest.next_kind import next_kind_decisions
from oo_profile.backtest.open_tasks import MOST_CANDIDATES, open_task_decisions
from oo_profile.backtest.playback import prepare
from oo_profile.inputs.work_log import read_work_log
from oo_transforms.signals import TaskCompleted


def test_candidates_are_what_was_open_just_before() -> None:
    """The one finished is among them, one that comes up at that moment is not."""
    tasks = [task("a", 0, 60), task("b", 10, 90), task("c", 20, 300), task("new", 60, 70)]
    first, second, *others = open_task_decisions(tasks)
    assert [found.created_us for found in first.candidates] == [
        given * 60_000_000 + 1_714_554_000_000_000 for given in (0, 10, 20)
    ]
    assert [found.reward for found in first.candidates] == [1.0, 1.0, 0.0]
    assert len(second.candidates) == 3  # b, c and the new one, when that is finished
    assert [len(found.candidates) for found in others] == [2]


def test_a_reward_is_known_when_the_task_is_finished_or_the_hour_is_over() -> None:
    """One that is finished exactly an hour later was a good choice; a second later it was not."""
    tasks = [task("a", 0, 60), task("b", 1, 120), task("c", 2, 120 + 1 / 60)]
    decision = next(iter(open_task_decisions(tasks)))
    rewards = [(found.reward, found.known_us - decision.at_us) for found in decision.candidates]
    assert rewards == [(1.0, 0), (1.0, 3_600_000_000), (0.0, 3_600_000_000)]


def test_within_ten_minutes_it_is_the_same_piece_of_work() -> None:
    """A person's next decision is ten minutes after his last one, at the earliest."""
    tasks = [task(str(at), 0, at) for at in (60, 65, 69.9, 70, 200, 300)]
    minutes = [(found.at_us - 1_714_554_000_000_000) / 60e6 for found in open_task_decisions(tasks)]
    assert minutes == [60, 70, 200]


def test_tasks_that_never_waited_are_no_candidates() -> None:
    """Under sixty seconds from created to completed, a task was never open."""
    tasks = [task("a", 0, 60), task("quick", 59.5, 60.4), task("b", 59, 60)]
    (decision,) = open_task_decisions(tasks)
    assert len(decision.candidates) == 2


def test_the_newest_fifty_are_offered() -> None:
    """Of more open tasks the oldest are left out."""
    tasks = [task(str(number), number / 10, 100 + number) for number in range(80)]
    first = next(iter(open_task_decisions(tasks)))
    assert len(first.candidates) == MOST_CANDIDATES
    assert first.candidates[0].created_us == 1_714_554_000_000_000 + 30 * 6_000_000


def test_no_signal_of_the_moment_is_seen_before_the_choice() -> None:
    """What is finished at the moment of a decision is counted from the next one on."""
    tasks = [task("a", 0, 60), task("b", 10, 60), task("c", 20, 300), task("d", 25, 400)]
    first, second = open_task_decisions(tasks)
    assert not [seen for seen in first.seen if isinstance(seen.signal, TaskCompleted)]
    assert len([seen for seen in second.seen if isinstance(seen.signal, TaskCompleted)]) == 2


@pytest.mark.data
@needs_work_log
def test_the_real_log_has_the_known_decisions() -> None:
    """3,436 decisions of 203 people; random 0.495, newest first 0.773, oldest 0.319."""
    prepared = prepare(open_task_decisions(read_work_log(WORK_LOG)))
    assert len(prepared) == 3436
    assert len({decision.user_id for decision, _ in prepared}) == 203
    found = {}
    for rule in ("at random", "newest first", "oldest first"):
        values = [
            float(rule_chances(rule, decision, vectors) @ [c.reward for c in decision.candidates])
            for decision, vectors in prepared
        ]
        found[rule] = round(sum(values) / len(values), 3)
    assert found == {"at random": 0.495, "newest first": 0.773, "oldest first": 0.319}


@pytest.mark.data
@needs_work_log
def test_the_real_log_has_the_known_kinds_of_work() -> None:
    """45,049 decisions of 1,047 people; the last kind comes again in 0.452, `other` in 0.419."""
    decisions = list(next_kind_decisions(list(read_work_log(WORK_LOG))))
    assert len(decisions) == 45_049
    assert len({decision.user_id for decision in decisions}) == 1047
    assert {len(decision.candidates) for decision in decisions} == {12}
    next_kinds = [
        next(one.category for one in decision.candidates if one.reward) for decision in decisions
    ]
    again = [
        kind == decision.last_category for kind, decision in zip(next_kinds, decisions, strict=True)
    ]
    assert round(sum(again) / len(again), 3) == 0.452
    assert round(next_kinds.count("other") / len(next_kinds), 3) == 0.419
