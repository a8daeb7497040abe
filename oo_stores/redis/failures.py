"""What redis-py raises, as the errors of this package."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis import exceptions

from oo_stores import errors
from oo_stores.redis.connections import server_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_stores.redis.config import RedisOnlineStoreConfig

FAILURES = (exceptions.RedisError, exceptions.RedisClusterException)
"""All that redis-py raises; the second is no RedisError."""

_BY_CLASS: tuple[tuple[type[Exception], type[errors.OnlineServerError]], ...] = (
    # The first that fits: to redis-py, a refused password is a connection error.
    (exceptions.AuthenticationError, errors.ServerDeniedError),
    (exceptions.AuthorizationError, errors.ServerDeniedError),
    (exceptions.NoPermissionError, errors.ServerDeniedError),
    (exceptions.AuthenticationWrongNumberOfArgsError, errors.ServerDeniedError),
    (exceptions.TimeoutError, errors.ServerTimeoutError),
    (exceptions.ConnectionError, errors.ServerUnavailableError),
    (exceptions.ClusterError, errors.ServerUnavailableError),
    (exceptions.AskError, errors.ServerUnavailableError),
    (exceptions.TryAgainError, errors.ServerUnavailableError),
    (exceptions.RedisClusterException, errors.ServerUnavailableError),
    (exceptions.OutOfMemoryError, errors.ServerFullError),
    (exceptions.ReadOnlyError, errors.ServerReadOnlyError),
)
_BY_CODE: dict[str, type[errors.OnlineServerError]] = {
    "OOM": errors.ServerFullError,
    "READONLY": errors.ServerReadOnlyError,
    "MISCONF": errors.ServerReadOnlyError,
    "NOREPLICAS": errors.ServerReadOnlyError,
    "NOPERM": errors.ServerDeniedError,
}
# A script that Redis stops reports the command's code somewhere within its own message.
_CODE = re.compile(rf"(?:^|[\s-])({'|'.join(_BY_CODE)})\b")


def translated(error: Exception, server: str) -> errors.OnlineServerError:
    """Return our error for one of redis-py's.

    Args:
        error: One of `FAILURES`.
        server: Where Redis was looked for; no password.

    >>> translated(exceptions.TimeoutError("Timeout reading from socket"), "Redis at h:1").server
    'Redis at h:1'
    """
    reason = str(error) or type(error).__name__
    for theirs, ours in _BY_CLASS:
        if isinstance(error, theirs):
            return ours(server, reason)
    code = _CODE.search(reason)
    return (_BY_CODE[code[1]] if code else errors.ServerAnswerError)(server, reason)


@contextmanager
def answered_by(settings: RedisOnlineStoreConfig) -> Iterator[None]:
    """Translate what redis-py raises inside the block, the original chained.

    Raises:
        OnlineServerError: Redis did not do what it was asked.
    """
    try:
        yield
    except FAILURES as error:
        raise translated(error, server_name(settings)) from error
