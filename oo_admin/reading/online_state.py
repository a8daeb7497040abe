"""What Redis has of a user beside what SQLite has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.findings import Findings
from oo_profile.upkeep.online_check import check_online
from oo_stores.errors import OnlineServerError
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.building.online import OnlineWriter
    from oo_profile.upkeep.findings import Difference

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class OnlineView:
    """One state view of a user in both places.

    Attributes:
        view: The view.
        in_sqlite: Whether SQLite has a state.
        in_redis: Whether Redis has one.
        differences: What is not the same, a sentence each.
    """

    view: str
    in_sqlite: bool
    in_redis: bool
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnlineState:
    """A user in both places.

    Attributes:
        views: View by view; empty if Redis did not answer.
        refusal: What Redis said, empty if it answered.
        is_behind: Whether the builder knows that Redis is behind for this user.
    """

    views: tuple[OnlineView, ...]
    refusal: str
    is_behind: bool

    @property
    def agrees(self) -> bool:
        """Whether both places say the same."""
        return not self.refusal and not any(view.differences for view in self.views)


def online_state(connection: sqlite3.Connection, online: OnlineWriter, user_id: str) -> OnlineState:
    """Compare what Redis has of a user with his newest rows in SQLite.

    Beside a builder at work Redis may be a moment behind, or, read later, ahead.
    """
    tables = [StateTable(view) for view in STATE_VIEWS]
    behind = connection.execute("SELECT 1 FROM online_behind WHERE user_id = ?", (user_id,))
    is_behind = behind.fetchone() is not None
    try:
        found = online.stored([(user_id, table.name) for table in tables])
    except OnlineServerError as error:
        return OnlineState((), str(error), is_behind)
    views = []
    for table, stored in zip(tables, found, strict=True):
        newest = table.newest_raw(connection, [user_id]).get(user_id)
        told: list[Difference] = []
        check_online(table, user_id, stored, newest, Findings({"redis": TOLERANCE}, told.append))
        said = tuple(_told(difference) for difference in told)
        views.append(OnlineView(table.name, newest is not None, stored is not None, said))
    return OnlineState(tuple(views), "", is_behind)


def _told(difference: Difference) -> str:
    if difference.kind == "missing":
        return f"{difference.feature} is missing in Redis"
    if difference.kind == "extra":
        return f"{difference.feature} is in Redis alone"
    return (
        f"{difference.feature} is {difference.found!r} in Redis, {difference.expected!r} in SQLite"
    )
