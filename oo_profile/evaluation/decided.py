"""Decisions of one person joined with what came of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from oo_transforms.clock import to_micros
from oo_transforms.policies import REWARDS
from oo_transforms.signals import TipFeedback, TipShown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oo_transforms.decisions import Decision
    from oo_transforms.signals import Signal

ANSWERED_WITHIN: Final = timedelta(hours=24)
"""An answer counts for the decision if it is given so soon; only older decisions are evaluated, so
that no later look finds another reward than an earlier one, unless an answer was held up."""

_WINDOW_US: Final = ANSWERED_WITHIN // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and what came of it.

    Attributes:
        decision: As it was logged.
        shown_us: Event time of the tip shown, microseconds.
        action: The answer that counts; None: there was none in time.
    """

    decision: Decision
    shown_us: int
    action: str | None

    @property
    def reward(self) -> float:
        """What it was worth; without an answer 0."""
        return 0.0 if self.action is None else REWARDS[self.action]


@dataclass(frozen=True, slots=True)
class Joined:
    """What was found of one person.

    Attributes:
        decided: The decisions that are old enough, in the order in which they were shown.
        young: How many are not.
        unmatched: How many answers fit no tip that was shown.
    """

    decided: Sequence[Decided]
    young: int
    unmatched: int


def join(signals: Iterable[tuple[Signal, int]], until_us: int) -> Joined:
    """Join what was shown to one person with his answers.

    An answer is to the tip shown that its echo names, else to the latest one of this tip before
    it. Of several answers in time the first in log order counts that is worth something, as it
    does for what policies learn (`oo_transforms.notes`); without one the first.

    Args:
        signals: Shown and feedback in log order, each with its event time in microseconds.
        until_us: Decisions shown by then are old enough, microseconds.
    """
    shown: list[tuple[TipShown, int]] = []
    answers: list[tuple[TipFeedback, int]] = []
    for signal, event_us in signals:
        if isinstance(signal, TipShown):
            shown.append((signal, event_us))
        elif isinstance(signal, TipFeedback):
            answers.append((signal, event_us))
    shown.sort(key=lambda one: one[1])
    counting, unmatched = _counting(shown, answers)
    decisions = [
        Decided(tip.decision, shown_us, counting.get(place))
        for place, (tip, shown_us) in enumerate(shown)
        if tip.decision is not None
    ]
    decided = [one for one in decisions if one.shown_us <= until_us]
    return Joined(decided, len(decisions) - len(decided), unmatched)


def _counting(
    shown: Sequence[tuple[TipShown, int]], answers: Sequence[tuple[TipFeedback, int]]
) -> tuple[dict[int, str], int]:
    """Return the answer that counts by the place of what was shown, and how many fit none."""
    places = _Places(shown)
    counting: dict[int, str] = {}
    unmatched = 0
    for answer, answered_us in answers:
        place = places.of(answer, answered_us)
        if place is None:
            unmatched += 1
        elif answered_us <= shown[place][1] + _WINDOW_US and (
            place not in counting or (REWARDS[answer.action] and not REWARDS[counting[place]])
        ):
            counting[place] = answer.action
    return counting, unmatched


class _Places:
    """Finds what an answer is to."""

    def __init__(self, shown: Sequence[tuple[TipShown, int]]) -> None:
        self._exact: dict[tuple[str, int], int] = {}
        self._of_tip: dict[str, list[tuple[int, int]]] = {}
        for place, (tip, shown_us) in enumerate(shown):
            # By the producer's clock, which the echo repeats; event times may be cut off.
            self._exact[tip.tip_id, to_micros(tip.occurred_at)] = place
            self._of_tip.setdefault(tip.tip_id, []).append((shown_us, place))

    def of(self, answer: TipFeedback, answered_us: int) -> int | None:
        echo = answer.decision
        if echo is not None:
            exact = self._exact.get((answer.tip_id, round(echo.shown_at * 1e6)))
            if exact is not None:
                return exact
        of_tip = self._of_tip.get(answer.tip_id, [])
        before = bisect_right(of_tip, (answered_us, len(self._exact)))
        return of_tip[before - 1][1] if before else None
