"""The categories of many users while their entries are folded: which slot each one has.

A user's names are numbered as they come, so a slot stays where it is; rows list them sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.state import MAX_CATEGORIES, OVERFLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.arrays import Ints
    from oo_transforms.log_columns import LogColumns
    from oo_transforms.version_columns import Names


class CategorySlots:
    """Numbers the categories of a log.

    Args:
        log: The log; its categories are looked at in its order.
        starts: The names that each user begins with, sorted.

    Attributes:
        kept: The name under which each category of the log counts.
        slots: Its slot.
        width: How many slots the user with the most names has.
    """

    def __init__(self, log: LogColumns, starts: Sequence[Names]) -> None:
        self._log = log
        self._names = [dict(zip(start, range(len(start)), strict=True)) for start in starts]
        self._started = np.fromiter(map(len, starts), np.int64, len(starts))
        self.kept: list[str] = []
        slots: list[int] = []
        self._new = np.zeros(len(log.users), dtype=np.int64)
        users = log.users[log.categorised].tolist()
        for at, user, category in zip(log.categorised.tolist(), users, log.categories, strict=True):
            names, name = self._names[user], category
            # The name for the rest is none of them, wherever it comes in another order of entries.
            if name not in names and len(names) - (OVERFLOW in names) >= MAX_CATEGORIES:
                name = OVERFLOW
            if name not in names:
                names[name] = len(names)
                self._new[at] = 1
            slots.append(names[name])
            self.kept.append(name)
        self.slots: Ints = np.array(slots, dtype=np.int64)
        self.width = max(map(len, self._names), default=0)

    def lists(self) -> tuple[list[Names], Ints, Ints]:
        """Sort the names that each entry leaves.

        Returns:
            The distinct lists; the place of each entry's list among them; and the slots of each
            list's names, filled up with slots that the user does not use yet.
        """
        users, counts = self._log.users, self._counts()
        changed = np.ones(len(users), dtype=bool)
        changed[1:] = (users[1:] != users[:-1]) | (counts[1:] != counts[:-1])
        lists: list[Names] = []
        orders = np.tile(np.arange(self.width), (int(changed.sum()), 1))
        for user, count in zip(users[changed].tolist(), counts[changed].tolist(), strict=True):
            names = list(self._names[user])[:count]
            order = sorted(range(count), key=names.__getitem__)
            orders[len(lists), :count] = order
            lists.append(tuple(names[slot] for slot in order))
        return lists, np.cumsum(changed) - 1, orders

    def _counts(self) -> Ints:
        """Return how many names a user has after each entry."""
        entries = self._log.counts
        so_far: Ints = np.cumsum(self._new)
        firsts = (np.cumsum(entries) - entries)[entries > 0]
        before = so_far[firsts] - self._new[firsts]
        own = self._started[entries > 0] - before
        so_far += np.repeat(own, entries[entries > 0])
        return so_far
