"""A backtest in words and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.backtest.parts import NEXT_KIND, OPEN_TASKS, REAL_TIPS
from oo_profile.backtest.tip_prediction import MODELS
from oo_profile.reports.text_table import aligned, markdown_table
from oo_profile.reports.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oo_profile.backtest.full_information import PolicyResult, WorkResult
    from oo_profile.backtest.parts import BacktestResult
    from oo_profile.backtest.ranges import Range
    from oo_profile.backtest.tip_result import PredictionResult, TipResult, ValueResult

MARK = "†"
"""Of what `oo bandit evaluate` would not report."""

_WORK_HEAD = (
    "policy",
    "truth",
    "IPS",
    "self-normalised",
    "doubly robust",
    "by person: truth",
    "by person: doubly robust",
    "holds the truth",
    "reported",
)
_VALUE_HEAD = (
    "policy",
    "IPS",
    "self-normalised",
    "doubly robust",
    "by person: doubly robust",
    "above never",
)
_MODEL_HEAD = ("learns from", "sees", "log loss", "area under the curve")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a report is laid out.

    Attributes:
        table: Writes rows.
        heading: Stands before the name of a part.
        item: Stands before a remark.
    """

    table: Callable[[Iterable[Sequence[str]]], list[str]]
    heading: str = ""
    item: str = ""


TERMINAL: Final = Layout(aligned)
MARKDOWN: Final = Layout(markdown_table, "### ", "- ")


def backtest_lines(result: BacktestResult, layout: Layout = TERMINAL) -> Iterator[str]:
    """Write what was found, part by part."""
    for part, reason in result.left_out.items():
        yield f"{layout.item}left out: {part}: {reason}"
    for part, found in ((OPEN_TASKS, result.open_tasks), (NEXT_KIND, result.next_kind)):
        if found is not None:
            yield from ("", f"{layout.heading}{part[0].upper()}{part[1:]}", "")
            yield from _work(found, layout)
    if result.real_tips is not None:
        yield from ("", f"{layout.heading}{REAL_TIPS[0].upper()}{REAL_TIPS[1:]}", "")
        yield from _tips(result.real_tips, layout)


def _work(found: WorkResult, layout: Layout) -> Iterator[str]:
    yield (
        f"{counted(found.decisions, 'decision')} of {found.people:,} people; "
        f"one person makes {found.heaviest_share:.0%} of them. Estimates are from a log in which "
        "chance chose."
    )
    yield ""
    yield from layout.table([_WORK_HEAD, *(_policy(one, found.logs) for one in found.policies)])
    yield ""
    for policy in found.policies:
        if policy.not_reported:
            yield f"{layout.item}{MARK} {policy.policy}: {policy.not_reported}"
    live, new = (policy.policy for policy in found.policies[:2])
    gate = found.gate
    yield (
        f"{layout.item}Gate: {new} gets {gate.difference:+.4f} a decision against {live} in truth. "
        f"Of {counted(found.logs, 'log')} the lower bound of the difference is above 0 in "
        f"{gate.better_logs}, and the gate opens in {gate.opened_logs}."
    )
    yield from (f"{layout.item}Not kept by the first log: {rule}" for rule in gate.broken)


def _policy(found: PolicyResult, logs: int) -> Sequence[str]:
    mark = MARK if found.not_reported else ""
    return (
        found.policy,
        f"{found.truth:.3f}",
        range_text(found.ips) + mark,
        range_text(found.self_normalised) + mark,
        range_text(found.doubly_robust) + mark,
        f"{found.truth_by_person:.3f}",
        range_text(found.by_person) + mark,
        f"{found.covered_logs} of {logs}",
        f"{found.reported_logs} of {logs}",
    )


def _tips(found: TipResult, layout: Layout) -> Iterator[str]:
    yield (
        f"{counted(found.decisions, 'decision')} of {found.people:,} people, "
        f"{counted(found.tips, 'tip')} sent."
    )
    for title, values in (
        ("Thumbs up a decision:", found.thumbs_up),
        ("log(steps + 0.5) in the half hour after:", found.log_steps),
    ):
        yield from ("", title, "")
        yield from layout.table([_VALUE_HEAD, *map(_value, values)])
        if remarks := [f"{one.policy}: {one.not_reported}" for one in values if one.not_reported]:
            yield ""
            yield from (f"{layout.item}{remark}" for remark in remarks)
    yield from ("", "A thumbs up, predicted before each tip is learned from:", "")
    yield from layout.table([_MODEL_HEAD, *map(_model, found.predictions)])
    yield ""
    _, context, both = MODELS
    for scope, gain in found.gains.items():
        yield (
            f"{layout.item}{scope}: '{both}' saves {range_text(gain, 4)} nats a tip over "
            f"'{context}', by person: {_verdict(gain)}"
        )


def _model(found: PredictionResult) -> Sequence[str]:
    return (found.scope, found.model, f"{found.log_loss:.4f}", range_text(found.area))


def _value(found: ValueResult) -> Sequence[str]:
    ranges = (found.ips, found.self_normalised, found.doubly_robust, found.by_person)
    return (found.policy, *map(range_text, ranges), range_text(found.above_never))


def _verdict(gain: Range | None) -> str:
    if gain is None:
        return "one person says nothing of others"
    if gain.low > 0:
        return "it improves the prediction"
    return "it makes it worse" if gain.high < 0 else "no difference is shown"


def range_text(found: Range | None, digits: int = 3) -> str:
    """Write a value with its interval; "-" if there is none.

    >>> from oo_profile.backtest.ranges import Range
    >>> range_text(Range(0.5, 0.4, 0.6))
    '0.500 [0.400, 0.600]'
    """
    if found is None:
        return "-"
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"
