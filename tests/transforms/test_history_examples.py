"""The history rule on small logs, row by row."""

from __future__ import annotations

import pytest
from support.logs import VIEWS, columns_of, stream

from oo_transforms import Contribution, LogEntry, State, Version, fold, replay, truth_at

VIEW = VIEWS["sync_state"]
APP, TODOIST = 0, 1


def entry(event_us: int, received_us: int, slot: int = APP) -> LogEntry:
    """Log a sync of a source."""
    added = Contribution(((slot, float(event_us)),))
    return LogEntry(event_us, received_us, f"e{received_us}", added)


def rows(entries: list[LogEntry], batch: int) -> list[tuple[int, int]]:
    """List the keys that stay, (event time, created time)."""
    history = stream(VIEW, entries, [batch] * len(entries))
    return [(version.event_time_us, version.created_us) for version in history]


each_cut = pytest.mark.parametrize("batch", [1, 2, 100])


@each_cut
def test_signals_in_order_write_one_row_each(batch: int) -> None:
    """Nothing is corrected where nothing is late."""
    assert rows([entry(1, 11), entry(2, 12), entry(3, 13)], batch) == [(1, 11), (2, 12), (3, 13)]


@each_cut
def test_one_event_time_keeps_all_that_was_seen(batch: int) -> None:
    """Three signals of the newest event time were each served for a while."""
    assert rows([entry(5, 11), entry(5, 12), entry(5, 13)], batch) == [(5, 11), (5, 12), (5, 13)]


@each_cut
def test_a_late_signal_corrects_what_lies_behind_it(batch: int) -> None:
    """It writes at its own event time and at each after it; what was seen stays."""
    assert rows([entry(10, 21), entry(20, 22), entry(5, 23)], batch) == [
        (5, 23),
        (10, 21),
        (10, 23),
        (20, 22),
        (20, 23),
    ]


@each_cut
def test_a_second_late_signal_replaces_the_first_correction(batch: int) -> None:
    """Of the corrections of one event time only the newest stays."""
    assert rows([entry(10, 21), entry(20, 22), entry(5, 23), entry(7, 24)], batch) == [
        (5, 23),
        (7, 24),
        (10, 21),
        (10, 24),
        (20, 22),
        (20, 23),
        (20, 24),
    ]


@each_cut
def test_a_late_signal_counts_from_its_event_time(batch: int) -> None:
    """Both reads find it: the default one from its event time, the as-seen one when it came."""
    log = [entry(10, 21), entry(20, 22), entry(5, 23, TODOIST)]
    history = stream(VIEW, log, [batch] * 3)
    assert todoist_at(truth_at(history, 10)) == 5 / 1e6
    assert todoist_at(truth_at([row for row in history if row.created_us <= 22], 22)) is None
    assert todoist_at(truth_at([row for row in history if row.created_us <= 23], 23)) == 5 / 1e6


def test_the_first_microsecond_of_1970_is_an_event_time_like_any_other() -> None:
    """An anchor of zero is a state, not the lack of one."""
    log = [entry(0, 21), entry(9, 22), entry(4, 23, TODOIST)]
    history = stream(VIEW, log, [1, 2])
    version = truth_at(history, 4)
    assert version is not None
    assert columns_of(VIEW, version.cells)["sync_app_at"] == 0.0
    assert columns_of(VIEW, version.cells)["sync_todoist_at"] == 4 / 1e6


def test_the_newest_version_is_what_serving_must_have() -> None:
    """A late signal leaves the anchor and still changes the state that is served."""
    first = fold(State(VIEW), [entry(10, 21)], lambda _: ())
    second = fold(first.newest, [entry(5, 22, TODOIST)], lambda _: first.written)
    assert (second.newest_version.event_time_us, second.newest_version.created_us) == (10, 22)
    assert todoist_at(second.newest_version) == 5 / 1e6
    assert todoist_at(first.newest_version) is None


def test_the_state_that_was_passed_stays_as_it_is() -> None:
    """If the batch is not committed, the state before it is still there."""
    before = fold(State(VIEW), [entry(10, 21)], lambda _: ()).newest
    cells = before.cells()
    fold(before, [entry(30, 22), entry(40, 23, TODOIST)], lambda _: ())
    assert before.cells() == cells


def test_the_tail_is_asked_for_once_and_only_if_something_is_late() -> None:
    """A batch in order costs no read; a late one costs one, from its earliest late signal."""
    asked: list[int] = []

    def tail(time_us: int) -> list[Version]:
        asked.append(time_us)
        return list(first.written)

    first = fold(State(VIEW), [entry(10, 21), entry(20, 22)], tail)
    fold(first.newest, [entry(30, 23)], tail)
    assert asked == []
    fold(first.newest, [entry(15, 23), entry(12, 24), entry(40, 25), entry(35, 26)], tail)
    assert asked == [12]


def test_no_log_is_no_history() -> None:
    """Replaying nothing gives no rows, and reading them gives nothing."""
    assert replay(VIEW, []) == []
    assert truth_at([], 5) is None


def todoist_at(version: Version | None) -> object:
    """Read when todoist was last synced."""
    assert version is not None
    return columns_of(VIEW, version.cells)["sync_todoist_at"]
