"""The state history of one user in one view: a pure function of the signal log.

A signal writes a version at its own event time and at every later event time of the view,
created at its received time. Of the versions of one event time these stay:

- *as seen*: those written while it was the view's newest event time, which is what serving saw;
- *corrected*: the newest, if signals came late, which is what is true.

So a view keeps at most two rows a signal, however late signals come. `fold` takes the log in
batches cut anywhere; one batch of everything is the replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from oo_transforms.state import Cell, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from oo_transforms.state_view import Contribution, StateView


class LogEntry(Struct, frozen=True, gc=False):
    """One signal of a view, as the history needs it; a struct, since millions are made.

    Attributes:
        event_time_us: Event time, microseconds; never later than the received time.
        received_us: Received time, microseconds; greater for every further entry of a user.
        event_id: Idempotency key.
        contribution: What it adds.
    """

    event_time_us: int
    received_us: int
    event_id: str
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class Version:
    """One row of a history: its key and the state's columns."""

    event_time_us: int
    created_us: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch does to a history.

    Attributes:
        newest: The state after the batch; shares no memory with what was passed.
        newest_version: The same as a row, which is what serving must have.
        written: Versions to insert, as seen in log order, then corrected by event time.
        replaced: Keys (event time, created time) of corrected versions to delete first.
        behind_from_us: The event time from which the history is left to be corrected later; None
            if it is all true.
    """

    newest: State
    newest_version: Version
    written: tuple[Version, ...]
    replaced: tuple[tuple[int, int], ...]
    behind_from_us: int | None = None


@dataclass(frozen=True, slots=True)
class _Late:
    """A late entry: from its event time to the anchor that it met, history changes."""

    event_time_us: int
    received_us: int
    anchor_us: int


def fold(
    newest: State,
    entries: Sequence[LogEntry],
    tail: Callable[[int], Sequence[Version] | None],
    floor: Callable[[], int] = lambda: 0,
) -> Change:
    """Fold a batch of the log into a history.

    Args:
        newest: The newest state before the batch; empty if there is none.
        entries: The next signals of this user and view in log order, at least one.
        tail: Asked once if signals are late, with the event time of the first: returns the stored
            versions at or after it and those of the newest event time before it, ordered by event
            and created time; or None, and then only the versions as seen are made.
        floor: Asked at most once, if a signal is late: returns the event time at which the history
            begins, that of its checkpoint. What is before was pruned: a signal from there is added
            to all versions from the floor on, and writes none before it.

    Returns:
        The change. The same versions come out however the log is cut into batches: equal keys,
        and sums equal to 1e-12 of the sum of the absolute values of their terms.
    """
    state = newest.copy()
    seen, late, resolved = [], [], []
    for entry in entries:
        anchor = state.anchor_us
        if anchor is not None and entry.event_time_us < anchor:
            late.append(_Late(entry.event_time_us, entry.received_us, anchor))
        contribution = _resolve(state, entry.contribution)
        state.update(contribution, entry.event_time_us, entry.event_id)
        resolved.append((entry, contribution))
        seen.append(Version(state.anchor_us or 0, entry.received_us, state.cells()))
    if not late:
        return Change(state, seen[-1], tuple(seen), ())
    first_us = min(entry.event_time_us for entry in late)
    stored = tail(first_us)
    if stored is None:
        return Change(state, seen[-1], tuple(seen), (), behind_from_us=first_us)
    since_us = floor()
    sweep = _correct(state.view, resolved, late, stored)
    corrected = tuple(version for version in sweep if version.event_time_us >= since_us)
    replaced = _replaced(stored, {version.event_time_us for version in corrected})
    return Change(state, seen[-1], (*seen, *corrected), replaced)


def replay(
    view: StateView, entries: Sequence[LogEntry], checkpoint: Version | None = None
) -> list[Version]:
    """Compute a whole history from the log, ordered by event and created time.

    This is what a rebuild writes and what every streamed history must equal.

    Args:
        view: The view.
        entries: The log; behind a checkpoint, what was received after it.
        checkpoint: The state that stands for a pruned part of the log. It is the first version.
    """
    kept = [] if checkpoint is None else [checkpoint]
    if not entries:
        return kept
    newest = State(view) if checkpoint is None else State.from_cells(view, checkpoint.cells)
    floor_us = 0 if checkpoint is None else checkpoint.event_time_us
    versions = fold(newest, entries, lambda _: kept, lambda: floor_us).written
    return sorted([*kept, *versions], key=attrgetter("event_time_us", "created_us"))


def truth_at(versions: Iterable[Version], event_time_us: int) -> Version | None:
    """Return the version that a read at a time gives: newest event time, then newest created."""
    known = [version for version in versions if version.event_time_us <= event_time_us]
    return max(known, key=attrgetter("event_time_us", "created_us"), default=None)


def _resolve(state: State, contribution: Contribution) -> Contribution:
    if contribution.category is None:
        return contribution
    name = state.kept_name(contribution.category)
    return contribution if name == contribution.category else contribution._replace(category=name)


def _correct(
    view: StateView,
    resolved: Sequence[tuple[LogEntry, Contribution]],
    late: Sequence[_Late],
    stored: Sequence[Version],
) -> Iterable[Version]:
    """Sweep the event times once, adding the batch to the truth that was stored.

    `late` is in log order, so of those at or before an event time the last one met the latest
    anchor: if that anchor is not later, none is.
    """
    truths = {version.event_time_us: version for version in stored}
    batch = sorted(resolved, key=lambda pair: pair[0].event_time_us)
    times = sorted({*truths, *(entry.event_time_us for entry, _ in batch)})
    arrivals = sorted(late, key=attrgetter("event_time_us"))
    base, added, last = State(view), State(view), None
    next_entry = next_late = 0
    for time in times:
        if time in truths:
            base = State.from_cells(view, truths[time].cells)
        while next_entry < len(batch) and batch[next_entry][0].event_time_us <= time:
            entry, contribution = batch[next_entry]
            added.update(contribution, entry.event_time_us, entry.event_id)
            next_entry += 1
        while next_late < len(arrivals) and arrivals[next_late].event_time_us <= time:
            arrival = arrivals[next_late]
            last = arrival if last is None or arrival.received_us > last.received_us else last
            next_late += 1
        if last is not None and last.anchor_us > time:
            merged = base.copy()
            merged.merge(added)
            yield Version(time, last.received_us, merged.cells())


def _replaced(stored: Sequence[Version], corrected: set[int]) -> tuple[tuple[int, int], ...]:
    """Find the stored versions that were corrections of event times now corrected again.

    A version is a correction if a later event time was already known when it was created.
    """
    found = []
    later_us: float = float("inf")  # least created time among later event times
    here_us: float = float("inf")  # the same for the event time being walked over
    previous = None
    for version in reversed(stored):
        if version.event_time_us != previous:
            later_us, here_us = min(later_us, here_us), float("inf")
            previous = version.event_time_us
        here_us = min(here_us, version.created_us)
        if version.created_us >= later_us and version.event_time_us in corrected:
            found.append((version.event_time_us, version.created_us))
    return tuple(found)
