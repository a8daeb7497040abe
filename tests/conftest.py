"""Real servers for every test that needs one, and an environment without settings."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import nats
import pytest
import redis
from hypothesis import settings
from live import PATIENCE_SECONDS

from oo_profile.development.servers import NatsServer, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.world import World

REPO = Path(__file__).parents[1] / "feature_repo"

# An example may take as long as a busy machine needs: speed is measured in benchmarks alone.
settings.register_profile(
    "untimed", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove OO_* from the environment, so that a developer's own settings change no test."""
    for name in [name for name in os.environ if name.startswith("OO_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give a real Redis on a free port, one for the whole run."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Give a real NATS with JetStream on a free port, one for the whole run."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def redis_address(redis_server: RedisServer) -> str:
    """Give the "host:port" of a Redis without any keys."""
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        client.flushall()
    return redis_server.address


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """Give the URL of a NATS without any streams."""
    asyncio.run(_delete_streams(nats_server.url))
    return nats_server.url


async def _delete_streams(url: str) -> None:
    connection = await nats.connect(url)
    try:
        jetstream = connection.jetstream(timeout=PATIENCE_SECONDS)
        for stream in await jetstream.streams_info():
            await jetstream.delete_stream(str(stream.config.name))
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def applied_registry(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a registry with the project's definitions, applied once for the whole run."""
    from oo_profile.apply import apply_definitions  # noqa: PLC0415 - as in `world`
    from oo_profile.settings import current_settings  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OO_REPO", str(REPO))
        environment.setenv("OO_DB", str(folder / "oo.db"))
        environment.setenv("OO_REGISTRY", str(folder / "registry.db"))
        environment.setenv("OO_REDIS", redis_server.address)
        apply_definitions(current_settings())
    return folder / "registry.db"


@pytest.fixture
def world(
    applied_registry: Path,
    redis_address: str,
    nats_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """Give a world without any signals: its own database, registry and stream, an empty Redis."""
    # Imported here: tests without Feast need not wait for it.
    from support.world import World  # noqa: PLC0415

    from oo_profile.registry import open_store  # noqa: PLC0415
    from oo_profile.settings import current_settings  # noqa: PLC0415

    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(applied_registry, data / "registry.db")
    monkeypatch.setenv("OO_REPO", str(REPO))
    monkeypatch.setenv("OO_DB", str(data / "oo.db"))
    monkeypatch.setenv("OO_REGISTRY", str(data / "registry.db"))
    monkeypatch.setenv("OO_REDIS", redis_address)
    # Signals in tests have times of their own, and a request its `now`.
    monkeypatch.setenv("OO_TTL_CLOCK", "now")
    monkeypatch.setenv("OO_NATS", nats_url)
    settings = current_settings()
    # Only now: Feast reads the environment when the store is made.
    return World(settings, open_store(settings), redis_address, nats_url)
