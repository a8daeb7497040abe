"""What a signal's place in the log says of it, beside what the signal says itself.

Two things cannot be read off a decision or its echo alone: which of several answers to a tip
counts, and what history knew of a feature that the policy of that day did not take. Both follow
from the log up to the signal. Whoever weighs signals for a view that learns makes their notes
first, in log order, with `notes_of`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from oo_transforms.clock import seconds_to_micros
from oo_transforms.policies import POLICIES, REWARDS
from oo_transforms.signals import LearnedImported, TipFeedback, TipShown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from oo_transforms.signals import Signal

Answers: TypeAlias = "dict[tuple[str, str], str]"
"""By user and tip, the event id of the answer that counts."""

_TAKEN = frozenset(name for policy in POLICIES.values() for name in policy.features)
"""A decision that has all of these lacks nothing that a policy takes."""

_EMPTY: Mapping[str, float] = MappingProxyType({})


class Note(NamedTuple):
    """What the log before a signal says of it.

    Attributes:
        counts: Whether this is the answer to its tip that counts.
        history: Features as history knew them at the decision, by name.
    """

    counts: bool = False
    history: Mapping[str, float] = _EMPTY


NOTHING = Note()


class Asked(NamedTuple):
    """A question to history: what it knew when a decision was made.

    Attributes:
        user_id: Whom it is about.
        event_id: The signal that bears the decision or its echo.
        as_of_us: Only versions created by then are looked at, microseconds; always before the
            signal itself, so that the log up to it has the answer.
        now_us: The decision's `now`, microseconds.
        utc_offset_minutes: The user's own clock.
        category: Of what was chosen.
    """

    user_id: str
    event_id: str
    as_of_us: int
    now_us: int
    utc_offset_minutes: int
    category: str


TEACHERS: tuple[type[Signal], ...] = (TipShown, TipFeedback, LearnedImported)
"""No other signal teaches."""


def teaches(signal: Signal) -> bool:
    """Say whether a view that learns may gain anything from a signal."""
    if isinstance(signal, (TipShown, TipFeedback)):
        return signal.decision is not None
    return isinstance(signal, LearnedImported)


def worthwhile(signal: Signal) -> TipFeedback | None:
    """Return an answer that brings its decision a reward; None if the signal is none."""
    if not isinstance(signal, TipFeedback) or signal.decision is None:
        return None
    return signal if REWARDS[signal.action] else None


def notes_of(
    signals: Iterable[tuple[Signal, int]],
    answers: Answers,
    history: Callable[[Sequence[Asked]], Sequence[Mapping[str, float]]] | None = None,
) -> list[Note]:
    """Make the notes of some signals.

    Of the answers to a tip the first one in log order counts that is worth something and bears the
    echo of its decision: `done`, as rewards are.

    Args:
        signals: Each with its received time, microseconds; each user's in log order.
        answers: Those that are known to count; those that are found are added. A signal that is
            among them already counts again, so stored ones may be asked about.
        history: Answers questions, one for each signal that bears a decision, counts, and lacks a
            feature that a policy takes; None: no view wants to know.
    """
    found, asked, places = [], [], []
    for place, (signal, received_us) in enumerate(signals):
        answer = worthwhile(signal)
        counts = answer is not None and _counts(answer, answers)
        found.append(Note(counts=counts) if counts else NOTHING)
        question = None if history is None else _question(signal, received_us, counts=counts)
        if question is not None:
            asked.append(question)
            places.append(place)
    if history is not None and asked:
        for place, known in zip(places, history(asked), strict=True):
            found[place] = found[place]._replace(history=known)
    return found


def _counts(answer: TipFeedback, answers: Answers) -> bool:
    tip = (answer.user_id, answer.tip_id)
    return answers.setdefault(tip, answer.event_id) == answer.event_id


def _question(signal: Signal, received_us: int, *, counts: bool) -> Asked | None:
    if not isinstance(signal, (TipShown, TipFeedback)) or signal.decision is None:
        return None
    if signal.decision.features.keys() >= _TAKEN:
        return None
    if isinstance(signal, TipShown):
        now = signal.decision.now
    elif counts:
        now = signal.decision.shown_at
    else:
        return None
    now_us = seconds_to_micros(now)
    return Asked(
        signal.user_id,
        signal.event_id,
        min(now_us, received_us - 1),
        now_us,
        signal.utc_offset_minutes or 0,
        signal.category,
    )
