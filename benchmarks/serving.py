"""Measure `POST /rank` of the example service, beside the same one on stock Feast's Redis store.

Each service is one uvicorn process; the requests come from this one, over connections that stay
open. The two take turns, so that other work on the machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from online_timing import at_least, show
from serving_load import Load, filled, reads_by_way
from serving_process import EXAMPLE, PROJECT, Service, service
from serving_steps import show_steps

from oo_profile.apply import apply_definitions
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from oo_profile.demo.stage import Stage

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
ALONE = 50
"""Requests that come one after the other, to see where their time goes."""

PHASES = ("decode", "read", "rank", "log", "encode")


@dataclass(slots=True)
class Measured:
    """What was measured of a running service.

    Attributes:
        name: Which.
        service: It.
        seconds: Wall time of each round.
        cpu_seconds: Its processor time in each.
        durations: Of each request, seconds.
    """

    name: str
    service: Service
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)

    def round(self, load: Load, requests: int) -> None:
        """Let it answer so many requests, and note what they took."""
        cpu, began = self.service.cpu_seconds(), time.perf_counter()
        self.durations += asyncio.run(load.send(self.service.port, requests))
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds.append(self.service.cpu_seconds() - cpu)

    def phases(self, load: Load) -> dict[str, float]:
        """Return where the time of a request goes that comes alone, milliseconds.

        What no phase of the service has is that of HTTP, of both sides.
        """
        before = self.service.metrics()
        durations = asyncio.run(load.alone().send(self.service.port, ALONE))
        after, name = self.service.metrics(), "ml_serving_phase_seconds_sum"
        sums = {phase: f'{name}{{phase="{phase}"}}' for phase in PHASES}
        found = {p: 1e3 * (after[key] - before[key]) / ALONE for p, key in sums.items()}
        return found | {"http": 1e3 * statistics.mean(durations) - sum(found.values())}


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
        users = filled(open_store(on.settings), options.seed)
        load = Load(users, options.candidates, options.connections)
        servers = [
            Measured(name, exits.enter_context(service(on, repo, patient=True)))
            for name, repo in ((OURS, EXAMPLE), (STOCK, _stock_repo(on)))
        ]
        _measure(servers, load, options.rounds, options.requests)
        _show(servers, load, options.rounds * options.requests)
        reads_by_way(open_store(on.settings), load)
        show_steps(open_store(on.settings), load)


def _measure(servers: list[Measured], load: Load, rounds: int, requests: int) -> None:
    for server in servers:
        asyncio.run(
            load.send(server.service.port, load.connections * 4)
        )  # connections, plans, first code
    for _ in range(rounds):
        for server in servers:
            server.round(load, requests)


def _show(servers: list[Measured], load: Load, requests: int) -> None:
    for server in servers:
        cuts = statistics.quantiles(server.durations, n=100)
        print(f"{server.name}:")
        print(f"  {requests / sum(server.seconds):9,.0f} requests/s on one process")
        print(f"  p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms")
        print(f"  {1e3 * sum(server.cpu_seconds) / requests:.2f} ms of processor time a request")
        phases = server.phases(load).items()
        print("  alone: " + ", ".join(f"{name} {taken:.2f}" for name, taken in phases) + " ms")
    ours, stock = servers
    rates = [b / a for a, b in zip(ours.seconds, stock.seconds, strict=True)]
    costs = [b / a for a, b in zip(ours.cpu_seconds, stock.cpu_seconds, strict=True)]
    show("throughput over stock's, median of the rounds", statistics.median(rates), at_least(4))
    show("the same by processor time of the service", statistics.median(costs), at_least(4))


def _stock_repo(on: Stage) -> Path:
    repo = on.folder / "stock"
    shutil.rmtree(repo, ignore_errors=True)
    repo.mkdir()
    text = STOCK_YAML.replace("<redis>", on.settings.redis)
    (repo / "feature_store.yaml").write_text(text, encoding="utf-8")
    return repo


if __name__ == "__main__":
    main()
