"""The parts of a backtest, each on a file of its own; one whose file is missing is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from oo_profile.backtest.full_information import WorkResult, judge_work
from oo_profile.backtest.next_kind import next_kind_decisions
from oo_profile.backtest.open_tasks import open_task_decisions
from oo_profile.backtest.playback import prepare
from oo_profile.backtest.tip_decisions import read_tip_decisions
from oo_profile.backtest.tip_prediction import signals_by_person
from oo_profile.backtest.tip_result import TipResult, judge_tips
from oo_profile.errors import BacktestDataError
from oo_profile.inputs.work_log import read_work_log
from oo_profile.transport.signal_file import read_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from oo_profile.backtest.past_decision import PastDecision
    from oo_profile.inputs.tasks import Task

WORK_LOG: Final = "work_log.csv.gz"
TIPS: Final = ("heartsteps_decisions.jsonl.gz", "heartsteps.jsonl.gz")

OPEN_TASKS: Final = "which of my open tasks next"
NEXT_KIND: Final = "what kind of work next"
REAL_TIPS: Final = "real tips"
FILES: Final = {OPEN_TASKS: (WORK_LOG,), NEXT_KIND: (WORK_LOG,), REAL_TIPS: TIPS}
"""What each part reads."""


Choices: TypeAlias = "Callable[[Sequence[Task]], Iterator[PastDecision]]"
"""Finds the choices that a work log holds."""

WORK_PARTS: Final[Mapping[str, tuple[Choices, tuple[str, ...]]]] = {
    OPEN_TASKS: (open_task_decisions, ("at random", "newest first", "oldest first", "own share")),
    NEXT_KIND: (next_kind_decisions, ("at random", "own share", "last kind", "always other")),
}
"""Of the parts on a work log: their choices, and the rules that take part."""


class Step(Protocol):
    """Is told of every step of long work."""

    def update(self) -> object:
        """Count one step."""


class Progress(Protocol):
    """Opens a bar for long work."""

    def __call__(self, what: str, total: int) -> AbstractContextManager[Step]:
        """Begin work of so many steps."""


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What was found.

    Attributes:
        seed: Of all that was drawn.
        open_tasks: Which of my open tasks next; None if it was left out.
        next_kind: What kind of work next; likewise.
        real_tips: Real tips; likewise.
        left_out: Parts that were left out, each with the reason.
    """

    seed: int
    open_tasks: WorkResult | None
    next_kind: WorkResult | None
    real_tips: TipResult | None
    left_out: dict[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether every part was left out."""
        return len(self.left_out) == len(FILES)


def backtest(folder: Path, *, seed: int, logs: int, progress: Progress) -> BacktestResult:
    """Run every part whose files are there.

    Args:
        folder: Where the files are; they are read there and never copied.
        seed: Of the choices by chance.
        logs: How many logs of such choices to draw of each part with full information.
        progress: Opens a bar.

    Raises:
        BacktestDataError: No part has its files.
        WorkLogError: A row of the work log is no task.
        TipDecisionsError: A line of the tip decisions is none.
    """
    left_out = {
        part: f"no {', '.join(missing)}"
        for part, names in FILES.items()
        if (missing := [name for name in names if not (folder / name).is_file()])
    }
    if len(left_out) == len(FILES):
        raise BacktestDataError(folder, (WORK_LOG, *TIPS))
    work: dict[str, WorkResult] = {}
    tasks = [] if OPEN_TASKS in left_out else list(read_work_log(folder / WORK_LOG))
    for part in [part for part in WORK_PARTS if part not in left_out]:
        found = _work(part, tasks, range(seed, seed + logs), progress)
        if found is None:
            left_out[part] = f"{WORK_LOG} holds no such choice"
        else:
            work[part] = found
    tips = None if REAL_TIPS in left_out else _tips(folder, seed)
    if tips is None:
        left_out.setdefault(REAL_TIPS, f"{TIPS[0]} holds no tip that was sent")
    return BacktestResult(seed, work.get(OPEN_TASKS), work.get(NEXT_KIND), tips, left_out)


def _work(
    part: str, tasks: Sequence[Task], seeds: Sequence[int], progress: Progress
) -> WorkResult | None:
    choices, rules = WORK_PARTS[part]
    decisions = list(choices(tasks))
    if not decisions:
        return None
    with progress(part, len(decisions) * (1 + len(seeds))) as bar:
        return judge_work(prepare(decisions, bar.update), rules, seeds, bar.update)


def _tips(folder: Path, seed: int) -> TipResult | None:
    decisions = list(read_tip_decisions(folder / TIPS[0]))
    if all(decision.action == "none" for decision in decisions):
        return None
    return judge_tips(decisions, signals_by_person(read_signals(str(folder / TIPS[1]))), seed)
