"""What kind of work comes next is asked when a task is finished, and answered by the next one."""

from __future__ import annotations

from support.past_work import task

from oo_profile.backtest.next_kind import next_kind_decisions
from oo_profile.backtest.playback import prepare
from oo_transforms import POLICIES
from oo_transforms.signals import TaskCompleted

AFFINITY = POLICIES["bandit_v2"].dimensions.index("category_affinity")


def test_a_decision_is_answered_by_the_task_finished_next() -> None:
    """All kinds of the log are candidates; the last task of a person asks nothing."""
    tasks = [task("a", 0, 5, "fix"), task("b", 1, 9, "docs"), task("c", 2, 7, "fix")]
    first, second = next_kind_decisions(tasks)
    assert [found.category for found in first.candidates] == ["docs", "fix"]
    assert [found.reward for found in first.candidates] == [0.0, 1.0]
    assert [found.reward for found in second.candidates] == [1.0, 0.0]
    assert (first.last_category, second.last_category) == ("fix", "fix")
    assert second.candidates[0].known_us - second.at_us == 2 * 60_000_000


def test_the_answer_is_not_known_before_it_came() -> None:
    """Of tasks finished in one second, each is decided by those before it in the order."""
    burst = [
        task(name, 0, 5, kind) for name, kind in zip("abc", ("docs", "fix", "ci"), strict=True)
    ]
    first, second = next_kind_decisions(burst)
    done = [s.signal.category for s in first.seen if isinstance(s.signal, TaskCompleted)]
    assert done == ["docs"]
    done = [s.signal.category for s in second.seen if isinstance(s.signal, TaskCompleted)]
    assert done == ["fix"]


def test_the_own_share_is_that_of_the_tasks_before() -> None:
    """After two of one kind and one of another the shares are 2 and 1 of 3, with the prior's 2."""
    tasks = [task(str(n), 0, n + 1, kind) for n, kind in enumerate(("fix", "fix", "docs", "ci"))]
    decision, vectors = prepare(next_kind_decisions(tasks))[-1]
    shares = dict(
        zip((c.category for c in decision.candidates), vectors[:, AFFINITY].tolist(), strict=True)
    )
    assert abs(shares["fix"] - 2 / 5) < 1e-4
    assert abs(shares["docs"] - 1 / 5) < 1e-4
    assert shares["ci"] == 0.0
