"""What came in each period: the builder's minutes, added up, as series that checks can sum.

A count's name is split at its last bar: `value|signals.mood.logged|score|9` is the leaf `9` of the
group `value|signals.mood.logged|score`. A period is numbered from the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

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
        self._groups: dict[str, dict[str, NDArray[np.int64]]] = {}

    def replace(self, period: int, counts: Mapping[str, int]) -> None:
        """Set all counts of a period; those not named are none."""
        if period < self.first:
            return
        place = period - self.first
        if period < self.end:
            for leaves in self._groups.values():
                for series in leaves.values():
                    if place < len(series):
                        series[place] = 0
        self.end = max(self.end, period + 1)
        for name, number in counts.items():
            self._series(*split(name), place)[place] = number

    def _series(self, group: str, leaf: str, place: int) -> NDArray[np.int64]:
        leaves = self._groups.setdefault(group, {})
        series = leaves.get(leaf)
        if series is None or place >= len(series):
            size = max(_FIRST_SIZE, 1 << place.bit_length())
            grown = np.zeros(size, np.int64)
            if series is not None:
                grown[: len(series)] = series
            series = leaves[leaf] = grown
        return series

    def groups(self, kind: str) -> Iterator[str]:
        """List the groups of a kind, such as `value`."""
        return (group for group in self._groups if group.partition("|")[0] == kind)

    def leaves(self, group: str) -> list[str]:
        """List the leaves of a group; none if there is no such group."""
        return list(self._groups.get(group, {}))

    def sum(self, group: str, leaf: str, start: int, end: int) -> int:
        """Add up a series from a period to before another."""
        series = self._groups.get(group, {}).get(leaf)
        if series is None:
            return 0
        return int(series[max(start - self.first, 0) : max(end - self.first, 0)].sum())

    def sums(self, group: str, start: int, end: int) -> Sums:
        """Add up every series of a group; leaves that come to nothing are left out."""
        first, last = max(start - self.first, 0), max(end - self.first, 0)
        leaves = self._groups.get(group, {})
        return {leaf: total for leaf, s in leaves.items() if (total := int(s[first:last].sum()))}

    def total(self, group: str, start: int, end: int) -> int:
        """Add up a whole group."""
        return sum(self.sums(group, start, end).values())


def split(name: str) -> tuple[str, str]:
    """Part a count's name into its group and its leaf; the leaf may hold bars.

    >>> split("category|signals.task.created|category|a|b")
    ('category|signals.task.created|category', 'a|b')
    >>> split("new_users")
    ('new_users', '')
    """
    words = name.split("|", _ARITY.get(name.partition("|")[0], 1))
    return ("|".join(words[:-1]), words[-1]) if len(words) > 1 else (name, "")
