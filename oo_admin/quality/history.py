"""What came in each period: the builder's minutes, added up, as series that checks can sum.

A count's name is split at its last bar: `value|signals.mood.logged|score|9` is the leaf `9` of the
group `value|signals.mood.logged|score`. A period is numbered from the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Sums: TypeAlias = "dict[str, int]"
"""Counts of a window, by leaf."""

_ARITY: Final = {"value": 3, "category": 3, "late": 2, "rejected": 2, "null": 2}
_FIRST_SIZE: Final = 256


class History:
    """Counts by period.

    Args:
        first: The first period that is kept; what is older is passed over.

    Attributes:
        first: The same.
        end: The period after the newest one that anything was said of.
    """

    def __init__(self, first: int) -> None:
        self.first = self.end = first
        self._groups: dict[str, _Group] = {}

    def replace(self, period: int, counts: Mapping[str, int]) -> None:
        """Set all counts of a period; those not named are none."""
        if period < self.first:
            return
        place = period - self.first
        if period < self.end:
            for group in self._groups.values():
                group.clear(place)
        self.end = max(self.end, period + 1)
        for name, number in counts.items():
            key, leaf = split(name)
            if key not in self._groups:
                self._groups[key] = _Group()
            self._groups[key].set(leaf, place, number)

    def groups(self, kind: str) -> Iterator[str]:
        """List the groups of a kind, such as `value`."""
        return (group for group in self._groups if group.partition("|")[0] == kind)

    def sum(self, group: str, leaf: str, start: int, end: int) -> int:
        """Add up a series from a period to before another."""
        known = self._groups.get(group)
        return 0 if known is None else known.sum(leaf, *self._places(start, end))

    def sums(self, group: str, start: int, end: int) -> Sums:
        """Add up every series of a group; leaves that come to nothing are left out."""
        known = self._groups.get(group)
        return {} if known is None else known.sums(*self._places(start, end))

    def _places(self, start: int, end: int) -> tuple[int, int]:
        return max(start - self.first, 0), max(end - self.first, 0)


class _Group:
    """The series of one group, a row each, so that all are added up at once."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._counts = np.zeros((1, _FIRST_SIZE), np.int64)

    def clear(self, place: int) -> None:
        if place < self._counts.shape[1]:
            self._counts[:, place] = 0

    def set(self, leaf: str, place: int, number: int) -> None:
        row = self._rows.setdefault(leaf, len(self._rows))
        rows, size = self._counts.shape
        if row >= rows or place >= size:
            grown = np.zeros(
                (max(rows, 1 << row.bit_length()), max(size, 1 << place.bit_length())), np.int64
            )
            grown[:rows, :size] = self._counts
            self._counts = grown
        self._counts[row, place] = number

    def sum(self, leaf: str, first: int, end: int) -> int:
        row = self._rows.get(leaf)
        return 0 if row is None else int(self._counts[row, first:end].sum())

    def sums(self, first: int, end: int) -> Sums:
        totals = self._counts[:, first:end].sum(axis=1).tolist()
        return {leaf: total for leaf, row in self._rows.items() if (total := totals[row])}


def split(name: str) -> tuple[str, str]:
    """Part a count's name into its group and its leaf; the leaf may hold bars.

    >>> split("category|signals.task.created|category|a|b")
    ('category|signals.task.created|category', 'a|b')
    >>> split("new_users")
    ('new_users', '')
    """
    words = name.split("|", _ARITY.get(name.partition("|")[0], 1))
    return ("|".join(words[:-1]), words[-1]) if len(words) > 1 else (name, "")
