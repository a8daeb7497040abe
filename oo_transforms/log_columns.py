"""Many users' logs of one view as columns: what the kernels over many users take."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.arrays import Floats, Ints
    from oo_transforms.history import LogEntry
    from oo_transforms.state_view import StateView


@dataclass(frozen=True, slots=True)
class LogColumns:
    """The entries of many users, one user's behind another's, each in log order.

    Attributes:
        view: The view that they change.
        counts: How many entries each user has, which may be none.
        users: Of each entry, the place of its user.
        event_times_us: Of each entry, microseconds.
        received_us: Of each entry, microseconds.
        event_ids: Of each entry; empty if the view keeps no latest values.
        last: The latest values that each entry brings, (entries, values).
        weighed: The entry of each weight that is added to a sum.
        slots: The slot of each such weight.
        weights: These weights.
        every_slot_of: The entries that have a weight for every slot, ascending.
        every_slot: These weights, (these entries, slots).
        categorised: The entries that count for a category, ascending.
        categories: The category of each of these.
        category_weights: What it gains, (these entries, category sums).
    """

    view: StateView
    counts: Ints
    users: Ints
    event_times_us: Ints
    received_us: Ints
    event_ids: list[str]
    last: Floats
    weighed: Ints
    slots: Ints
    weights: Floats
    every_slot_of: Ints
    every_slot: Floats
    categorised: Ints
    categories: list[str]
    category_weights: Floats

    @classmethod
    def of(cls, view: StateView, logs: Sequence[Sequence[LogEntry]]) -> LogColumns:
        """Take apart the entries of some users, each user's in log order."""
        entries = list(chain.from_iterable(logs))
        counts = np.fromiter(map(len, logs), np.int64, len(logs))
        added = [entry.contribution for entry in entries]
        sums = [contribution.sums for contribution in added]
        pairs = np.array(list(chain.from_iterable(sums)), dtype=float).reshape(-1, 2)
        whole = [at for at, own in enumerate(added) if own.every_slot is not None]
        categorised = [at for at, own in enumerate(added) if own.category is not None]
        category_weights = [added[at].category_weights for at in categorised]
        return cls(
            view,
            counts,
            np.repeat(np.arange(len(logs)), counts),
            np.array([entry.event_time_us for entry in entries], dtype=np.int64),
            np.array([entry.received_us for entry in entries], dtype=np.int64),
            [entry.event_id for entry in entries] if view.last else [],
            _table([own.last or () for own in added], len(view.last)),
            np.repeat(np.arange(len(entries)), np.fromiter(map(len, sums), np.int64, len(sums))),
            pairs[:, 0].astype(np.int64),
            pairs[:, 1],
            np.array(whole, dtype=np.int64),
            _table([added[at].every_slot for at in whole], view.size),
            np.array(categorised, dtype=np.int64),
            [added[at].category or "" for at in categorised],
            _table(category_weights, len(view.categories)),
        )

    def take(self, entries: Ints) -> LogColumns:
        """Return some entries, in another order if need be; those of a user stay together."""
        places = np.full(len(self.users), -1)
        places[entries] = np.arange(len(entries))
        weighed, categorised = places[self.weighed], places[self.categorised]
        added, counted = np.flatnonzero(weighed >= 0), _in_order(categorised)
        whole = places[self.every_slot_of]
        wholes = _in_order(whole)
        return LogColumns(
            self.view,
            np.bincount(self.users[entries], minlength=len(self.counts)),
            self.users[entries],
            self.event_times_us[entries],
            self.received_us[entries],
            [self.event_ids[entry] for entry in entries.tolist()] if self.event_ids else [],
            self.last[entries],
            weighed[added],
            self.slots[added],
            self.weights[added],
            whole[wholes],
            self.every_slot[wholes],
            categorised[counted],
            [self.categories[at] for at in counted.tolist()],
            self.category_weights[counted],
        )


def _in_order(places: Ints) -> Ints:
    """Order what has a place by it; what has none, -1, is left out."""
    order = np.argsort(places, kind="stable")
    return order[np.count_nonzero(places < 0) :]


def _table(rows: Sequence[Any], width: int) -> Floats:
    return np.array(rows, dtype=float).reshape(-1, width) if width else np.zeros((len(rows), 0))
