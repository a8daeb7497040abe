"""Short texts that lie in a project's Redis beside its entities, under keys of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from oo_stores.redis.failures import answered_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from feast import RepoConfig

    from oo_stores.redis.connections import Client


class Notes:
    """Reads and writes texts that belong to no entity.

    A flush takes them like everything else: whoever writes one keeps it elsewhere too. Keys are
    the caller's, and should name him and the project, as `mark_key` does.

    Args:
        config: Gives the settings of Redis.
        client: Returns the client.

    Raises:
        OnlineServerError: By every method: Redis did not do what it was asked.
    """

    def __init__(self, config: RepoConfig, client: Callable[[], Client]) -> None:
        self._settings = config.online_store
        self._client = client

    def get(self, key: str) -> bytes | None:
        """Return the text under a key; None if there is none."""
        with answered_by(self._settings):
            return cast("bytes | None", self._client().get(key))

    def put(self, key: str, text: str) -> None:
        """Put a text under a key, in the place of any that is there."""
        with answered_by(self._settings):
            self._client().set(key, text)

    def remove(self, key: str) -> None:
        """Remove the text under a key, if there is one."""
        with answered_by(self._settings):
            self._client().delete(key)
