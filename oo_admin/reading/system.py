"""What is known of the builder, Redis, NATS and the files at this moment."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file.

    Attributes:
        what: What it holds.
        bytes: Its size.
    """

    what: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFacts:
    """How everything is at this moment.

    Attributes:
        backlogs: What waits behind the builder's batches; null: there is no database yet.
        lag: What the builder has before it in the stream; null: not known.
        nats_refusal: Why it is not known; empty: it is.
        redis_refusal: Why Redis does not answer; empty: it does.
        files: The files and their sizes.
        versions: Versions by package.
    """

    backlogs: dict[str, int] | None
    lag: LagSample | None
    nats_refusal: str
    redis_refusal: str
    files: tuple[FileFacts, ...]
    versions: dict[str, str]


def system_facts(reader: Reader, database: AdminDatabase) -> SystemFacts:
    """Tell how everything is; what does not answer is told with its reason."""
    settings = reader.settings
    lag, refusal = _lag(settings)
    return SystemFacts(
        backlogs=_backlogs(reader),
        lag=lag,
        nats_refusal=refusal,
        redis_refusal=reader.redis_refusal(),
        files=tuple(
            FileFacts(what=what, bytes=_bytes(path))
            for what, path in (
                ("signals, history, profiles", settings.db),
                ("their write-ahead log", wal_of(settings.db)),
                ("registry", settings.registry),
                ("these pages", database.path),
            )
        ),
        versions={
            **{name: importlib.metadata.version(name) for name in PACKAGES},
            "SQLite": sqlite3.sqlite_version,
        },
    )


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
