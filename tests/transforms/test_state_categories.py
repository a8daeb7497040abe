"""Categories: the first 128 names of a user's view in log order, and one for the rest."""

from __future__ import annotations

import random

import pytest
from support.logs import VIEWS, assert_same_columns, columns_of, entries_of, stream
from support.slow_history import slow_history
from support.strategies import BASE_US, Logged, written

from oo_transforms import LogEntry, Version, truth_at
from oo_transforms.state import MAX_CATEGORIES, OVERFLOW

VIEW = VIEWS["task_state"]
HOUR_US = 3_600_000_000


def completions(names: list[str], event_hours: list[int]) -> list[Logged]:
    """Log a completion of each category at its hour, received an hour apart after all of them."""
    begin = BASE_US + (max(event_hours) + 1) * HOUR_US
    return [
        Logged(
            "signals.task.completed",
            {
                "event_id": f"e{number}",
                "user_id": "u1",
                "occurred_at": written(BASE_US + hour * HOUR_US),
                "task_id": "t1",
                "category": name,
            },
            BASE_US + hour * HOUR_US,
            begin + number * HOUR_US,
        )
        for number, (name, hour) in enumerate(zip(names, event_hours, strict=True))
    ]


def weights(version: Version) -> dict[str, float]:
    """Read a row's weights by category."""
    columns = columns_of(VIEW, version.cells)
    names, values = columns["task_categories"], columns["task_category_completed"]
    assert isinstance(names, list)
    assert isinstance(values, list)
    assert names == sorted(names)
    return dict(zip(names, values, strict=True))


def newest(entries: list[LogEntry], batch: int) -> dict[str, float]:
    """Stream in batches of a size and read the newest row."""
    history = stream(VIEW, entries, [batch] * len(entries))
    version = truth_at(history, 2**62)
    assert version is not None
    return weights(version)


@pytest.mark.parametrize("batch", [1, 50, 1000])
def test_the_first_names_in_log_order_are_kept(batch: int) -> None:
    """128 names stay; the signals of all further ones count under the empty name."""
    names = [f"n{number:03}" for number in range(MAX_CATEGORIES + 3)]
    random.Random(7).shuffle(names)
    hours = random.Random(8).choices(range(40), k=len(names))
    kept = newest(entries_of(VIEW, completions([*names, names[0], names[-1]], [*hours, 3, 5])), 1)
    assert kept.keys() == {OVERFLOW, *names[:MAX_CATEGORIES]}
    again = newest(
        entries_of(VIEW, completions([*names, names[0], names[-1]], [*hours, 3, 5])), batch
    )
    assert again == pytest.approx(kept, rel=1e-12)


def test_exactly_128_names_need_no_overflow() -> None:
    """The 128th name is kept by itself."""
    names = [f"n{number:03}" for number in range(MAX_CATEGORIES)]
    kept = newest(entries_of(VIEW, completions(names, [0] * len(names))), 64)
    assert kept == dict.fromkeys(names, 1.0)


def test_the_overflow_is_no_name_among_the_128() -> None:
    """After an overflow a kept name still counts by itself and a further one does not."""
    names = [f"n{number:03}" for number in range(MAX_CATEGORIES + 1)]
    log = [*names, names[0], "one more"]
    kept = newest(entries_of(VIEW, completions(log, [0] * len(log))), 10)
    assert len(kept) == MAX_CATEGORIES + 1
    assert kept[OVERFLOW] == 2.0
    assert kept[names[0]] == 2.0


@pytest.mark.parametrize("batch", [1, 60, 1000])
def test_a_late_name_beyond_the_cap_overflows_in_corrected_rows_too(batch: int) -> None:
    """What is kept is decided in log order, also for rows of earlier event times."""
    names = [f"n{number:03}" for number in range(MAX_CATEGORIES)]
    log = completions([*names, "late", names[5]], [*[9] * len(names), 2, 1])
    history = stream(VIEW, entries_of(VIEW, log), [batch] * len(log))
    early = truth_at(history, BASE_US + 2 * HOUR_US)
    assert early is not None
    assert weights(early) == pytest.approx({OVERFLOW: 1.0, names[5]: 2 ** (-1 / (28 * 24))})
    expected = slow_history("task_state", log)
    assert [(v.event_time_us, v.created_us) for v in history] == sorted(expected)
    for version in history:
        columns = columns_of(VIEW, version.cells)
        assert_same_columns(columns, expected[version.event_time_us, version.created_us])


def test_a_row_lists_the_names_seen_by_its_event_time() -> None:
    """A corrected row has no name of a signal that happened after it."""
    log = completions(["after", "before"], [8, 4])
    history = stream(VIEW, entries_of(VIEW, log), [1])
    early = truth_at(history, BASE_US + 4 * HOUR_US)
    late = truth_at(history, BASE_US + 8 * HOUR_US)
    assert early is not None
    assert late is not None
    assert weights(early).keys() == {"before"}
    assert weights(late).keys() == {"after", "before"}
