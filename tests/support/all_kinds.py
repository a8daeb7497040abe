"""Signals of every subject for some users, late ones among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.building import minutes_ago
from support.payloads import TAUGHT_FIELDS
from support.world import SignalData, signal

if TYPE_CHECKING:
    from collections.abc import Sequence


def all_kinds(users: Sequence[str], count: int, first: int = 0) -> list[SignalData]:
    """Make so many signals of every subject for each user, in turns; some come late.

    Args:
        users: For whom.
        count: Turns.
        first: Number of the first turn: others have other event ids.
    """
    return [
        signal(
            subject.removeprefix("signals."),
            user,
            minutes_ago(600 - turn * 7 % 5 * 60 - turn),
            f"{subject}-{turn}",
            **fields,
        )
        for turn in range(first, first + count)
        for user in users
        for subject, fields in TAUGHT_FIELDS.items()
    ]
