"""Measure the project, each figure beside a peer in the same run.

Machines are shared and noisy, so the ratio to the peer is the figure that counts.
"""

from __future__ import annotations

import argparse
import sys

import builder
import online
import ranking
import rebuild

from oo_profile.apply import apply_definitions
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store


def main() -> None:
    """Rank candidates, build profiles of a population, and read them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    builder.add_options(parser)
    online.add_options(parser)
    options = parser.parse_args()
    print(f"python {sys.version.split()[0]}, seed {options.seed}")
    ranking.measure(options.seed)
    with stage(builder.PROJECT / "feature_repo", keep=False) as on:
        apply_definitions(on.settings)
        store = open_store(on.settings)
        builder.measure(on, store, options)
        rebuild.measure(on, store)
        online.measure(on, store, options)


if __name__ == "__main__":
    main()
