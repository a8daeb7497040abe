"""Measure the online store alone, beside Feast's own and bare redis-py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import online_load
import online_reads
import online_writes
from online_peers import peers

from oo_profile.apply import apply_definitions
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store

if TYPE_CHECKING:
    from feast import FeatureStore

    from oo_profile.demo.stage import Stage

PROJECT = Path(__file__).resolve().parents[1]
READS = 2000
WRITES = 5000
REQUESTS = 50_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `measure` takes."""
    parser.add_argument("--reads", type=int, default=READS, help="of one user")
    parser.add_argument("--writes", type=int, default=WRITES, help="rows in a batch")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="over which memory is flat")


def measure(on: Stage, store: FeatureStore, options: argparse.Namespace) -> None:
    """Print all figures of the online store."""
    found = peers(on, store, options.seed)
    online_reads.measure(found, options.reads)
    online_load.measure_throughput(found, options.reads)
    online_load.measure_memory(found, options.requests)
    online_writes.measure(found, options.writes, options.seed)


def main() -> None:
    """Apply the definitions on a Redis of its own, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    add_options(parser)
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, seed {options.seed}")
    with stage(PROJECT / "feature_repo", keep=False) as on:
        apply_definitions(on.settings)
        measure(on, open_store(on.settings), options)


if __name__ == "__main__":
    main()
