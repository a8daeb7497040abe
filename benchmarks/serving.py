"""Measure `POST /rank` of the example service, beside the same one on stock Feast's Redis store.

Each service is one uvicorn process; the requests come from this one, over connections that stay
open. The two take turns, so that other work on the machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]
from online_timing import at_least, show
from serving_load import Load, filled, reads_by_way

from oo_profile.apply import apply_definitions
from oo_profile.demo.stage import stage
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.registry import open_store
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.stream import ensure_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_profile.demo.stage import Stage

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = PROJECT / "examples" / "ml_serving"
OURS, STOCK = "this store", "stock Feast's store"
STOCK_YAML = """
project: oo
provider: local
registry:
  registry_store_type: oo_stores.registry.AtomicFileRegistryStore
  path: ${OO_REGISTRY}
  cache_ttl_seconds: 60
online_store:
  type: redis
  connection_string: <redis>
entity_key_serialization_version: 3
"""
START_SECONDS = 120
PHASES = ("decode", "read", "rank", "log", "encode")


@dataclass(slots=True)
class Server:
    """A running service, and what was measured of it.

    Attributes:
        name: Which.
        port: Where it listens.
        process: Its process.
        seconds: Wall time of each round.
        cpu_seconds: Processor time of each.
        durations: Of each request, seconds.
    """

    name: str
    port: int
    process: psutil.Process
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)

    def round(self, load: Load, requests: int) -> None:
        """Let it answer so many requests, and note what they took."""
        cpu, began = self.cpu(), time.perf_counter()
        self.durations += asyncio.run(load.send(self.port, requests))
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds.append(self.cpu() - cpu)

    def cpu(self) -> float:
        """Return the processor time of its process so far, seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def phases(self) -> dict[str, float]:
        """Return the mean time of each phase so far, milliseconds."""
        address = f"http://{LOOPBACK}:{self.port}/metrics"
        with urllib.request.urlopen(address) as answer:
            lines = answer.read().decode().splitlines()
        told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        name = "ml_serving_phase_seconds"
        return {
            phase: 1e3
            * float(told[f'{name}_sum{{phase="{phase}"}}'])
            / float(told[f'{name}_count{{phase="{phase}"}}'])
            for phase in PHASES
        }


def main() -> None:
    """Start both services, let them answer in turns, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--candidates", type=int, default=50)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--requests", type=int, default=400, help="of each service in a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, seed {options.seed}")
    with stage(PROJECT / "feature_repo", keep=False) as on, contextlib.ExitStack() as exits:
        apply_definitions(on.settings)
        asyncio.run(_make_stream(on))
        users = filled(open_store(on.settings), options.seed)
        load = Load(users, options.candidates, options.connections)
        servers = [
            exits.enter_context(_served(OURS, EXAMPLE, on)),
            exits.enter_context(_served(STOCK, _stock_repo(on), on)),
        ]
        _measure(servers, load, options.rounds, options.requests)
        _show(servers, options.rounds * options.requests)
        reads_by_way(open_store(on.settings), load)


def _measure(servers: list[Server], load: Load, rounds: int, requests: int) -> None:
    for server in servers:
        asyncio.run(load.send(server.port, load.connections * 4))  # connections, plans, first code
    for _ in range(rounds):
        for server in servers:
            server.round(load, requests)


def _show(servers: list[Server], requests: int) -> None:
    for server in servers:
        cuts = statistics.quantiles(server.durations, n=100)
        print(f"{server.name}:")
        print(f"  {requests / sum(server.seconds):9,.0f} requests/s on one process")
        print(f"  p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms")
        print(f"  {1e3 * sum(server.cpu_seconds) / requests:.2f} ms of processor time a request")
        phases = server.phases()
        print("  " + ", ".join(f"{name} {taken:.2f}" for name, taken in phases.items()) + " ms")
    ours, stock = servers
    rates = [b / a for a, b in zip(ours.seconds, stock.seconds, strict=True)]
    costs = [b / a for a, b in zip(ours.cpu_seconds, stock.cpu_seconds, strict=True)]
    show("throughput over stock's, median of the rounds", statistics.median(rates), at_least(4))
    show("the same by processor time of the service", statistics.median(costs), at_least(4))


@contextlib.contextmanager
def _served(name: str, repo: Path, on: Stage) -> Iterator[Server]:
    """Run the service on a folder with a `feature_store.yaml`."""
    port = free_port()
    environment = os.environ | {
        "OO_SERVING_REPO": str(repo),
        "OO_SERVING_SPOOL": str(on.folder / f"spool-{port}"),
        # Stock Feast takes its time, and is to answer all the same.
        "OO_SERVING_READ_MS": "60000",
        "OO_SERVING_ACK_MS": "60000",
    }
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "--factory"]
    command += ["--app-dir", str(EXAMPLE.parent), "ml_serving.app:from_environment"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    with (on.folder / f"service-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        _wait(port, process)
        yield Server(name, port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz").close()
            return
        time.sleep(0.1)
    raise SystemExit(f"the service on port {port} did not start")


def _stock_repo(on: Stage) -> Path:
    repo = on.folder / "stock"
    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir()
    text = STOCK_YAML.replace("<redis>", on.settings.redis)
    (repo / "feature_store.yaml").write_text(text, encoding="utf-8")
    return repo


async def _make_stream(on: Stage) -> None:
    async with nats_connection(on.settings.nats) as connection:
        await ensure_stream(connection)


if __name__ == "__main__":
    main()
