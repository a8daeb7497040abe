"""The history again, from nothing but the stored signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.building.replaying import Replayer
from oo_profile.storage import (
    answered_tips,
    behind,
    checkpoints,
    definitions,
    signal_log,
    tombstones,
)
from oo_profile.storage.database import has_table, missing_state_tables, transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.user_ranges import user_ranges
from oo_transforms.history import Version, replay

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from oo_profile.storage.state_table import StateTable
    from oo_transforms.state_view import StateView


def replay_user(connection: sqlite3.Connection, view: StateView, user_id: str) -> list[Version]:
    """Compute a user's history in one view from the log, ordered by event and created time.

    It equals what the builder wrote: the same keys, and sums equal to 1e-12 of the sum of the
    absolute values of their terms. Signals that were pruned are stood for by their checkpoint.
    """
    log = signal_log.log_of(connection, user_id, view)
    return replay(view, log, checkpoints.find(connection, view, user_id))


def make_tables(
    connection: sqlite3.Connection,
    views: Sequence[StateView],
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Make the tables of state views that have none, each with its history from the log.

    A table and its rows are one transaction, so that no table is ever there without its history.
    So are its users, remembered as behind in the online store, which need not be there.

    Args:
        connection: The builder's connection.
        views: All state views.
        progress: Called with the number of users done, for each table anew.

    Returns:
        The rows written, by view.

    Raises:
        DefinitionChangedError: A table was filled by another definition of its view. None is
            made; `oo rebuild --view` makes that table anew.
        SchemaError: A table is there with other columns than its view declares. None is made.
    """
    DefinitionGuard(view for view in views if has_table(connection, view.name)).check(connection)
    rows = {}
    for table in missing_state_tables(connection, views):
        with transaction(connection):
            connection.execute(table.create_statement)
            rows[table.name] = _fill(connection, table, progress)
            definitions.record(connection, table.view)
    definitions.adopt(connection, views)
    return rows


def _fill(
    connection: sqlite3.Connection, table: StateTable, progress: Callable[[int], None]
) -> int:
    replayer, rows, users = Replayer(connection, [table]), 0, 0
    for chosen in user_ranges(connection):
        replayed = replayer.replay(chosen)
        forgotten = tombstones.forgotten(connection, replayed.ends)
        own = {
            user_id: versions
            for user_id, versions in replayed.rows[table.name].items()
            if user_id not in forgotten
        }
        if replayed.answers is not None:
            answers = answered_tips.without(replayed.answers, forgotten)
            answered_tips.swap(connection, chosen, answers)
        table.insert_raw(connection, [row for user_id in sorted(own) for row in own[user_id]])
        behind.insert_many(connection, own)
        rows += sum(map(len, own.values()))
        for _ in replayed.ends:
            users += 1
            progress(users)
    return rows
