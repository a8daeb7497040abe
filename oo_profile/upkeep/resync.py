"""Resync: what Redis has of users replaced by the newest rows in SQLite, beside a builder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from oo_profile.building.keeping_out import withdraw_forgotten
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_copy import OnlineCopy
from oo_profile.building.rollout_copy import publish_rollout
from oo_profile.errors import UnknownUserError
from oo_profile.storage.database import reading_as_it_goes
from oo_profile.storage.near_users import near_users
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.refusals import refusals_told
from oo_profile.upkeep.sampling import users_anywhere
from oo_profile.upkeep.strangers import remove_strangers
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from feast import FeatureStore

    from oo_profile.settings import Settings

USERS_AT_ONCE = 2_000


@dataclass(slots=True)
class Resynced:
    """What a resync did.

    Attributes:
        users: Users with any state.
        rows: Rows put into Redis.
        strangers: Users whom only Redis knew, and who were removed there.
    """

    users: int = 0
    rows: int = 0
    strangers: int = 0


def resync(
    settings: Settings,
    store: FeatureStore,
    *,
    user_id: str | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Resynced:
    """Make Redis a copy of the newest rows in SQLite, whatever it holds.

    Nothing in SQLite is changed, and nothing computed: `rebuild` does that. It may be stopped at
    any time; a Redis that had lost everything is then still known as not filled. The bandit's
    rollout is written again too.

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        user_id: Whom to copy; None: all, and from Redis goes who has no rows in SQLite.
        progress: Called with how many rows more are in Redis.

    Raises:
        UnknownUserError: The user has no rows; what Redis had of him is gone.
        NoDatabaseError: There is no database.
        DatabaseError: SQLite refuses.
        NoRedisError: Redis does not answer; users before are copied.
    """
    online = OnlineWriter(store)
    tables = [StateTable(view) for view in STATE_VIEWS]
    done = Resynced()
    with refusals_told(settings), reading_as_it_goes(settings.db) as connection:
        copy = OnlineCopy(connection, tables, online)
        if user_id is not None:
            done.rows = copy.replace([user_id])
            if not done.rows:
                raise UnknownUserError(user_id, near_users(connection, user_id))
            done.users = 1
            return done
        token = None if online.mark.holds() else online.mark.begin()
        publish_rollout(connection, online)
        users = users_anywhere(connection, [table.name for table in tables])
        while chunk := list(islice(users, USERS_AT_ONCE)):
            rows = copy.replace(chunk)
            withdraw_forgotten(connection, online, chunk)
            done.users += len(chunk)
            done.rows += rows
            progress(rows)
        done.strangers = remove_strangers(connection, tables, online)
        if token is not None:
            online.mark.finish(token)
    return done
