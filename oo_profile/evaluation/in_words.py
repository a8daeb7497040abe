"""An evaluation as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_bandit import report
from oo_bandit.evidence import SLOW_MILLISECONDS
from oo_profile.evaluation.batches import HEAVY_FROM, LIGHT_FROM
from oo_profile.reports.text_table import aligned
from oo_profile.reports.words import counted, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_bandit import DifferenceReport, Health, PolicyReport, Report
    from oo_bandit.estimates import Estimate, Estimates
    from oo_profile.evaluation.evaluation import Evaluation

_HEAD: Final = ("", "IPS", "self-normalised", "doubly robust", "sequence")
_NOTHING: Final = ("-", "-", "-")

CAVEAT: Final = (
    "Intervals are of 95 %. A sequence holds however often one looks, and covers the decisions",
    "that are in the log: of other people it says nothing. Whether new people are like these is",
    "what the intervals by person assume.",
)


def lines_of(evaluation: Evaluation) -> list[str]:
    """Write what the log says, group by group; a group without decisions is left out."""
    question = evaluation.question
    until = instant_text(question.until_us)
    lines = [f"{question.new} beside {question.live}, decisions shown until {until}"]
    for name, tally in evaluation.tallies.items():
        if tally.decisions.count or name == "all":
            lines += ["", *_group(name, report(tally))]
    return [*lines, "", *_left_out(evaluation), *CAVEAT]


def _group(name: str, told: Report) -> Iterator[str]:
    meaning = {
        "new people": f" (under {LIGHT_FROM} decisions each)",
        "light users": f" ({LIGHT_FROM} to {HEAVY_FROM - 1})",
        "heavy users": f" ({HEAVY_FROM} and more)",
    }.get(name, "")
    yield (
        f"{name}{meaning}: {counted(told.decisions, 'decision')} of "
        f"{_people(told.people)}, {_health(told.decisions, told.health)}"
    )
    rows = [_HEAD]
    rows += [_policy_row(policy) for policy in told.policies]
    rows += [_difference_row(difference) for difference in told.differences]
    rows.append(("by person", "", "", "", ""))
    rows += [(policy.policy, *_cells(policy.by_person), "") for policy in told.policies]
    rows += [(_minus(each), *_cells(each.by_person), "") for each in told.differences]
    yield from (f"  {line}" for line in aligned(rows))
    yield from (f"  {line}" for line in _remarks(told))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _policy_row(policy: PolicyReport) -> tuple[str, str, str, str, str]:
    return (policy.policy, *_cells(policy.by_decision), _bounds(policy.sequence))


def _difference_row(each: DifferenceReport) -> tuple[str, str, str, str, str]:
    return (_minus(each), *_cells(each.by_decision), _bounds(each.sequence))


def _minus(each: DifferenceReport) -> str:
    return f"{each.policy} - {each.other}"


def _cells(estimates: Estimates | None) -> tuple[str, str, str]:
    if estimates is None:
        return _NOTHING
    return (
        _cell(estimates.ips),
        _cell(estimates.self_normalised),
        _cell(estimates.doubly_robust),
    )


def _cell(estimate: Estimate) -> str:
    return f"{float(estimate.value):.4f} ({float(estimate.low):.4f} to {float(estimate.high):.4f})"


def _bounds(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def _health(decisions: int, health: Health) -> str:
    if not decisions:
        return "nothing to look at"
    parts = [f"{health.unanswered / decisions:.0%} without an answer"]
    if health.measured_expired:
        parts.append(f"{health.expired / health.measured_expired:.1%} with expired features")
    if health.measured_time:
        parts.append(
            f"{health.slow / health.measured_time:.1%} slower than {SLOW_MILLISECONDS:g} ms"
        )
    if health.degraded:
        parts.append(f"{health.degraded / decisions:.1%} degraded")
    return ", ".join(parts)


def _weights(policy: PolicyReport) -> str:
    check = policy.check
    return (
        f"weights of {policy.policy}: mean {check.mean_weight:.3f}, largest "
        f"{check.largest_weight:.1f}, effective size {check.effective_size:,.0f}, chosen as it "
        f"would {check.support:,.0f} times, {check.covered:.0%} of what it would choose covered"
    )


def _remarks(told: Report) -> Iterator[str]:
    for policy in told.policies:
        if told.decisions:
            yield _weights(policy)
        for flag in policy.check.flags:
            yield f"! {policy.policy} is not reported: {flag}"
        for lack in policy.check.lacks:
            yield f"{policy.policy}: {lack}"
        if policy.check.is_reported:
            for reason in policy.check_by_person.flags + policy.check_by_person.lacks:
                yield f"{policy.policy} by person: {reason}"
    for each in told.differences:
        yield from (f"{_minus(each)}: {lack}" for lack in each.check.lacks)
        if each.dismissals is not None:
            yield (
                f"dismissed, {_minus(each)}: {_cell(each.dismissals)}, sequence "
                f"{_bounds(each.dismissals_sequence)}"
            )


def _left_out(evaluation: Evaluation) -> Sequence[str]:
    told = (
        (evaluation.young, "decision", "shown less than 24 hours ago"),
        (evaluation.unjudged, "decision", "of another rollout, or not judged by both policies"),
        (evaluation.unmatched, "answer", "to no tip that was shown"),
    )
    return [f"Left out: {counted(number, noun)} {why}." for number, noun, why in told if number]
