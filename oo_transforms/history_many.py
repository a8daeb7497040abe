"""The state histories of many users in one view at once; each is what `history` says of it.

`history` is the definition, entry by entry; here the entries of all users are added up in
lockstep. The keys are the same, and sums equal to 1e-12 of the sum of their terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.category_slots import CategorySlots
from oo_transforms.lockstep import Steps, left_between, previous, running_maxima, running_sums
from oo_transforms.log_columns import LogColumns
from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.arrays import Floats, Ints
    from oo_transforms.history import LogEntry
    from oo_transforms.state_view import StateView
    from oo_transforms.version_columns import Names


@dataclass(frozen=True, slots=True)
class Seen:
    """What serving sees of a log, entry by entry.

    Attributes:
        versions: The version that each entry writes, in the order of the log.
        late: Which entries have an event time before the anchor that they meet.
        met_us: The anchor that each entry meets; its own event time where there is none.
        kept: The name under which each category of the log counts.
    """

    versions: VersionColumns
    late: Ints
    met_us: Ints
    kept: list[str]


def fold_many(newest: VersionColumns, log: LogColumns) -> Seen:
    """Fold a batch into the newest states of many users, without correcting any history.

    For a user without late entries this is all that `fold` does.

    Args:
        newest: The newest version of each user who has one; `users` numbers those of the log.
        log: What the batch brings.
    """
    view, steps = log.view, Steps(log.counts)
    users = len(log.counts)
    rows = np.full(users, -1)
    rows[newest.users] = np.arange(len(newest))
    own = rows[steps.users]
    events_us = _laid_out(steps, log.event_times_us)
    # Who has no state yet begins at his first event, where nothing has decayed.
    start_us = np.where(own < 0, events_us[: steps.first], _or_zero(newest.event_times_us, own))
    anchors_us = events_us.copy()
    running_maxima(steps, anchors_us, start_us)
    met_us = previous(steps, anchors_us, start_us)
    left = left_between(met_us, anchors_us, view.half_life_us)
    share = left_between(events_us, anchors_us, view.half_life_us)
    categories = CategorySlots(log, _start_names(newest, rows))
    added = _added(log, steps, categories, share)
    start = _start(newest, own, categories.width)
    if view.keeps_maximum:
        running_maxima(steps, added, start)
    else:
        running_sums(steps, added, start, left)
    places = steps.places
    states, met_us = added[places], met_us[places]
    versions = _versions(log, newest, rows, anchors_us[places], states, categories)
    return Seen(versions, np.flatnonzero(log.event_times_us < met_us), met_us, categories.kept)


def replay_many(
    view: StateView,
    logs: Sequence[Sequence[LogEntry]],
    checkpoints: VersionColumns | None = None,
) -> VersionColumns:
    """Compute whole histories from the logs of many users, as `replay` does for one.

    A thousand users or so at a time are best: everything is held in memory at once.

    Args:
        view: The view.
        logs: Each user's entries in log order; a user may have none.
        checkpoints: The states that stand for pruned parts of logs, at most one for each user;
            `users` numbers the logs.

    Returns:
        All rows, ordered by user, event time and created time. `users` numbers the logs; the
        last row of each user is his newest version.
    """
    log = LogColumns.of(view, logs)
    start = VersionColumns.of(view, []) if checkpoints is None else checkpoints
    seen = fold_many(start, log)
    history = start.followed_by(seen.versions) if len(start) else seen.versions
    if len(seen.late):
        history = history.followed_by(_corrected(start, log, seen))
    elif not len(start):
        return history
    return history.take(np.lexsort((history.created_us, history.event_times_us, history.users)))


def _corrected(start: VersionColumns, log: LogColumns, seen: Seen) -> VersionColumns:
    """Compute the versions by which late entries correct what serving had seen.

    They are read off a fold in the order of event times. Of the late entries at or before such a
    time the last one in the log met the latest anchor: if that is not later than the time, none
    is, and nothing there is corrected.
    """
    late_users = np.zeros(len(log.counts), dtype=bool)
    late_users[log.users[seen.late]] = True
    chosen = np.flatnonzero(late_users[log.users])
    by_time = chosen[np.lexsort((log.event_times_us[chosen], log.users[chosen]))]
    truth = fold_many(start, replace(log, categories=seen.kept).take(by_time)).versions
    is_late = np.zeros(len(log.users), dtype=bool)
    is_late[seen.late] = True
    # Entries of one user stand behind those of the one before, so a maximum may run over all.
    last = np.maximum.accumulate(np.where(is_late[by_time], by_time, -1))
    users, times_us = truth.users, truth.event_times_us
    known = (last >= 0) & (log.users[last] == users)
    ends = np.ones(len(by_time), dtype=bool)
    ends[:-1] = (users[1:] != users[:-1]) | (times_us[1:] != times_us[:-1])
    rows = np.flatnonzero(known & ends & (seen.met_us[last] > times_us))
    return replace(truth.take(rows), created_us=log.received_us[last[rows]])


def _laid_out(steps: Steps, values: Ints) -> Ints:
    rows = np.empty_like(values)
    rows[steps.places] = values
    return rows


def _or_zero(values: Ints, rows: Ints) -> Ints:
    return np.where(rows < 0, 0, values[rows]) if len(values) else np.zeros_like(rows)


def _start_names(newest: VersionColumns, rows: Ints) -> list[tuple[str, ...]]:
    """Return the names that each user begins with."""
    if not newest.view.categories:
        return []
    names, at = newest.names, newest.names_at
    return [names[at[row]] if row >= 0 else () for row in rows.tolist()]


def _start(newest: VersionColumns, own: Ints, width: int) -> Floats:
    """Return the sums that users begin with, those by category behind the others."""
    view = newest.view
    start = np.full(
        (len(own), view.size + len(view.categories) * width),
        -np.inf if view.keeps_maximum else 0.0,
    )
    known = np.flatnonzero(own >= 0)
    start[known, : view.size] = newest.sums[own[known]]
    if view.categories:
        weights = newest.weights[own[known]]
        by_category = start[:, view.size :].reshape(len(own), len(view.categories), width)
        # Of wider lists than these the rest is zero.
        shared = min(width, weights.shape[2])
        by_category[known, :, :shared] = weights[:, :, :shared]
        start[:, view.size :] = by_category.reshape(len(own), len(view.categories) * width)
    return start


def _added(
    log: LogColumns, steps: Steps, categories: CategorySlots, share: Floats | None
) -> Floats:
    """Return what each entry adds to the sums of its state, laid out."""
    view, width = log.view, categories.width
    added = np.full(
        (len(log.users), view.size + len(view.categories) * width),
        -np.inf if view.keeps_maximum else 0.0,
    )
    rows = steps.places[log.weighed]
    weights = log.weights if share is None else log.weights * share[rows]
    (np.maximum if view.keeps_maximum else np.add).at(added, (rows, log.slots), weights)
    if len(log.every_slot_of):
        rows = steps.places[log.every_slot_of]
        left = 1.0 if share is None else share[rows, np.newaxis]
        added[rows, : view.size] += log.every_slot * left
    rows = steps.places[log.categorised]
    for number in range(len(view.categories)):
        weights = log.category_weights[:, number]
        slots = view.size + number * width + categories.slots
        added[rows, slots] += weights if share is None else weights * share[rows]
    return added


def _versions(  # noqa: PLR0913, PLR0917 - the parts of a version
    log: LogColumns,
    newest: VersionColumns,
    rows: Ints,
    anchors_us: Ints,
    states: Floats,
    categories: CategorySlots,
) -> VersionColumns:
    view = log.view
    names: list[Names] = []
    names_at = np.zeros(0, dtype=np.int64)
    weights = np.zeros((0, len(view.categories), 0))
    if view.categories:
        names, names_at, orders = categories.lists()
        by_slot = states[:, view.size :].reshape(
            len(states), len(view.categories), categories.width
        )
        weights = np.take_along_axis(by_slot, orders[names_at][:, np.newaxis], axis=2)
    last_ids, last = _latest(log, newest, rows, anchors_us)
    return VersionColumns(
        view,
        log.users,
        anchors_us,
        log.received_us,
        states[:, : view.size],
        last_ids,
        last,
        names,
        names_at,
        weights,
    )


def _latest(
    log: LogColumns, newest: VersionColumns, rows: Ints, anchors_us: Ints
) -> tuple[list[str], Floats]:
    """Find the latest values that each entry leaves: of one event time those of the greatest id."""
    if not log.view.last:
        return [], np.zeros((len(log.users), 0))
    ids = [*log.event_ids, *newest.last_ids]
    values = np.concatenate((log.last, newest.last))
    starts = np.where(rows < 0, -1, rows + len(log.event_ids)).tolist()
    start_us = _or_zero(newest.event_times_us, rows).tolist()
    chosen: list[int] = []
    user = best = best_us = -1
    times = zip(log.users.tolist(), log.event_times_us.tolist(), anchors_us.tolist(), strict=True)
    for at, (own, event_us, anchor_us) in enumerate(times):
        if own != user:
            user, best, best_us = own, starts[own], start_us[own]
        if event_us == anchor_us and (best < 0 or event_us > best_us or ids[at] > ids[best]):
            best, best_us = at, event_us
        chosen.append(best)
    return [ids[at] for at in chosen], values[chosen]
