"""What is known of the builder, Redis, NATS and the files at this moment."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from oo_profile.errors import NoNatsError, ProfileError
from oo_profile.insight.sample import BACKLOGS, LagSample, sample_lag, wal_of
from oo_profile.transport.connection import connect_to_nats

if TYPE_CHECKING:
    from pathlib import Path

    from oo_admin.accounts.database import AdminDatabase
    from oo_admin.reading.reader import Reader
    from oo_profile.settings import Settings

PACKAGES: Final = ("oo-feature-store", "feast", "redis", "nats-py", "fastapi", "numpy")
NATS_SECONDS: Final = 1.0
"""Longer than this the page does not wait for NATS."""


def system_facts(reader: Reader, database: AdminDatabase) -> dict[str, Any]:
    """Tell how everything is; what does not answer is told with its reason."""
    settings = reader.settings
    lag, refusal = _lag(settings)
    return {
        "backlogs": _backlogs(reader),
        "lag": None
        if lag is None
        else {
            "waiting": lag.waiting,
            "unacknowledged": lag.unacknowledged,
            "redelivered": lag.redelivered,
        },
        "nats_refusal": refusal,
        "redis_refusal": reader.redis_refusal(),
        "files": [
            {"what": what, "bytes": _bytes(path)}
            for what, path in (
                ("signals, history, profiles", settings.db),
                ("their write-ahead log", wal_of(settings.db)),
                ("registry", settings.registry),
                ("these pages", database.path),
            )
        ],
        "versions": {
            **{name: importlib.metadata.version(name) for name in PACKAGES},
            "SQLite": sqlite3.sqlite_version,
        },
    }


def _backlogs(reader: Reader) -> dict[str, int] | None:
    try:
        with reader.reading() as connection:
            return {
                name: int(connection.execute(count).fetchone()[0])
                for name, count in BACKLOGS.items()
            }
    except ProfileError:
        return None


def _lag(settings: Settings) -> tuple[LagSample | None, str]:
    async def ask() -> LagSample | None:
        async with (
            asyncio.timeout(NATS_SECONDS),
            connect_to_nats(settings, name="oo admin") as nats,
        ):
            return await sample_lag(nats)

    try:
        lag = asyncio.run(ask())
    except (NoNatsError, TimeoutError):
        return None, "NATS does not answer: `oo up` starts one, OO_NATS says where it is"
    return lag, "" if lag else "no builder has read from the stream yet: `oo run` starts one"


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
