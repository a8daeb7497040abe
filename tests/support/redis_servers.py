"""Redis servers of other kinds: replicas, Sentinels, Clusters, with a password."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self, cast

from live import PATIENCE_SECONDS
from redis import Redis

from oo_profile.development.ports import free_port
from oo_profile.development.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HIGHEST_CLUSTER_PORT = 55_000
"""A Cluster's servers talk to each other 10,000 ports above."""
_SLOTS = 16_384


class ConfiguredRedis(RedisServer):
    """A Redis with more lines in its configuration.

    Args:
        folder: Its files.
        lines: What it is told beside port and folder.
        port: Its port; any free one if None.
    """

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        super().__init__(folder, port=port)
        self._lines = lines

    def _config(self) -> str:
        return super()._config() + "".join(f"{line}\n" for line in self._lines)

    def client(self) -> Redis:
        """Return a plain client."""
        return Redis(host=self.host, port=self.port)

    def key_count(self) -> int:
        """Return how many keys it holds."""
        return cast("int", self.client().dbsize())


def replica_of(primary: RedisServer, folder: Path) -> ConfiguredRedis:
    """Return a server, not started, that copies another."""
    return ConfiguredRedis(folder, f"replicaof {primary.host} {primary.port}")


class Sentinel(ConfiguredRedis):
    """A Sentinel that watches one primary, called `shop`, and decides alone, once it is alert.

    Args:
        folder: Its files.
        primary: What it watches.
    """

    def __init__(self, folder: Path, primary: RedisServer) -> None:
        super().__init__(
            folder,
            f"sentinel monitor shop {primary.host} {primary.port} 1",
            "sentinel down-after-milliseconds shop 3600000",
            "sentinel failover-timeout shop 1000",
        )

    def _command(self) -> list[str]:
        return [*super()._command(), "--sentinel"]

    def be_alert(self) -> None:
        """Take the primary for dead, from now on, when it is silent for 200 ms."""
        client = self.client()
        client.execute_command("SENTINEL", "SET", "shop", "down-after-milliseconds", 200)  # type: ignore[no-untyped-call]

    def primary_port(self) -> int:
        """Return the port of the server that it takes for the primary."""
        client = self.client()
        answer = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop")  # type: ignore[no-untyped-call]
        return int(answer[1])

    def knows_a_replica(self) -> bool:
        """Say whether it has found a replica to promote, in good order."""
        client = self.client()
        answer = client.execute_command("SENTINEL", "REPLICAS", "shop")  # type: ignore[no-untyped-call]
        replicas = cast("list[list[bytes]]", answer)
        return any(b"slave" in replica for replica in replicas)


class Cluster:
    """A Cluster of some servers without replicas, which share the slots; a context manager.

    Args:
        folder: Their files.
        size: How many.
    """

    def __init__(self, folder: Path, size: int = 2) -> None:
        self.servers = [
            ConfiguredRedis(folder / str(n), "cluster-enabled yes", port=_low_port())
            for n in range(size)
        ]

    @property
    def connection_string(self) -> str:
        """Where its servers listen."""
        return ",".join(server.address for server in self.servers)

    def __enter__(self) -> Self:
        for server in self.servers:
            server.start()
        first, size = self.servers[0], len(self.servers)
        for n, server in enumerate(self.servers):
            slots = range(n * _SLOTS // size, (n + 1) * _SLOTS // size)
            server.client().execute_command("CLUSTER", "ADDSLOTS", *slots)  # type: ignore[no-untyped-call]
            if server is not first:
                server.client().execute_command("CLUSTER", "MEET", first.host, first.port)  # type: ignore[no-untyped-call]
        eventually(lambda: all(_is_whole(server.client()) for server in self.servers))
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.stop()


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds that a server brings about by itself.

    Raises:
        TimeoutError: It did not within the tests' patience.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.01)


def _is_whole(client: Redis) -> bool:
    return b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO")  # type: ignore[no-untyped-call]


def _low_port() -> int:
    while (port := free_port()) > _HIGHEST_CLUSTER_PORT:
        pass
    return port
