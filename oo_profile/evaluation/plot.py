"""An evaluation as a picture: the policies' rewards, and their difference as the log grew."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from oo_bandit import report
from oo_bandit.sequences import difference_sequence
from oo_profile.reports.drawing import COLOURS, drawing

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from oo_bandit.evidence import DifferenceReport, PolicyReport
    from oo_profile.evaluation.evaluation import Evaluation

_WAYS: Final = ("ips", "self_normalised", "doubly_robust")
_LABELS: Final = ("IPS", "self-\nnormalised", "doubly\nrobust")


def draw(evaluation: Evaluation, path: Path) -> None:
    """Draw the rewards of both policies, and the sequence of their difference by day.

    Args:
        evaluation: What was added up.
        path: Where to; the suffix tells the format (.svg, .png, .pdf).
    """
    with drawing(path, columns=2) as (values, difference):
        told = report(evaluation.tallies["all"])
        for place, policy in enumerate(told.policies):
            _draw_policy(values, place, policy)
        values.set_xticks(range(len(_WAYS)), _LABELS)
        values.set_ylabel("reward a decision")
        values.set_title(f"{told.decisions:,} decisions of {told.people:,} people")
        values.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, fontsize=7)
        _draw_difference(difference, evaluation, told.differences[0])


def _draw_policy(axes: Axes, place: int, policy: PolicyReport) -> None:
    for shift, marker, estimates, of in (
        (0.0, "o", policy.by_decision, "by decision"),
        (0.12, "s", policy.by_person, "by person"),
    ):
        if estimates is None:
            continue
        for at, way in enumerate(_WAYS):
            estimate = getattr(estimates, way)
            middle, low, high = map(float, (estimate.value, estimate.low, estimate.high))
            axes.errorbar(
                at + 0.3 * place + shift,
                middle,
                [[middle - low], [high - middle]],
                fmt=marker,
                markersize=4,
                color=COLOURS[place],
                label=f"{policy.policy} {of}" if not at else None,
            )


def _draw_difference(axes: Axes, evaluation: Evaluation, told: DifferenceReport) -> None:
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_title(f"{told.policy} - {told.other}, these decisions")
    axes.set_xlabel("decisions, a point a day")
    axes.set_ylabel("difference, sequence of 95 %")
    if told.sequence is None:
        axes.text(0.5, 0.6, "not reported", ha="center", transform=axes.transAxes)
        return
    sums = list(accumulate(evaluation.days[day] for day in sorted(evaluation.days)))
    bounds = [difference_sequence(each, 1, 0) for each in sums]
    counts = [float(each.count) for each in sums]
    lows, highs = ([float(bound[side]) for bound in bounds] for side in (0, 1))
    axes.fill_between(counts, lows, highs, color=COLOURS[0], alpha=0.3)
    axes.vlines(counts, lows, highs, color=COLOURS[0], linewidth=0.8)
    axes.set_xlim(0, counts[-1] * 1.05)
