"""A key that says that a Redis still holds all that was written to it.

Redis may be flushed, restarted empty, restarted from an older snapshot, or replaced by a replica
that lagged behind, and nothing that it answers to a write tells. So whoever has written everything
leaves a mark, which holds the servers' run ids: it is gone with the data, and a server that was
started anew has another id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from redis.cluster import RedisCluster
from redis.exceptions import NoPermissionError

from oo_stores.redis.failures import answered_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feast import RepoConfig

    from oo_stores.redis.connections import Client

_FILLING = b"filling"
_UNKNOWN = b"unknown"


def mark_key(project: str) -> bytes:
    """Return the key of a project's mark, which is no entity's key.

    >>> mark_key("oo")
    b'oo_stores:filled:oo'
    """
    return b"oo_stores:filled:" + project.encode()


class FillMark:
    """Tells whether a Redis lost what it had, and is set by whoever fills it anew.

    Order of calls: `holds`; if it does not, `begin`, then write everything, then `finish`; if
    that says no, all of it again. Deleting through the store takes the mark away.

    In a Cluster the mark lies on one server: a restart of any is noticed, a flush of that one.
    Where the user may not ask for `INFO`, a restart is noticed only if the mark is gone.

    Args:
        config: Gives the project and the settings of Redis.
        client: Returns the client.

    Raises:
        OnlineServerError: By every method: Redis did not do what it was asked.
    """

    def __init__(self, config: RepoConfig, client: Callable[[], Client]) -> None:
        self._settings = config.online_store
        self._client = client
        self._key = mark_key(config.project)

    def holds(self) -> bool:
        """Say whether all that was there at `finish` is still there."""
        with answered_by(self._settings):
            client = self._client()
            return bool(client.get(self._key) == _run_ids(client))

    def begin(self) -> bytes:
        """Mark that the Redis is being filled; return what `finish` is to be given."""
        with answered_by(self._settings):
            client = self._client()
            client.set(self._key, _FILLING)
            return _run_ids(client)

    def finish(self, token: bytes) -> bool:
        """Mark that it is filled; say whether nothing was flushed since `begin`.

        A restart since then is told by the next `holds`.
        """
        with answered_by(self._settings):
            return bool(self._client().set(self._key, token, xx=True))

    def probe(self) -> None:
        """Ask for a write that changes nothing: it fails where a write would."""
        with answered_by(self._settings):
            self._client().setrange(self._key, 0, "")


def _run_ids(client: Client) -> bytes:
    try:
        ids = sorted(str(server["run_id"]) for server in _servers(client))
    except NoPermissionError:
        return _UNKNOWN
    return ",".join(ids).encode()


def _servers(client: Client) -> Iterable[dict[str, Any]]:
    if isinstance(client, RedisCluster):
        answers = client.info("server", target_nodes=RedisCluster.PRIMARIES)
        return cast("dict[str, dict[str, Any]]", answers).values()
    return [cast("dict[str, Any]", client.info("server"))]
