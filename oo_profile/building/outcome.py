"""What became of a batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oo_profile.building.newest_states import NewestStates

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Every message is stored, a duplicate, rejected or kept out.

    Attributes:
        stored: Signals stored, by subject.
        duplicates: Messages that were accepted before.
        rejected: Messages rejected, by reason.
        duplicates_of: The duplicates again, by subject.
        rejected_of: The rejected ones again, by subject, which may be any text.
        kept_out: Sequences, in the stream, of messages of forgotten people: never stored.
        newest: What the online store must have: the newest version of every user and view that
            the batch changes, and of every view of a user with a duplicate.
    """

    stored: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    duplicates_of: Counter[str] = field(default_factory=Counter)
    rejected_of: Counter[str] = field(default_factory=Counter)
    kept_out: tuple[int, ...] = ()
    newest: NewestStates = field(default_factory=NewestStates)

    @classmethod
    def of_all(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Return what became of several batches, in their order, as of one."""
        return cls(
            sum((each.stored for each in outcomes), Counter[str]()),
            sum(each.duplicates for each in outcomes),
            sum((each.rejected for each in outcomes), Counter[str]()),
            sum((each.duplicates_of for each in outcomes), Counter[str]()),
            sum((each.rejected_of for each in outcomes), Counter[str]()),
            tuple(sequence for each in outcomes for sequence in each.kept_out),
            NewestStates([part for each in outcomes for part in each.newest.parts]),
        )
