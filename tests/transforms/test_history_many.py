"""Folding many users at once gives each of them what folding him alone gives."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import VIEWS, assert_same_columns, columns_of, entries_of
from support.strategies import Logged, logs

from oo_transforms import LogEntry, Version, VersionColumns, replay, replay_many

if TYPE_CHECKING:
    from collections.abc import Sequence

every_view = pytest.mark.parametrize("name", sorted(VIEWS))
by_key = attrgetter("event_time_us", "created_us")


def users_of(data: st.DataObject, name: str) -> list[list[LogEntry]]:
    """Draw the logs of some users, of whom a few have none."""
    nothing: st.SearchStrategy[list[Logged]] = st.just([])
    own = st.one_of(nothing, logs(subjects=VIEWS[name].subjects))
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
