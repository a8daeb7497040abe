"""Features of some users of a counted population, computed by the functions that serve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oo_profile.definition.state import TTL_US
from oo_transforms import CLOCK
from oo_transforms.state import State
from oo_transforms.syncs import SOURCE_VIEWS, SYNC_STATE
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from typing import Any

    from oo_transforms.signals import Signal

VIEWS = (*SOURCE_VIEWS.values(), SYNC_STATE)
COLUMNS = {view.name: [f"{view.name}__{f.name}" for f in view.fields()] for view in VIEWS}
READ_BY_REQUEST = {"candidate_features", "match_features"}
GROUPS = [(group, made) for group, made in FEATURE_GROUPS if group.name not in READ_BY_REQUEST]


@dataclass(slots=True)
class FoldedProfiles:
    """States of users.

    Attributes:
        states: By user and view.
    """

    states: dict[tuple[str, str], State] = field(default_factory=dict)

    def copy(self) -> FoldedProfiles:
        """Return states that share no memory with these."""
        return FoldedProfiles({key: state.copy() for key, state in self.states.items()})

    def add(self, signal: Signal, at_us: int) -> None:
        """Fold a signal."""
        for view in VIEWS:
            added = view.contribution(signal, at_us)
            if added is not None:
                key = signal.user_id, view.name
                state = self.states.setdefault(key, State(view))
                state.update(added, at_us, signal.event_id)

    def values(self, now_us: int) -> dict[str, list[Any]]:
        """Return each feature of every user, as serving computes it; none without users."""
        users = list(dict.fromkeys(user for user, _ in self.states))
        if not users:
            return {}
        inputs: dict[str, list[Any]] = dict.fromkeys((f.name for f in CLOCK), [0] * len(users))
        inputs["now"] = [now_us / 1e6] * len(users)
        for view in VIEWS:
            cells = [self._cells(user, view.name, now_us) for user in users]
            nothing = (None,) * len(COLUMNS[view.name])
            columns = zip(*(one or nothing for one in cells), strict=True)
            inputs |= zip(COLUMNS[view.name], map(list, columns), strict=True)
        values: dict[str, list[Any]] = {}
        for _, made in GROUPS:
            values |= made(inputs)
        return values

    def _cells(self, user: str, view: str, now_us: int) -> tuple[Any, ...] | None:
        state, ttl_us = self.states.get((user, view)), TTL_US.get(view)
        if state is None or state.anchor_us is None:
            return None
        return None if ttl_us and now_us - state.anchor_us > ttl_us else state.cells()
