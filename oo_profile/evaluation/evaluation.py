"""The log of decisions read once, person by person, and added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import Tally
from oo_bandit.sums import Sums
from oo_profile.evaluation.batches import GROUPS, batch_of
from oo_profile.evaluation.decided import ANSWERED_WITHIN, join
from oo_profile.storage.user_ranges import user_ranges
from oo_transforms.clock import to_micros
from oo_transforms.signals import TipFeedback, TipShown, redecode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from oo_profile.evaluation.batches import Batch
    from oo_profile.evaluation.decided import Decided, Joined

DECISIONS_AT_ONCE: Final = 20_000
"""Added up together: some tens of MB, however long the log is."""

_SELECT = """
    SELECT user_id, subject, payload, occurred_at FROM signals
    WHERE user_id BETWEEN ? AND ? AND subject IN (?, ?) ORDER BY user_id, received_at
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Which decisions are asked about.

    Attributes:
        live: The policy that others are compared with.
        new: The one that is to take its place.
        now: Decisions count that were shown 24 hours before.
        since: Only decisions shown at or after this; None: from the beginning of the log.
    """

    live: str
    new: str
    now: datetime
    since: datetime | None = None

    @property
    def policies(self) -> tuple[str, str]:
        """Names of both, the live one first."""
        return self.live, self.new

    @property
    def until_us(self) -> int:
        """Decisions shown by then count, microseconds, inclusive."""
        return to_micros(self.now - ANSWERED_WITHIN)


@dataclass(slots=True)
class Evaluation:
    """What was added up.

    Attributes:
        question: What was asked.
        tallies: By the names of `GROUPS`.
        days: Sums by decision of each day that has any, days since 1970 UTC; of all decisions.
        young: Decisions that are not old enough.
        unjudged: Decisions that do not tell what both policies thought.
        unmatched: Answers that fit no tip that was shown.
    """

    question: Question
    tallies: dict[str, Tally]
    days: dict[int, Sums] = field(default_factory=dict)
    young: int = 0
    unjudged: int = 0
    unmatched: int = 0


def evaluate(
    connection: sqlite3.Connection,
    question: Question,
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> Evaluation:
    """Read all decisions and add them up; memory does not grow with the log.

    Decisions that were pruned are not there any more. People are read one after another, each
    whole.

    Args:
        connection: Reads what is committed; need not be in a transaction.
        question: Which decisions.
        progress: Called with how many decisions more are added up.
    """
    empty = Tally.empty(question.policies)
    found = Evaluation(question, dict.fromkeys(GROUPS, empty))
    people: list[Sequence[Decided]] = []
    waiting = 0
    for joined in _people(connection, question.until_us):
        found.young += joined.young
        found.unmatched += joined.unmatched
        decided = _asked(joined.decided, found)
        if decided:
            people.append(decided)
            waiting += len(decided)
        if waiting >= DECISIONS_AT_ONCE:
            _add(found, people)
            progress(waiting)
            people, waiting = [], 0
    if people:
        _add(found, people)
        progress(waiting)
    return found


def _people(connection: sqlite3.Connection, until_us: int) -> Iterator[Joined]:
    subjects = (TipShown.subject, TipFeedback.subject)
    for users in user_ranges(connection):
        rows = connection.execute(_SELECT, (*users.arguments, *subjects))
        for _, own in groupby(rows, key=itemgetter(0)):
            yield join(
                ((redecode(subject, payload), event_us) for _, subject, payload, event_us in own),
                until_us,
            )


def _asked(decided: Sequence[Decided], found: Evaluation) -> list[Decided]:
    """Keep the decisions that are asked about, and that judge both policies."""
    question = found.question
    since_us = 0 if question.since is None else to_micros(question.since)
    kept = []
    for one in decided:
        if one.shown_us < since_us:
            continue
        # Of an earlier rollout, stage and coin are about other policies.
        if one.decision.live == question.live and question.new in one.decision.policies:
            kept.append(one)
        else:
            found.unjudged += 1
    return kept


def _add(found: Evaluation, people: Sequence[Sequence[Decided]]) -> None:
    batch = batch_of(people, found.question.policies)
    for name, members in GROUPS.items():
        rows = members(batch)
        if rows.any():
            found.tallies[name] += batch.tally(rows)
    _add_days(found.days, batch)


def _add_days(days: dict[int, Sums], batch: Batch) -> None:
    terms = batch.logged.terms()
    order = np.argsort(batch.day, kind="stable")
    present, begins = np.unique(batch.day[order], return_index=True)
    for day, rows in zip(present.tolist(), np.split(order, begins[1:]), strict=True):
        sums = Sums.of(terms[rows])
        days[day] = days[day] + sums if day in days else sums
