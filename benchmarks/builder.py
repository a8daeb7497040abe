"""Measure the profile builder alone: rate, latency, memory, each beside its target."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import builder_drain
import builder_latency
import builder_memory
import builder_push
import late_signals

from oo_profile.apply import apply_definitions
from oo_profile.demo.feed import from_simulation
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store
from oo_transforms.clock import EPOCH

if TYPE_CHECKING:
    from feast import FeatureStore

    from oo_profile.demo.stage import Stage

PARTS = ("latency", "rate", "memory", "late")
PROJECT = Path(__file__).resolve().parents[1]
NOW = EPOCH.replace(year=2026, month=7)
"""The population's last day; fixed, so that the same seed gives the same signals."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `measure` takes."""
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--users", type=int, default=50_000, help="of the population")
    parser.add_argument("--days", type=int, default=6, help="that they live through")
    parser.add_argument("--latency-seconds", type=int, default=12, help="at a steady rate")
    parser.add_argument(
        "--memory-signals", type=int, default=400_000, help="over which memory is flat"
    )
    parser.add_argument(
        "--import-seconds", type=float, default=10.0, help="over which old signals are imported"
    )
    parser.add_argument("--memory-users", type=int, default=100_000, help="whose signals they are")


def measure(on: Stage, store: FeatureStore, options: argparse.Namespace) -> None:
    """Print the figures of the builder that are asked for."""
    if "latency" in options.parts:
        builder_latency.measure(on, store, options.latency_seconds, options.users)
    if "rate" in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "signals.jsonl"
            feed = from_simulation(options.users, options.days, options.seed, path, NOW)
            builder_push.measure(on, builder_drain.measure(on, store, feed))
    if "late" in options.parts:
        late_signals.measure(on, store, options.import_seconds, options.latency_seconds)
    if "memory" in options.parts:
        builder_memory.measure(on, store, options.memory_signals, options.memory_users)


def main() -> None:
    """Apply the definitions on servers of its own, and measure."""
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
