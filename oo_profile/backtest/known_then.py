"""What was known of a person at a moment: the project's own folds and features, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from oo_profile.inputs.tasks import DEFAULT_PRIORITY
from oo_transforms.columns import REQUESTED
from oo_transforms.policies import POLICIES
from oo_transforms.state import State
from oo_transforms.views import FEATURE_GROUPS, STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from oo_bandit.arrays import Floats
    from oo_profile.backtest.past_decision import PastDecision, SeenSignal
    from oo_transforms.columns import Inputs, Outputs

WIDEST: Final = POLICIES["bandit_v2"]
_READ: Final = ("task_state", "tip_state")
_VIEWS: Final = tuple(view for view in STATE_VIEWS if view.name in _READ)

Asked: TypeAlias = "tuple[tuple[Callable[[Inputs], Outputs], tuple[str, ...]], ...]"
"""Functions, and which of its features each is asked for."""


def asked_of(features: Container[str]) -> Asked:
    """Find the functions that compute some features."""
    return tuple(
        (compute, names)
        for group, compute in FEATURE_GROUPS
        if (names := tuple(f.name for f in group.features if f.name in features))
    )


_WIDEST_ASKED: Final = asked_of(WIDEST.features)


class KnownThen:
    """Folds one person's signals, in the order in which they counted.

    State is never let expire: decisions follow the signals that lead to them.
    """

    def __init__(self) -> None:
        self._states = {view.name: State(view) for view in _VIEWS}

    def add(self, signals: Iterable[SeenSignal]) -> None:
        """Fold further signals."""
        for time_us, signal in signals:
            for state in self._states.values():
                added = state.view.contribution(signal, time_us)
                if added is None:
                    continue
                if added.category is not None:
                    added = added._replace(category=state.kept_name(added.category))
                state.update(added, time_us, signal.event_id)

    def features(self, asked: Asked, request: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Compute features by the functions that serving runs.

        Args:
            asked: What `asked_of` gave.
            request: Request data, a list each; those of one candidate are lists of one.
        """
        inputs = dict(request) | self._cells()
        found: dict[str, list[Any]] = {}
        for compute, names in asked:
            found |= compute(inputs | {REQUESTED: names})
        return found

    def _cells(self) -> dict[str, list[Any]]:
        cells: dict[str, list[Any]] = {}
        for state in self._states.values():
            for column, cell in zip(state.view.fields(), state.cells(), strict=True):
                value = cell.tolist() if isinstance(cell, np.ndarray) else cell
                cells[f"{state.view.name}__{column.name}"] = [value]
        return cells

    def vectors(self, decision: PastDecision) -> Floats:
        """Lay out the scaled vectors of a decision's candidates, (candidates, 13)."""
        count = len(decision.candidates)
        request: dict[str, list[Any]] = {
            "now": [decision.at_us / 1e6] * count,
            "utc_offset_minutes": [decision.utc_offset_minutes] * count,
            "created_at": [candidate.created_us / 1e6 for candidate in decision.candidates],
            "due_at": [None] * count,
            "priority": [float(DEFAULT_PRIORITY)] * count,
            "category": [candidate.category for candidate in decision.candidates],
        }
        return WIDEST.vectors(self.features(_WIDEST_ASKED, request))
