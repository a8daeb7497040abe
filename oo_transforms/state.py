"""State of one user in one view: sums under one anchor, categories, and latest values.

Adding and merging are commutative and associative up to rounding, so a state depends on which
signals are in it and not on the way they came.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from oo_transforms.clock import seconds_to_micros
from oo_transforms.decayed import decay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_transforms.arrays import Floats
    from oo_transforms.state_view import Contribution, StateView

MAX_CATEGORIES = 128
"""Names of a user's view that are kept: the first in log order."""

OVERFLOW = ""
"""Name under which all further categories count; no signal can carry it."""

Cell: TypeAlias = "float | str | list[str] | Floats | None"
"""A value of a state column: a number, a text, names, an array of Float64, or null."""


class State:
    """What a view holds for one user.

    Attributes:
        view: The declaration.
        anchor_us: Newest event time, microseconds; None if nothing was added yet.
        sums: All sums of the view in one array, read at the anchor; `slots` numbers them.
        names: Kept categories, sorted.
        weights: Sums by category, (category sums, names), read at the anchor.
        last: Event id and values of the latest signal, if the view keeps them.
    """

    __slots__ = ("anchor_us", "last", "names", "sums", "view", "weights")

    def __init__(self, view: StateView) -> None:
        self.view = view
        self.anchor_us: int | None = None
        self.last: tuple[str, tuple[float, ...]] | None = None
        self.sums: Floats = np.full(view.size, -np.inf if view.keeps_maximum else 0.0)
        self.names: list[str] = []
        self.weights: Floats = np.zeros((len(view.categories), 0))

    def kept_name(self, category: str) -> str:
        """Say under which name a category counts, given those that were kept so far.

        The first `MAX_CATEGORIES` names in log order are kept, so this must be asked in log
        order, of the state that has all names so far.
        """
        kept = category in self.names or len(self.names) < MAX_CATEGORIES
        return category if kept else OVERFLOW

    def update(self, added: Contribution, event_time_us: int, event_id: str) -> None:
        """Add what one signal brings, in any order of event times.

        Args:
            added: The contribution; its category is a kept name.
            event_time_us: Event time, microseconds.
            event_id: Decides which latest value stays at one event time.
        """
        factor = self._advance(event_time_us)
        sums = self.sums
        if self.view.keeps_maximum:
            for slot, weight in added.sums:
                sums[slot] = max(sums[slot], weight)
        else:
            for slot, weight in added.sums:
                sums[slot] += weight * factor
            if added.every_slot is not None:
                sums += added.every_slot * factor
        if added.category is not None:
            at = self._index(added.category)
            for row, weight in enumerate(added.category_weights):
                self.weights[row, at] += weight * factor
        if added.last is not None:
            self._keep_last((event_id, added.last), event_time_us)

    def merge(self, other: State) -> None:
        """Add another state of the same view; the other stays as it is."""
        if other.anchor_us is None:
            return
        factor = self._advance(other.anchor_us)
        if self.view.keeps_maximum:
            np.maximum(self.sums, other.sums, out=self.sums)
        else:
            self.sums += other.sums * factor
        for name, weights in zip(other.names, other.weights.T, strict=True):
            at = self._index(name)
            self.weights[:, at] += weights * factor
        if other.last is not None:
            self._keep_last(other.last, other.anchor_us)

    def copy(self) -> State:
        """Return a state that shares no memory with this one."""
        copied = State.__new__(State)
        copied.view, copied.anchor_us, copied.last = self.view, self.anchor_us, self.last
        copied.sums, copied.weights = self.sums.copy(), self.weights.copy()
        copied.names = self.names.copy()
        return copied

    def cells(self) -> tuple[Cell, ...]:
        """Return the columns' values in the order of the view's fields, as a snapshot.

        Nothing in it shares memory with the state. An empty state has only nulls and zeros.
        """
        cells: list[Cell] = [None if self.anchor_us is None else self.anchor_us / 1e6]
        if self.view.last:
            event_id, values = self.last or (None, (None,) * len(self.view.last))
            cells += [event_id, *values]
        if self.view.keeps_maximum:
            cells += [at / 1e6 if at > -np.inf else None for at in self.sums.tolist()]
        else:
            cells += self._sum_cells()
        if self.view.categories:
            cells.append(self.names.copy())
            cells += [weights.copy() for weights in self.weights]
        return tuple(cells)

    @classmethod
    def from_cells(cls, view: StateView, cells: Sequence[Cell]) -> State:
        """Bring a state back from the snapshot that `cells` made; shares no memory with it."""
        state = cls(view)
        values = iter(cells)
        anchor = next(values)
        if anchor is None:
            return state
        state.anchor_us = seconds_to_micros(cast("float", anchor))
        if view.last:
            event_id = next(values)
            last = tuple(next(values) for _ in view.last)
            state.last = cast("tuple[str, tuple[float, ...]]", (event_id, last))
        state._read_sums(values)
        if view.categories:
            state.names = cast("list[str]", next(values)).copy()
            state.weights = np.array(list(values), dtype=float)
        return state

    def _advance(self, event_time_us: int) -> float:
        """Move the anchor to an event time if that is later; return what enters of a weight."""
        anchor, half_life_us = self.anchor_us, self.view.half_life_us
        if anchor is None:
            self.anchor_us = event_time_us
            return 1.0
        if event_time_us <= anchor:
            return decay(anchor - event_time_us, half_life_us)
        if half_life_us:
            factor = decay(event_time_us - anchor, half_life_us)
            self.sums *= factor
            self.weights *= factor
        self.anchor_us = event_time_us
        self.last = None
        return 1.0

    def _index(self, name: str) -> int:
        """Return where a category's weights are; makes room for them if it is new."""
        at = bisect_left(self.names, name)
        if at == len(self.names) or self.names[at] != name:
            self.names.insert(at, name)
            self.weights = np.insert(self.weights, at, 0.0, axis=1)
        return at

    def _keep_last(self, last: tuple[str, tuple[float, ...]], event_time_us: int) -> None:
        # Code points sort as their UTF-8 bytes do, so ids are compared as they are.
        newest = event_time_us == self.anchor_us
        if newest and (self.last is None or last[0] > self.last[0]):
            self.last = last

    def _sum_cells(self) -> Iterator[Cell]:
        for first, end in self.view.spans:
            single = end - first == 1
            yield self.sums.item(first) if single else self.sums[first:end].copy()

    def _read_sums(self, cells: Iterator[Cell]) -> None:
        for first, end in self.view.spans:
            cell = next(cells)
            if self.view.keeps_maximum:
                cell = -np.inf if cell is None else float(seconds_to_micros(cast("float", cell)))
            if end - first == 1:
                self.sums[first] = cell
            else:
                self.sums[first:end] = cell
