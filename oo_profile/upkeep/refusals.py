"""What SQLite and Redis refuse, in this package's words."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError, NoRedisError
from oo_profile.settings import redis_endpoint
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.settings import Settings


@contextlib.contextmanager
def refusals_told(settings: Settings) -> Iterator[None]:
    """Say which server refused what is done inside, and where it is."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseError(settings.db, error) from error
    except OnlineServerError as error:
        host, port = redis_endpoint(settings.redis)
        raise NoRedisError(f"{host}:{port}", error.reason) from error
