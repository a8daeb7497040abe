"""A backtest as a plot: estimates with their intervals, and the truth where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.backtest.parts import NEXT_KIND, OPEN_TASKS
from oo_profile.reports.drawing import COLOURS, drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from oo_profile.backtest.full_information import PolicyResult, WorkResult
    from oo_profile.backtest.parts import BacktestResult
    from oo_profile.backtest.ranges import Range
    from oo_profile.backtest.tip_result import TipResult, ValueResult

_MARKS = (
    ("ips", "IPS"),
    ("self_normalised", "self-normalised"),
    ("doubly_robust", "doubly robust"),
)
_APART = 0.22
"""Between the marks of one policy, in rows."""


def draw_backtest(result: BacktestResult, path: Path) -> None:
    """Draw the parts that there are, a panel each; real tips have three."""
    panels: list[Callable[[Axes], None]] = []
    for title, found in ((OPEN_TASKS, result.open_tasks), (NEXT_KIND, result.next_kind)):
        if found is not None:
            panels.append(_work_panel(title, found))
    if result.real_tips is not None:
        panels += _tip_panels(result.real_tips)
    columns = 2 if len(panels) > 1 else 1
    with drawing(path, columns=columns, rows=-(-len(panels) // columns)) as axes:
        for draw, panel in zip(panels, axes, strict=False):
            draw(panel)
        for panel in axes[len(panels) :]:
            panel.axis("off")


def _work_panel(title: str, found: WorkResult) -> Callable[[Axes], None]:
    def draw(panel: Axes) -> None:
        _estimates(panel, found.policies)
        truths = [policy.truth for policy in found.policies]
        panel.scatter(truths, range(len(truths)), marker="|", s=300, color="black", label="truth")
        panel.set(title=title, xlabel="reward a decision")
        panel.legend(fontsize=7)

    return draw


def _tip_panels(found: TipResult) -> list[Callable[[Axes], None]]:
    def thumbs(panel: Axes) -> None:
        _estimates(panel, found.thumbs_up)
        panel.set(title="real tips: thumbs up", xlabel="thumbs up a decision")
        panel.legend(fontsize=7)

    def steps(panel: Axes) -> None:
        _estimates(panel, found.log_steps)
        panel.set(title="real tips: steps", xlabel="log(steps + 0.5) in the half hour after")

    def models(panel: Axes) -> None:
        for row, one in enumerate(found.predictions):
            _interval(panel, one.area, row, COLOURS[row % 3])
        names = [f"{one.model}, {one.scope}" for one in found.predictions]
        panel.set_yticks(range(len(names)), names, fontsize=7)
        panel.invert_yaxis()
        panel.axvline(0.5, color="black", lw=0.8)
        panel.set(title="real tips: predicting a thumbs up", xlabel="area under the curve")

    return [thumbs, steps, models]


def _estimates(panel: Axes, policies: Sequence[PolicyResult | ValueResult]) -> None:
    for number, (name, label) in enumerate(_MARKS):
        panel.plot([], [], "o-", color=COLOURS[number], ms=4, label=label)
        for row, policy in enumerate(policies):
            found: Range | None = getattr(policy, name)
            at = row + (number - 1) * _APART
            _interval(panel, found, at, COLOURS[number])
    names = [policy.policy for policy in policies]
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()


def _interval(panel: Axes, found: Range | None, row: float, colour: str) -> None:
    if found is None:
        return
    panel.plot([found.low, found.high], [row, row], color=colour, lw=1.5)
    panel.plot([found.value], [row], "o", color=colour, ms=4)
