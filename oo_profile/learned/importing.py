"""Taking in what another bandit has learned: a record of each user in his own log.

The record stands in the log like a signal, with the moment at which the other bandit knew it as
its event time and the import as its received time. So a rebuild replays it, a forgetting removes
it, a prune puts it into the state that stands for it, and what was served before the import stays
what it was. From its event time on it decays like all that is learned.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from oo_profile.building.keeping_out import withdraw_forgotten
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_copy import OnlineCopy
from oo_profile.building.replay import make_tables
from oo_profile.building.replaying import Replayer
from oo_profile.errors import LearnedStateError
from oo_profile.learned.files import read_records
from oo_profile.learned.records import EVENT_ID, LearnedRecord
from oo_profile.storage import checkpoints, signal_log, tombstones
from oo_profile.storage.chosen_users import UserList
from oo_profile.storage.database import connect, transaction
from oo_profile.storage.signal_log import StoredSignal
from oo_profile.storage.state_table import StateTable, newest_created_many
from oo_profile.upkeep.refusals import refusals_told
from oo_profile.upkeep.swapping import Swapper
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.settings import Settings

USERS_AT_ONCE = 100
"""Written in one transaction, for which a builder waits."""


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        users: Users of whom something was taken in.
        known: Users of whom the same had been taken in before; nothing was done.
        online_rows: Rows put into Redis.
    """

    users: int = 0
    known: int = 0
    online_rows: int = 0


def import_learned(  # noqa: PLR0913 - what, where, and how it is shown
    settings: Settings,
    store: FeatureStore,
    path: Path,
    now_us: int,
    *,
    replace: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Imported:
    """Take in all of a file, or nothing if anything in it is wrong.

    A builder may run meanwhile, and need not have run before: the database is made. If it ends
    half way, the same call goes on: what is in already is known again.

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        path: The file; see `files` for its form.
        now_us: The present, microseconds.
        replace: Put it in the place of what was imported of a user before.
        progress: Called with how many users more are done.

    Raises:
        LearnedStateError: A record cannot be read, is not what a bandit can have learned, is of a
            forgotten person, or something else was imported of its user. Nothing was taken in.
        DatabaseError: SQLite refuses; users before are in.
        NoRedisError: Redis does not answer; users before are in, the last ones remembered.
    """
    online = OnlineWriter(store)
    with refusals_told(settings), contextlib.closing(connect(settings.db)) as connection:
        make_tables(connection, STATE_VIEWS)
        records, known = _checked(connection, path, now_us, replace=replace)
        online.mark.probe()
        work = _Import(connection, online, now_us)
        done = Imported(known=known)
        progress(known)
        for begin in range(0, len(records), USERS_AT_ONCE):
            some = records[begin : begin + USERS_AT_ONCE]
            done.online_rows += work.take_in(some)
            done.users += len(some)
            progress(len(some))
        work.published()
    return done


def _checked(
    connection: sqlite3.Connection, path: Path, now_us: int, *, replace: bool
) -> tuple[list[LearnedRecord], int]:
    """Read the records that are new, and count those that are in already."""
    problems: list[str] = []
    records: dict[str, LearnedRecord] = {}
    known = 0
    for read in read_records(path):
        record = read.record
        found = [read.problem] if record is None else record.problems(now_us)
        if record is not None and not found:
            if record.user_id in records:
                found = [f"there is another record of {record.user_id!r} before it"]
            else:
                found, is_known = _standing(connection, record, now_us, replace=replace)
                known += is_known
                if not is_known:
                    records[record.user_id] = record
        problems += [f"{read.where}: {problem}" for problem in found]
    if not problems and not records and not known:
        problems = ["there is nothing in it"]
    if problems:
        raise LearnedStateError(path, problems)
    return list(records.values()), known


def _standing(
    connection: sqlite3.Connection, record: LearnedRecord, now_us: int, *, replace: bool
) -> tuple[list[str], bool]:
    """Say what speaks against a record, and whether it is in already."""
    user_id, signal = record.user_id, record.signal()
    tombstone = tombstones.find_many(connection, [user_id]).get(user_id)
    if tombstone and tombstone.keeps_out(record.as_of_us, now_us):
        return [f"{user_id!r} was forgotten (`oo unforget` lets a person start anew)"], False
    key = (user_id, EVENT_ID)
    pruned = checkpoints.find_copies(connection, {key}).get(key)
    if pruned is not None:
        if pruned == checkpoints.content_digest(signal):
            return [], True
        return [f"something else was imported of {user_id!r}, and pruned since"], False
    before = signal_log.find_many(connection, [key]).get(key)
    if before is None or (replace and before != signal):
        return [], False
    if before == signal:
        return [], True
    told = f"something else was imported of {user_id!r}: --replace puts this in its place"
    return [told], False


class _Import:
    def __init__(self, connection: sqlite3.Connection, online: OnlineWriter, now_us: int) -> None:
        self._connection = connection
        self._online = online
        self._now_us = now_us
        self._all = [StateTable(view) for view in STATE_VIEWS]
        tables = [table for table in self._all if table.view.learns]
        self._replayer = Replayer(connection, tables)
        self._swapper = Swapper(connection, tables)
        self._copy = OnlineCopy(connection, tables, online)

    def take_in(self, records: Sequence[LearnedRecord]) -> int:
        """Take in the records of some users; return how many rows Redis got."""
        user_ids = [record.user_id for record in records]
        with transaction(self._connection):
            self._write(records)
            replayed = self._replayer.replay(UserList.of(user_ids))
            self._swapper.swap_within(replayed)
        rows = self._copy.replace(user_ids)
        withdraw_forgotten(self._connection, self._online, user_ids)
        return rows

    def published(self) -> None:
        """Say that Redis has what was taken in last."""
        self._swapper.published()

    def _write(self, records: Sequence[LearnedRecord]) -> None:
        user_ids = [record.user_id for record in records]
        self._connection.executemany(
            "DELETE FROM signals WHERE user_id = ? AND event_id = ?",
            ((user_id, EVENT_ID) for user_id in user_ids),
        )
        newest_us = newest_created_many(self._connection, self._all, user_ids)
        # Who was forgotten since the records were looked at stays out.
        forgotten = tombstones.forgotten(self._connection, user_ids)
        stored = []
        for record in records:
            if record.user_id in forgotten:
                continue
            signal = record.signal()
            received_us = max(self._now_us, newest_us[record.user_id] + 1)
            payload = msgspec.json.encode(signal)
            stored.append(StoredSignal(signal, record.as_of_us, received_us, 0, payload))
        signal_log.insert_many(self._connection, stored)
