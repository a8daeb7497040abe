"""Versions of many users in one view as columns: what tables are read into and written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from oo_transforms.history import Version
from oo_transforms.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.arrays import Floats, Ints
    from oo_transforms.state_view import StateView

Names: TypeAlias = tuple[str, ...]
"""The categories of a version, sorted."""


@dataclass(frozen=True, slots=True)
class VersionColumns:
    """Versions of one view, whoever's they are, one a row.

    Attributes:
        view: The view.
        users: Of each row, the place of its user in a list that the caller has.
        event_times_us: Of each row; the anchor of its state as well.
        created_us: Of each row.
        sums: The sums of each row, (rows, slots).
        last_ids: The event id of each row's latest values; empty if the view keeps none.
        last: The latest values of each row, (rows, values).
        names: Lists of categories, each of them once for neighbours that share it.
        names_at: Of each row, the place of its list in `names`; empty if there are no categories.
        weights: Sums by category, (rows, category sums, names); zero behind a row's last name.
    """

    view: StateView
    users: Ints
    event_times_us: Ints
    created_us: Ints
    sums: Floats
    last_ids: list[str]
    last: Floats
    names: list[Names]
    names_at: Ints
    weights: Floats

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.users)

    @classmethod
    def of(cls, view: StateView, histories: Sequence[Sequence[Version]]) -> VersionColumns:
        """Put the versions of some users together, row by row as they are listed."""
        rows = [(user, version) for user, own in enumerate(histories) for version in own]
        states = [State.from_cells(view, version.cells) for _, version in rows]
        names = [tuple(state.names) for state in states] if view.categories else []
        longest = max(map(len, names), default=0)
        weights = np.zeros((len(names), len(view.categories), longest))
        for row, state in enumerate(states if names else ()):
            weights[row, :, : len(state.names)] = state.weights
        last = [state.last or ("", ()) for state in states] if view.last else []
        return cls(
            view,
            np.array([user for user, _ in rows], dtype=np.int64),
            np.array([version.event_time_us for _, version in rows], dtype=np.int64),
            np.array([version.created_us for _, version in rows], dtype=np.int64),
            np.array([state.sums for state in states]).reshape(len(rows), view.size),
            [event_id for event_id, _ in last],
            np.array([values for _, values in last]).reshape(len(rows), len(view.last)),
            names,
            np.arange(len(names)),
            weights,
        )

    def take(self, rows: Ints) -> VersionColumns:
        """Return some rows, in the order in which they are asked for."""
        return VersionColumns(
            self.view,
            self.users[rows],
            self.event_times_us[rows],
            self.created_us[rows],
            self.sums[rows],
            [self.last_ids[row] for row in rows.tolist()] if self.last_ids else [],
            self.last[rows],
            self.names,
            self.names_at[rows] if self.view.categories else self.names_at,
            self.weights[rows] if self.view.categories else self.weights,
        )

    def followed_by(self, other: VersionColumns) -> VersionColumns:
        """Return these rows and then those of another one of the same view and users."""
        width = max(self.weights.shape[2], other.weights.shape[2])
        return VersionColumns(
            self.view,
            np.concatenate((self.users, other.users)),
            np.concatenate((self.event_times_us, other.event_times_us)),
            np.concatenate((self.created_us, other.created_us)),
            np.concatenate((self.sums, other.sums)),
            [*self.last_ids, *other.last_ids],
            np.concatenate((self.last, other.last)),
            [*self.names, *other.names],
            np.concatenate((self.names_at, other.names_at + len(self.names))),
            np.concatenate((_widened(self.weights, width), _widened(other.weights, width))),
        )

    def state(self, row: int) -> State:
        """Return the state of a row; it shares no memory with the columns."""
        state = State(self.view)
        state.anchor_us = int(self.event_times_us[row])
        state.sums = self.sums[row].copy()
        if self.view.last:
            values = cast("list[float]", self.last[row].tolist())
            state.last = (self.last_ids[row], tuple(values))
        if self.view.categories:
            state.names = list(self.names[self.names_at[row]])
            state.weights = self.weights[row, :, : len(state.names)].copy()
        return state

    def version(self, row: int) -> Version:
        """Return a row as a version of its own."""
        event_time_us, created_us = int(self.event_times_us[row]), int(self.created_us[row])
        return Version(event_time_us, created_us, self.state(row).cells())


def _widened(weights: Floats, width: int) -> Floats:
    return np.pad(weights, ((0, 0), (0, 0), (0, width - weights.shape[2])))
