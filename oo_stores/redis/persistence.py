"""What Redis keeps on disk, written anew: it still holds what was deleted from memory since."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from redis import Redis
from redis.exceptions import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_stores.redis.connections import Client

Rewritten = Literal["nothing on disk", "written anew", "unknown"]
"""What became of the files of a Redis."""

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 300.0


def rewrite_files(
    client: Client,
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Rewritten:
    """Let a Redis write its snapshot and its append-only file anew, if it keeps any.

    Args:
        client: The server.
        sleep: Waits.
        monotonic: Tells seconds.

    Returns:
        "unknown" where it does not tell, as many that are rented do not, and for a Cluster.

    Raises:
        redis.RedisError: It did not do what it was asked.
    """
    if not isinstance(client, Redis):
        return "unknown"
    try:
        snapshots = _setting(client, "save") != ""
        appends = _setting(client, "appendonly") == "yes"
        if snapshots:
            _begin(client, "BGSAVE", "SCHEDULE")
        if appends:
            _begin(client, "BGREWRITEAOF")
    except ResponseError:
        # NOPERM, or a command that was renamed away.
        return "unknown"
    deadline = monotonic() + _PATIENCE_SECONDS
    while not _is_done(client):
        if monotonic() > deadline:
            return "unknown"
        sleep(_POLL_SECONDS)
    return "written anew" if snapshots or appends else "nothing on disk"


def _setting(client: Redis, name: str) -> str:
    answer = client.execute_command("CONFIG", "GET", name)  # type: ignore[no-untyped-call]
    settings = answer if isinstance(answer, dict) else dict(zip(*[iter(answer)] * 2, strict=True))
    return next((_text(value) for key, value in settings.items() if _text(key) == name), "")


def _begin(client: Redis, *command: str) -> None:
    client.execute_command(*command)  # type: ignore[no-untyped-call]


def _is_done(client: Redis) -> bool:
    info = client.info("persistence")
    under_way = ("rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled")
    return isinstance(info, dict) and not any(info.get(name) for name in under_way)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
