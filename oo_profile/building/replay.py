"""The history again, from nothing but the stored signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.storage import signal_log, tombstones
from oo_profile.storage.database import missing_state_tables, transaction
from oo_transforms.history import Version, replay

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from oo_profile.building.newest_states import UserView
    from oo_profile.storage.state_table import StateTable
    from oo_transforms.state_view import StateView

PUBLISHED_AT_ONCE = 2000
"""States of a new table that go to the online store together."""


def replay_user(connection: sqlite3.Connection, view: StateView, user_id: str) -> list[Version]:
    """Compute a user's history in one view from the log, ordered by event and created time.

    It equals what the builder wrote: the same keys, and sums equal to 1e-12 of the sum of the
    absolute values of their terms.
    """
    return replay(view, signal_log.log_of(connection, user_id, view))


def make_tables(
    connection: sqlite3.Connection,
    views: Iterable[StateView],
    publish: Callable[[Mapping[UserView, Version]], object] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Make the tables of state views that have none, each with its history from the log.

    A table and its rows are one transaction, so that no table is ever there without its history.
    Its newest states are published before the commit: if that fails, all of it is done again.

    Args:
        connection: The builder's connection.
        views: All state views.
        publish: Puts newest versions into the online store.
        progress: Called with the number of users done, for each table anew.

    Returns:
        The rows written, by view.

    Raises:
        SchemaError: A table is there with other columns than its view declares. None is made.
    """
    rows = {}
    for table in missing_state_tables(connection, views):
        with transaction(connection):
            connection.execute(table.create_statement)
            rows[table.name] = _fill(connection, table, publish, progress)
    return rows


def _fill(
    connection: sqlite3.Connection,
    table: StateTable,
    publish: Callable[[Mapping[UserView, Version]], object],
    progress: Callable[[int], None],
) -> int:
    rows = 0
    newest: dict[UserView, Version] = {}
    for number, user_id in enumerate(signal_log.users(connection), start=1):
        versions = (
            []
            if tombstones.forgotten(connection, [user_id])
            else replay_user(connection, table.view, user_id)
        )
        table.insert_many(connection, [(user_id, version) for version in versions])
        rows += len(versions)
        if versions:
            newest[user_id, table.name] = versions[-1]
        if len(newest) >= PUBLISHED_AT_ONCE:
            publish(newest)
            newest = {}
        progress(number)
    publish(newest)
    return rows
