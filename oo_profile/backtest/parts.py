"""The parts of a backtest, each on a file of its own; one whose file is missing is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

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
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from oo_profile.backtest.past_decision import PastDecision

WORK_LOG: Final = "work_log.csv.gz"
TIPS: Final = ("heartsteps_decisions.jsonl.gz", "heartsteps.jsonl.gz")

OPEN_TASKS: Final = "which of my open tasks next"
NEXT_KIND: Final = "what kind of work next"
REAL_TIPS: Final = "real tips"
FILES: Final = {OPEN_TASKS: (WORK_LOG,), NEXT_KIND: (WORK_LOG,), REAL_TIPS: TIPS}
"""What each part reads."""

OPEN_TASK_RULES: Final = ("at random", "newest first", "oldest first", "own share")
NEXT_KIND_RULES: Final = ("at random", "own share", "last kind", "always other")


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
        left_out: Parts that were left out, each with the files that it misses.
    """

    seed: int
    open_tasks: WorkResult | None
    next_kind: WorkResult | None
    real_tips: TipResult | None
    left_out: dict[str, tuple[str, ...]]


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
        part: missing
        for part, names in FILES.items()
        if (missing := tuple(name for name in names if not (folder / name).is_file()))
    }
    if len(left_out) == len(FILES):
        raise BacktestDataError(folder, (WORK_LOG, *TIPS))
    open_tasks = next_kind = None
    if OPEN_TASKS not in left_out:
        tasks = list(read_work_log(folder / WORK_LOG))
        seeds = range(seed, seed + logs)
        choices = list(open_task_decisions(tasks))
        with progress(OPEN_TASKS, len(choices) * (1 + logs)) as bar:
            open_tasks = _work(choices, OPEN_TASK_RULES, seeds, bar)
        choices = list(next_kind_decisions(tasks))
        with progress(NEXT_KIND, len(choices) * (1 + logs)) as bar:
            next_kind = _work(choices, NEXT_KIND_RULES, seeds, bar)
    tips = None if REAL_TIPS in left_out else _tips(folder, seed)
    return BacktestResult(seed, open_tasks, next_kind, tips, left_out)


def _work(
    decisions: Iterable[PastDecision], rules: Sequence[str], seeds: Sequence[int], bar: Step
) -> WorkResult:
    prepared = prepare(decisions, bar.update)
    return judge_work(prepared, rules, seeds, bar.update)


def _tips(folder: Path, seed: int) -> TipResult:
    _decisions, signals = (str(folder / name) for name in TIPS)
    return judge_tips(
        list(read_tip_decisions(folder / TIPS[0])), signals_by_person(read_signals(signals)), seed
    )
