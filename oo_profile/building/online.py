"""State into Redis, in the layout that `get_online_features` reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
from feast.infra.online_stores.helpers import get_online_store_from_config

from oo_profile.building.newest_states import NewestStates
from oo_profile.errors import UnreadableStateError
from oo_profile.registry import state_views
from oo_profile.storage.state_rows import field_columns
from oo_stores.redis import FillMark, Notes, OnlineColumns, RedisOnlineStore, Replacement
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feast import FeatureStore, FeatureView

    from oo_profile.building.newest_states import UserView, ViewStates
    from oo_profile.storage.state_table import RawRow
    from oo_stores.redis import PackedRows, StoredRow
    from oo_stores.redis.persistence import Rewritten
    from oo_transforms.history import Version

_VIEWS = {view.name: view for view in STATE_VIEWS}


@dataclass(frozen=True, slots=True)
class NewestRows:
    """What Redis is to have of some users, by the name of the view.

    Attributes:
        rows: Newest rows as SQLite stores them.
        gone: Users of whom Redis is to have nothing.
    """

    rows: Mapping[str, Sequence[RawRow]]
    gone: Mapping[str, Sequence[str]]


class OnlineWriter:
    """Writes the newest versions of states to the online store.

    Attributes:
        mark: Tells whether the online store lost what it had.
        notes: Texts beside the states.
        project: Name of the project, which keys carry.

    Raises:
        NotAppliedError: The registry's state views are not those of the code.
        TypeError: The online store of `feature_store.yaml` is not ours.
    """

    def __init__(self, store: FeatureStore) -> None:
        self._config = store.config
        self._views = state_views(store)
        # In the order of a version's cells, which need not be the registry's.
        self._fields = {
            view.name: tuple(field.name for field in view.fields()) for view in STATE_VIEWS
        }
        self._texts = {
            view.name: [at for at, f in enumerate(view.fields()) if f.dtype == "Array(String)"]
            for view in STATE_VIEWS
        }
        online = get_online_store_from_config(store.config.online_store)
        if not isinstance(online, RedisOnlineStore):
            raise TypeError(
                f"the online store is {type(online).__name__}; the builder writes to "
                "oo_stores.redis.RedisOnlineStore: name it in feature_store.yaml"
            )
        self._store = online
        self._repairs = online.repairs(store.config)
        self.mark: FillMark = online.fill_mark(store.config)
        self.notes: Notes = online.notes(store.config)
        self.project: str = store.config.project

    def write(self, newest: Mapping[UserView, Version]) -> int:
        """Write states, each as a whole, where Redis has no newer ones; return how many.

        Args:
            newest: The states; those that come as columns are written fastest.

        Raises:
            OnlineServerError: Some may be written; the same call may be made again.
        """
        if not isinstance(newest, NewestStates):
            newest = NewestStates.of(_VIEWS, newest)
        return self.write_packed(self.pack(newest))

    def pack(self, newest: NewestStates) -> PackedRows:
        """Encode states for `write_packed`, without Redis."""
        return self._store.pack_columns(self._config, map(self._columns, newest.parts))

    def write_packed(self, packed: PackedRows) -> int:
        """Write states that are encoded, as `write` does.

        Raises:
            OnlineServerError: As `write` does.
        """
        return self._store.write_packed(self._config, packed)

    def replace(self, parts: Iterable[NewestRows]) -> int:
        """Put rows as SQLite stores them in the place of whatever is there; return how many.

        Beside a builder this may put an older one: `OnlineCopy` knows when to look again.

        Args:
            parts: Some users each, read while those before them are on their way.

        Raises:
            OnlineServerError: Some may be replaced; the same call may be made again.
        """
        return self._repairs.replace(map(self._replacement, parts))

    def stored(self, asked: Sequence[tuple[str, str]]) -> list[StoredRow | None]:
        """Read what Redis has, of any age, for each user and view asked for.

        Raises:
            OnlineServerError: Redis did not do what it was asked.
        """
        return self._repairs.stored_rows(
            [(self._views[view], {"user_id": user_id}) for user_id, view in asked]
        )

    def users(self) -> Iterator[str]:
        """Give the users of whom Redis has anything, in any order.

        Raises:
            OnlineServerError: Redis did not do what it was asked.
        """
        view = self._views[STATE_VIEWS[0].name]
        for join_keys in self._repairs.entities(view):
            yield str(join_keys["user_id"])

    def delete(self, user_ids: Iterable[str]) -> int:
        """Delete everything that is stored of these users; return how many of them had anything.

        Raises:
            OnlineServerError: Some may be deleted; the same call may be made again.
        """
        view = self._views[STATE_VIEWS[0].name]
        entities = [{"user_id": user_id} for user_id in user_ids]
        return self._store.delete_entities(self._config, view, entities)

    def rewrite_files(self) -> Rewritten:
        """Let Redis write anew what it keeps on disk, where deleted users are still.

        Raises:
            OnlineServerError: It did not do what it was asked.
        """
        return self._store.rewrite_files(self._config)

    def ping(self) -> None:
        """Ask whether Redis is there.

        Raises:
            OnlineServerError: It is not.
        """
        self._store.ping(self._config)

    def _replacement(self, part: NewestRows) -> Replacement:
        return Replacement(
            [(self._views[view], self._raw(view, own)) for view, own in part.rows.items() if own],
            [(self._views[view], {"user_id": users}) for view, users in part.gone.items() if users],
        )

    def _raw(self, view: str, rows: Sequence[RawRow]) -> OnlineColumns:
        users, events, created, *cells = map(list, zip(*rows, strict=True))
        # Packed numbers are taken as they are; lists of texts are JSON.
        for place in self._texts[view]:
            cells[place] = list(map(partial(_names, view), users, cells[place]))
        # Numbers are packed all at once, unless some are null.
        values: dict[str, Any] = dict(zip(self._fields[view], cells, strict=True))
        values |= {
            name: np.array(column)
            for name, column in values.items()
            if set(map(type, column)) == {float}
        }
        return OnlineColumns({"user_id": users}, values, events, created)

    def _columns(self, part: ViewStates) -> tuple[FeatureView, OnlineColumns]:
        columns = part.columns
        name = columns.view.name
        return self._views[name], OnlineColumns(
            {"user_id": part.user_ids},
            dict(zip(self._fields[name], field_columns(columns), strict=True)),
            columns.event_times_us.tolist(),
            columns.created_us.tolist(),
        )


def _names(view: str, user_id: str, cell: str) -> list[str]:
    try:
        return cast("list[str]", msgspec.json.decode(cell))
    except (TypeError, ValueError) as error:
        raise UnreadableStateError(view, user_id, error) from error
