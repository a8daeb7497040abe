"""`online_write_batch` of ours beside that of Feast's own Redis store."""

from __future__ import annotations

import random
import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from online_peers import online_store, row, user_id
from online_timing import at_least, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feast import FeatureStore, FeatureView
    from online_peers import FeastRow, Peers

VIEW = "tip_state"
ROUNDS = 9
OURS, STOCK = "ours, checked in Redis", "stock Feast, check that races"


def measure(found: Peers, rows: int, seed: int) -> None:
    """Write the same rows in turns, each time a second younger.

    Args:
        found: The peers.
        rows: In a batch.
        seed: Of the values.
    """
    chance = random.Random(seed)
    view = found.views[VIEW]
    batch = [row(view, user_id(number), chance, found.now) for number in range(rows)]
    stores = {OURS: found.ours, STOCK: found.stock}
    spent: dict[str, list[float]] = {name: [] for name in stores}
    online = {name: online_store(store) for name, store in stores.items()}
    for turn in range(ROUNDS * len(stores)):
        name = list(stores)[turn % len(stores)]
        moved = _later(batch, turn + 1)
        began = time.perf_counter()
        online[name].online_write_batch(stores[name].config, view, moved, None)
        spent[name].append(time.perf_counter() - began)
        _check(stores, view, moved[-1])
    # The median, since a collection of garbage now and then takes as long as a whole batch.
    rates = {name: rows / statistics.median(seconds) for name, seconds in spent.items()}
    print(f"online_write_batch, {rows:,} rows of {len(view.features)} features:")
    for name, rate in rates.items():
        print(f"  {name:30} {rate:10,.0f} rows/s")
    show("ours over stock Feast", rates[OURS] / rates[STOCK], at_least(2))


def _later(batch: Sequence[FeastRow], seconds: int) -> list[FeastRow]:
    by = timedelta(seconds=seconds)
    return [(key, values, event + by, event + by) for key, values, event, _ in batch]


def _check(stores: dict[str, FeatureStore], view: FeatureView, written: FeastRow) -> None:
    """Check that both read what was written last."""
    key, values, event_time, _ = written
    names = list(values)
    for name, store in stores.items():
        found = online_store(store).online_read(store.config, view, [key], names)
        if found != [(event_time, values)]:
            raise SystemExit(f"{name} does not read what was written: {found}")
