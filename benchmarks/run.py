"""Measure the project, each figure beside a peer in the same run.

Machines are shared and noisy, so the ratio to the peer is the figure that counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import builder_rate
import online

from oo_profile.apply import apply_definitions
from oo_profile.demo.feed import from_simulation
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store
from oo_transforms.clock import EPOCH

PROJECT = Path(__file__).resolve().parents[1]
NOW = EPOCH.replace(year=2026, month=7)
"""The population's last day; fixed, so that the same seed gives the same signals."""


def main() -> None:
    """Make a population, build its profiles, and read them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2500)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    online.add_options(parser)
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder, stage(PROJECT / "feature_repo", keep=False) as on:
        path = Path(folder) / "signals.jsonl"
        feed = from_simulation(options.users, options.days, options.seed, path, NOW)
        apply_definitions(on.settings)
        store = open_store(on.settings)
        builder_rate.measure(on, store, feed)
        online.measure(on, store, options)


if __name__ == "__main__":
    main()
