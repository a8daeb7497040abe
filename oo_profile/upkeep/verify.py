"""Verify: histories, profiles and Redis against what the stored signals say, beside a builder."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from oo_profile.building.online import OnlineWriter
from oo_profile.building.profile_features import ProfileFeatures
from oo_profile.deviation import READ_TOLERANCE, REPLAY_TOLERANCE
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.answers_check import check_answers
from oo_profile.upkeep.findings import Findings
from oo_profile.upkeep.history_check import check_history
from oo_profile.upkeep.look import look
from oo_profile.upkeep.online_check import check_online
from oo_profile.upkeep.profile_check import ProfileCheck
from oo_profile.upkeep.refusals import refusals_told
from oo_profile.upkeep.sampling import sample, users_anywhere
from oo_profile.upkeep.strangers import strangers
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping

    from feast import FeatureStore

    from oo_profile.settings import Settings
    from oo_profile.upkeep.findings import Difference, Place
    from oo_profile.upkeep.look import Look

USERS_A_LOOK = 100
PAUSE_SECONDS = 0.05
"""Before the second look at a user; the pauses double."""

TOLERANCE: Mapping[Place, float] = {
    "history": REPLAY_TOLERANCE,
    "profile": READ_TOLERANCE,
    "redis": REPLAY_TOLERANCE,
}


@dataclass(slots=True)
class Verification:
    """What a verification found.

    Attributes:
        findings: Feature by feature, what was compared and found wrong.
        users: Users compared.
        signals: Signals replayed for it.
        differing: Users of whom anything differs.
        waiting: What could not be compared in time, by the reason: how many users.
    """

    findings: Findings
    users: int = 0
    signals: int = 0
    differing: set[str] = field(default_factory=set)
    waiting: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing differs of what was compared."""
        return not self.differing

    def wait_for(self, reason: str) -> None:
        """Count a user of whom something was not compared."""
        self.waiting[reason] = self.waiting.get(reason, 0) + 1


def verify(  # noqa: PLR0913 - what, where, and how it is shown
    settings: Settings,
    store: FeatureStore,
    *,
    sample_size: int | None = None,
    patience_seconds: float = 5.0,
    on_difference: Callable[[Difference], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
    sleep: Callable[[float], object] = time.sleep,
) -> Verification:
    """Recompute users from their raw signals, and compare what is kept of them everywhere.

    A builder may run meanwhile: a user whose Redis differs, whose profile is due, or whose late
    signals are being corrected is looked at again, in growing pauses.

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        sample_size: How many users, chosen by a hash of their ids; None: all.
        patience_seconds: How long to go on looking at what has not come to rest.
        on_difference: Called with each difference.
        progress: Called with how many users more are done.
        sleep: Waits so many seconds.

    Raises:
        NoDatabaseError: There is no database.
        DatabaseError: SQLite refuses.
        NoRedisError: Redis does not answer.
    """
    online, features = OnlineWriter(store), ProfileFeatures(store)
    tables = [StateTable(view) for view in STATE_VIEWS]
    done = Verification(Findings(dict(TOLERANCE)))

    def differs(difference: Difference) -> None:
        done.differing.add(difference.user_id)
        on_difference(difference)

    done.findings.on_difference = differs
    work = _Verify(settings, tables, online, features, done)
    with refusals_told(settings):
        with reading(settings.db) as connection:
            chosen = _chosen(connection, tables, online, sample_size)
        restless: list[str] = []
        while user_ids := list(islice(chosen, USERS_A_LOOK)):
            left = work.compare(user_ids)
            restless += left
            progress(len(user_ids) - len(left))
        pause, waited = PAUSE_SECONDS, 0.0
        while restless:
            sleep(pause)
            waited, pause = waited + pause, 2 * pause
            last = waited >= patience_seconds
            before, restless = restless, work.compare_again(restless, last=last)
            progress(len(before) - len(restless))
    return done


def _chosen(
    connection: sqlite3.Connection,
    tables: list[StateTable],
    online: OnlineWriter,
    sample_size: int | None,
) -> Iterator[str]:
    views = [table.name for table in tables]
    names = ("signals", "checkpoints", "profile", "answered_tips", *views)
    known = sorted(users_anywhere(connection, names))
    everybody = {*known, *strangers(connection, tables, online)}
    return iter(sorted(everybody) if sample_size is None else sample(everybody, sample_size))


class _Verify:
    def __init__(
        self,
        settings: Settings,
        tables: list[StateTable],
        online: OnlineWriter,
        features: ProfileFeatures,
        done: Verification,
    ) -> None:
        self._path = settings.db
        self._tables = tables
        self._online = online
        self._features = features
        self._done = done

    def compare(self, user_ids: list[str], *, last: bool = False) -> list[str]:
        """Compare users, but for those who have not come to rest; these are returned.

        Args:
            user_ids: Some users.
            last: Compare all of them, and of each what has come to rest.
        """
        found = look(self._path, self._tables, self._online, user_ids)
        restless = [] if last else [user for user in user_ids if self._is_restless(found, user)]
        settled = [user for user in user_ids if user not in set(restless)]
        self._compare(found, settled)
        return restless

    def compare_again(self, user_ids: list[str], *, last: bool) -> list[str]:
        """Compare users once more, a look's worth at a time."""
        users, restless = iter(user_ids), []
        while some := list(islice(users, USERS_A_LOOK)):
            restless += self.compare(some, last=last)
        return restless

    def _is_restless(self, found: Look, user_id: str) -> bool:
        if user_id in found.due | found.behind:
            return True
        names = [table.name for table in self._tables]
        if any((user_id, name) in found.marked for name in names):
            return True
        trial = Findings(self._done.findings.tolerance)
        self._check_online(found, user_id, trial)
        return trial.wrong > 0

    def _compare(self, found: Look, user_ids: list[str]) -> None:
        done = self._done
        done.users += len(user_ids)
        done.signals += sum(
            found.replayed.ends[u].signals for u in user_ids if u in found.replayed.ends
        )
        for table in self._tables:
            self._compare_histories(found, table, user_ids)
        check_answers(found.answers, found.replayed.answers or {}, user_ids, done.findings)
        profiles = [user for user in user_ids if user not in found.due]
        ProfileCheck(self._features, done.findings).check(
            (found.owners[user], found.profiles.get(user, [])) for user in profiles
        )
        for user_id in user_ids:
            if user_id in found.due:
                done.wait_for("profile is due")
            if user_id in found.behind:
                done.wait_for("Redis is behind")
            else:
                self._check_online(found, user_id, done.findings)

    def _compare_histories(self, found: Look, table: StateTable, user_ids: list[str]) -> None:
        chosen = [user for user in user_ids if (user, table.name) not in found.marked]
        for _ in range(len(user_ids) - len(chosen)):
            self._done.wait_for(f"late signals of {table.name} are being corrected")
        stored, expected = found.stored[table.name], found.replayed.rows[table.name]
        check_history(
            table,
            [row for user in chosen for row in stored.get(user, ())],
            [row for user in chosen for row in expected.get(user, ())],
            self._done.findings,
        )

    def _check_online(self, found: Look, user_id: str, findings: Findings) -> None:
        for table in self._tables:
            stored = found.online[user_id, table.name]
            check_online(table, user_id, stored, found.newest(user_id, table.name), findings)
