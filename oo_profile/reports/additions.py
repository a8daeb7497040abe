"""What one signal adds to which column of a state view, element by element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_transforms.state import MAX_CATEGORIES, OVERFLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_transforms.signals import Signal
    from oo_transforms.state_view import Contribution, StateView

Element = int | str | None
"""An index of an array, a category, or None for a scalar."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What a signal does to one number of a state.

    Attributes:
        column: The state column.
        element: Which number of it.
        amount: What is added; where a value is kept, the value.
        is_kept: Whether only the latest signal's value stays, instead of a sum.
    """

    column: str
    element: Element
    amount: float
    is_kept: bool


class Additions:
    """Tells the additions of a user's signals, which must be shown to it in log order.

    The order matters for categories: the first so many names are kept, the others are one.

    Args:
        view: The state view that the signals are folded into.
    """

    def __init__(self, view: StateView) -> None:
        self._view = view
        self._kept_names: set[str] = set()
        self._slots: dict[int, tuple[str, Element]] = {}
        for part, (first, end) in zip(view.sums, view.spans, strict=True):
            for slot in range(first, end):
                element = None if part.length == 1 else slot - first
                self._slots[slot] = (view.column(part.name), element)

    def of(self, signal: Signal, event_time_us: int) -> list[Addition]:
        """List what a signal adds; nothing if the view does not fold its subject."""
        added = self._view.contribution(signal, event_time_us)
        if added is None:
            return []
        return [
            Addition(self._view.anchor_field, None, event_time_us / 1e6, is_kept=True),
            *self._last(added),
            *self._sums(added),
            *self._categories(added),
        ]

    def _last(self, added: Contribution) -> Iterator[Addition]:
        if added.last is not None:
            for part, value in zip(self._view.last, added.last, strict=True):
                yield Addition(self._view.column(part.name), None, value, is_kept=True)

    def _sums(self, added: Contribution) -> Iterator[Addition]:
        for slot, weight in added.sums:
            column, element = self._slots[slot]
            if self._view.keeps_maximum:
                yield Addition(column, element, weight / 1e6, is_kept=True)
            else:
                yield Addition(column, element, weight, is_kept=False)

    def _categories(self, added: Contribution) -> Iterator[Addition]:
        if added.category is None:
            return
        name = self._kept_name(added.category)
        for part, weight in zip(self._view.categories, added.category_weights, strict=True):
            if weight:
                yield Addition(self._view.column(part.name), name, weight, is_kept=False)

    def _kept_name(self, category: str) -> str:
        if category not in self._kept_names and len(self._kept_names) >= MAX_CATEGORIES:
            return OVERFLOW
        self._kept_names.add(category)
        return category
