"""What history knew when decisions were made, from a replay and no table that it would replace."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.storage import noting
from oo_transforms.filling import FILL_SOURCES, features_seen
from oo_transforms.history_many import fold_many
from oo_transforms.log_columns import LogColumns
from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_transforms.history import LogEntry, Version
    from oo_transforms.notes import Asked
    from oo_transforms.state_view import StateView

    _Logs = Mapping[str, Sequence[LogEntry]]


class ReplayedHistory:
    """Answers what history knew, as `noting.SeenHistory` does from the tables.

    Args:
        connection: Where to read what pruning kept of answers.
        users: Whom it may be asked about.
        logs: By view of `FILL_SOURCES` and user, the entries in log order.
        kept: By view and user, the state that stands for pruned signals.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        users: ChosenUsers,
        logs: Mapping[str, _Logs],
        kept: Mapping[str, Mapping[str, Version]],
    ) -> None:
        self._features = noting.kept_features(connection, users)
        self._logs, self._kept = logs, kept

    @cached_property
    def _views(self) -> dict[str, _SeenView]:
        """What was seen, which is folded once somebody asks."""
        return {
            view.name: _SeenView(view, self._logs[view.name], self._kept[view.name])
            for view in FILL_SOURCES
        }

    def __call__(self, asked: Sequence[Asked]) -> list[Mapping[str, float]]:
        """Tell the features of each question."""
        seen = [
            {name: view.at(one.user_id, one.as_of_us) for name, view in self._views.items()}
            for one in asked
        ]
        return [
            self._features.get((one.user_id, one.event_id), features)
            for one, features in zip(asked, features_seen(asked, seen), strict=True)
        ]


class _SeenView:
    """The versions of one view as they were seen."""

    def __init__(self, view: StateView, logs: _Logs, kept: Mapping[str, Version]) -> None:
        self._kept = kept
        user_ids = sorted(logs)
        starts = [[kept[user_id]] if user_id in kept else [] for user_id in user_ids]
        log = LogColumns.of(view, [logs[user_id] for user_id in user_ids])
        # After each entry the state is what was seen from then on, in log order.
        self._seen = fold_many(VersionColumns.of(view, starts), log).versions
        ends = np.cumsum(log.counts)
        spans = zip((ends - log.counts).tolist(), ends.tolist(), strict=True)
        self._spans = dict(zip(user_ids, spans, strict=True))

    def at(self, user_id: str, as_of_us: int) -> Version | None:
        begin, end = self._spans.get(user_id, (0, 0))
        created_us = self._seen.created_us[begin:end]
        row = begin + int(np.searchsorted(created_us, as_of_us, side="right")) - 1
        if row >= begin:
            return self._seen.version(row)
        kept = self._kept.get(user_id)
        return kept if kept is not None and kept.created_us <= as_of_us else None
