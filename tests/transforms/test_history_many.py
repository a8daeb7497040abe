"""Folding many users at once gives each of them what folding him alone gives."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import VIEWS, assert_same_columns, columns_of, entries_of, logs_of

from oo_transforms import (
    Contribution,
    LogEntry,
    State,
    Version,
    VersionColumns,
    fold,
    replay,
    replay_many,
)
from oo_transforms.history_many import fold_many
from oo_transforms.log_columns import LogColumns
from oo_transforms.state import MAX_CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.strategies import Logged

every_view = pytest.mark.parametrize("name", sorted(VIEWS))
by_key = attrgetter("event_time_us", "created_us")


def users_of(data: st.DataObject, name: str) -> list[list[LogEntry]]:
    """Draw the logs of some users, of whom a few have none."""
    nothing: st.SearchStrategy[list[Logged]] = st.just([])
    own = st.one_of(nothing, logs_of(VIEWS[name]))
    return [entries_of(VIEWS[name], log) for log in data.draw(st.lists(own, max_size=5))]


def versions_of(columns: VersionColumns, users: int) -> list[list[Version]]:
    """Part the rows by user, in the order in which they come."""
    parted: list[list[Version]] = [[] for _ in range(users)]
    for row, user in enumerate(columns.users.tolist()):
        parted[user].append(columns.version(row))
    return parted


def assert_same_versions(
    name: str, found: Sequence[Sequence[Version]], expected: Sequence[Sequence[Version]]
) -> None:
    """Assert that each user has the same keys and columns, sums to their tolerance."""
    for one, other in zip(found, expected, strict=True):
        assert list(map(by_key, one)) == list(map(by_key, other))
        for version, due in zip(one, other, strict=True):
            columns = columns_of(VIEWS[name], version.cells)
            assert_same_columns(columns, columns_of(VIEWS[name], due.cells))


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_replaying_many_users_is_replaying_each(name: str, data: st.DataObject) -> None:
    """Whoever else is replayed with him, a user's history has the same rows in the same order."""
    users = users_of(data, name)
    columns = replay_many(VIEWS[name], users)
    assert columns.users.tolist() == sorted(columns.users.tolist())
    expected = [replay(VIEWS[name], log) for log in users]
    assert_same_versions(name, versions_of(columns, len(users)), expected)


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_folding_many_users_shows_each_what_folding_him_does(
    name: str, data: st.DataObject
) -> None:
    """Each entry writes the version that serving sees, and it is known which entries are late."""
    view, users = VIEWS[name], [log for log in users_of(data, name) if log]
    cuts = [data.draw(st.integers(0, len(log) - 1)) for log in users]
    before = [replay(view, log[:cut])[-1:] for log, cut in zip(users, cuts, strict=True)]
    rest = [log[cut:] for log, cut in zip(users, cuts, strict=True)]
    seen = fold_many(VersionColumns.of(view, before), LogColumns.of(view, rest))
    starts = [State.from_cells(view, own[0].cells) if own else State(view) for own in before]
    changes = [fold(one, log, lambda _: ()) for one, log in zip(starts, rest, strict=True)]
    expected = [change.written[: len(log)] for change, log in zip(changes, rest, strict=True)]
    assert_same_versions(name, versions_of(seen.versions, len(users)), expected)
    corrected = [len(change.written) > len(log) for change, log in zip(changes, rest, strict=True)]
    late = set(seen.versions.users[seen.late].tolist())
    assert late == {user for user, is_corrected in enumerate(corrected) if is_corrected}


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_replay_of_many_begins_at_checkpoints(name: str, data: st.DataObject) -> None:
    """Users with pruned logs are replayed from their checkpoints, beside those without."""
    view, users = VIEWS[name], users_of(data, name)
    cuts = [data.draw(st.integers(0, len(log))) for log in users]
    before = [replay(view, log[:cut])[-1:] for log, cut in zip(users, cuts, strict=True)]
    rest = [log[cut:] for log, cut in zip(users, cuts, strict=True)]
    columns = replay_many(view, rest, VersionColumns.of(view, before))
    expected = [
        replay(view, log, checkpoint[0] if checkpoint else None)
        for log, checkpoint in zip(rest, before, strict=True)
    ]
    assert_same_versions(name, versions_of(columns, len(users)), expected)


def test_names_beyond_the_limit_count_together_for_each_user() -> None:
    """The first names in log order are kept where late signals bring them in another order."""
    view = VIEWS["task_state"]
    done = Contribution(((1, 1.0),), "", (1.0,))
    names = [f"c{number:03}" for number in range(MAX_CATEGORIES + 20)]
    log = [
        LogEntry(1_000 - 7 * number % 900, 2_000 + number, "e", done._replace(category=name))
        for number, name in enumerate([*names, *names[::-1]])
    ]
    columns = replay_many(view, [log, log[:5]])
    assert_same_versions(
        "task_state", versions_of(columns, 2), [replay(view, log), replay(view, log[:5])]
    )
