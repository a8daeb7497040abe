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
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.settings import Settings

USERS_AT_ONCE = 100
SIGNALS_AT_ONCE = 2000
"""About how many are replayed in one transaction, for which a builder waits."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds, all of it as it should be.

    Attributes:
        records: Those to take in, one a user.
        known: Users of whom the same was taken in before.
    """

    records: Sequence[LearnedRecord]
    known: int


def check_learned(
    settings: Settings,
    path: Path,
    now_us: int,
    *,
    replace: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Checked:
    """Read a file, and refuse all of it if anything in it is wrong; nothing is written.

    Args:
        settings: Where the database is; it is made if there is none.
        path: The file; see `files` for its form.
        now_us: The present, microseconds.
        replace: Put it in the place of what was imported of a user before.
        progress: Called with how many records more were looked at.

    Raises:
        LearnedStateError: A record cannot be read, is not what a bandit can have learned, is of a
            forgotten person, or something else was imported of its user.
        DatabaseError: SQLite refuses.
    """
    problems: list[str] = []
    records: dict[str, LearnedRecord] = {}
    known = set[str]()
    with refusals_told(settings), contextlib.closing(connect(settings.db)) as connection:
        for read in read_records(path):
            record = read.record
            found = [read.problem] if record is None else record.problems(now_us)
            if record is not None and not found:
                if record.user_id in records.keys() | known:
                    found = [f"there is another record of {record.user_id!r} before it"]
                else:
                    found, is_known = _standing(connection, record, now_us, replace=replace)
                    known |= {record.user_id} if is_known else set()
                    records |= {} if is_known else {record.user_id: record}
            problems += [f"{read.where}: {problem}" for problem in found]
            progress(1)
    if not problems and not records and not known:
        problems = ["there is nothing in it"]
    if problems:
        raise LearnedStateError(path, problems)
    return Checked(tuple(records.values()), len(known))


def import_learned(
    settings: Settings,
    store: FeatureStore,
    records: Sequence[LearnedRecord],
    now_us: int,
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> int:
    """Take in records that were checked, some users in each transaction.

    A builder may run meanwhile, and need not have run before. If it ends half way, checking the
    file again leaves those that are still to be taken in.

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        records: One a user.
        now_us: The present, microseconds.
        progress: Called with how many users more are done.

    Returns:
        Rows put into Redis.

    Raises:
        DatabaseError: SQLite refuses; users before are in.
        NoRedisError: Redis does not answer; users before are in, the last ones remembered.
    """
    online, rows = OnlineWriter(store), 0
    with refusals_told(settings), contextlib.closing(connect(settings.db)) as connection:
        make_tables(connection, STATE_VIEWS)
        online.mark.probe()
        work = _Import(connection, online, now_us)
        for some in _portions(connection, records):
            rows += work.take_in(some)
            progress(len(some))
        work.published()
    return rows


def _portions(
    connection: sqlite3.Connection, records: Sequence[LearnedRecord]
) -> Iterator[list[LearnedRecord]]:
    """Part records so that the logs of their users are not too much for one transaction."""
    portion: list[LearnedRecord] = []
    signals = 0
    for begin in range(0, len(records), USERS_AT_ONCE):
        some = records[begin : begin + USERS_AT_ONCE]
        users = UserList.of(record.user_id for record in some)
        ends = signal_log.ends_of(connection, users)
        for record in some:
            end = ends.get(record.user_id)
            portion.append(record)
            signals += end.signals if end else 0
            if len(portion) == USERS_AT_ONCE or signals >= SIGNALS_AT_ONCE:
                yield portion
                portion, signals = [], 0
    if portion:
        yield portion


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
