"""State into Redis, in the layout that `get_online_features` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feast.infra.online_stores.helpers import get_online_store_from_config

from oo_profile.registry import state_views
from oo_stores.redis import FillMark, OnlineRow, RedisOnlineStore
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from feast import FeatureStore

    from oo_profile.building.batch import UserView
    from oo_transforms.history import Version


class OnlineWriter:
    """Writes the newest versions of states to the online store.

    Attributes:
        mark: Tells whether the online store lost what it had.

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
        online = get_online_store_from_config(store.config.online_store)
        if not isinstance(online, RedisOnlineStore):
            raise TypeError(
                f"the online store is {type(online).__name__}; the builder writes to "
                "oo_stores.redis.RedisOnlineStore: name it in feature_store.yaml"
            )
        self._store = online
        self.mark: FillMark = online.fill_mark(store.config)

    def write(self, newest: Mapping[UserView, Version]) -> int:
        """Write states, each as a whole, where Redis has no newer ones; return how many.

        Raises:
            OnlineServerError: Some may be written; the same call may be made again.
        """
        return self._store.write_views(
            self._config,
            (
                (self._views[view], self._row(user_id, view, version))
                for (user_id, view), version in sorted(newest.items())
            ),
        )

    def delete(self, user_ids: Iterable[str]) -> int:
        """Delete everything that is stored of these users; return how many of them had anything.

        Raises:
            OnlineServerError: Some may be deleted; the same call may be made again.
        """
        view = self._views[STATE_VIEWS[0].name]
        entities = [{"user_id": user_id} for user_id in user_ids]
        return self._store.delete_entities(self._config, view, entities)

    def _row(self, user_id: str, view: str, version: Version) -> OnlineRow:
        values = dict(zip(self._fields[view], version.cells, strict=True))
        return OnlineRow({"user_id": user_id}, values, version.event_time_us, version.created_us)
