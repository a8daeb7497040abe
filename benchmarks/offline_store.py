"""Measure the SQLite offline store beside Feast's own local ones, over the same rows.

Results are compared for equality before anything is timed. Feast's DuckDB store needs
`pip install --no-deps -r requirements-bench.lock` (`make bench-offline` does that) and is left out
without it. Machines are shared and noisy, so the ratio to the peer is the figure that counts.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from offline_history import END, FEATURES, START, History, copy_table
from offline_memory import measured
from offline_projects import (
    DASK,
    DATABASE,
    DUCKDB,
    OURS,
    PARQUET,
    REQUESTED,
    VIEWS,
    applied,
    references,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feast import FeatureStore
    from feast.data_source import DataSource

SIZES = (1_000, 100_000, 1_000_000)
# Dask joins a row with all of its user's history in memory: a million rows with 100 million.
DASK_MOST = 100_000
KEY = ["user_id", "event_timestamp"]


def main() -> None:
    """Make histories, compare, measure, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--ttl-days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--tenfold", action="store_true", help="also ten times the rows: long, and 1 GB per 10 M"
    )
    options = parser.parse_args()
    # Feast's stores warn of their own inner workings on each call.
    warnings.simplefilter("ignore")
    print(f"python {sys.version.split()[0]}, {options}")
    ttl = timedelta(days=options.ttl_days)
    history = History(options.rows, options.users, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        stores = dict(_stores(Path(folder), history, ttl))
        _compare(stores, history)
        _retrievals(stores, history, options.repeats)
        _latest(stores, Path(folder), options.repeats)
        _memory(Path(folder), stores, history)
        tenth = History(options.rows // 10, options.users, options.seed)
        with _small(tenth, ttl) as small:
            _views(small, tenth, options.repeats)
            _lengths(stores[OURS], small, history, options.repeats)
    if options.tenfold:
        _tenfold(history, ttl, options.repeats)


def _stores(folder: Path, history: History, ttl: timedelta) -> Iterator[tuple[str, FeatureStore]]:
    history.write_sqlite(folder / DATABASE)
    history.write_parquet(folder / PARQUET)
    for kind in (OURS, DUCKDB, DASK):
        if kind == DUCKDB and find_spec("ibis") is None:
            print("DuckDB is left out: pip install --no-deps -r requirements-bench.lock")
        else:
            yield kind, applied(folder, kind, ttl)


@contextmanager
def _small(history: History, ttl: timedelta) -> Iterator[FeatureStore]:
    """Give our store over a history, in four tables alike."""
    with tempfile.TemporaryDirectory() as folder:
        history.write_sqlite(Path(folder) / DATABASE)
        copy_table(Path(folder) / DATABASE, VIEWS - 1)
        yield applied(Path(folder), OURS, ttl)


def _compare(stores: dict[str, FeatureStore], history: History) -> None:
    """Refuse to go on unless all stores give the same answer to 10,000 rows.

    Feast's Dask store leaves out rows whose user has no value within the TTL: known, and not ours
    to judge here, so that the rows with a value are compared where some are left out.
    """
    asked = history.asked(SIZES[0] * 10).drop_duplicates(KEY)
    whole = _sorted(_ask(stores[OURS], asked))
    for kind, store in stores.items():
        answer = _sorted(_ask(store, asked))
        left_out = len(whole) - len(answer)
        ours, theirs = (
            (frame.dropna() if left_out else frame).reset_index(drop=True)
            for frame in (whole, answer)
        )
        pd.testing.assert_frame_equal(theirs, ours, check_dtype=False, obj=kind)
        print(f"{kind} gives the same answer to {len(asked):,} rows, {left_out} rows left out")


def _sorted(answer: Any) -> pd.DataFrame:  # noqa: ANN401  pyarrow has no types
    frame: pd.DataFrame = answer.to_pandas()[[*KEY, *FEATURES]]
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True).dt.as_unit("us")
    return frame.sort_values(KEY)


def _ask(store: FeatureStore, asked: pd.DataFrame, *views: str) -> Any:  # noqa: ANN401  as above
    features = references(*(views or ("one",)))
    job = store.get_historical_features(asked, features, full_feature_names=len(views) > 1)
    return job.to_arrow()


def _retrievals(stores: dict[str, FeatureStore], history: History, repeats: int) -> None:
    for rows in SIZES:
        asked = history.asked(rows)
        times = {
            kind: _seconds(partial(_ask, store, asked), _repeats(kind, rows, repeats))
            for kind, store in stores.items()
            if kind != DASK or rows <= DASK_MOST
        }
        _report(f"get_historical_features, {rows:,} rows", times)


def _repeats(kind: str, rows: int, repeats: int) -> int:
    return repeats if kind == OURS or rows < SIZES[-1] else 1


def _latest(stores: dict[str, FeatureStore], folder: Path, repeats: int) -> None:
    times = {}
    for kind, store in stores.items():
        times[kind] = _seconds(partial(_pull, store, source(folder, kind)), repeats)
    _report("pull_latest of all users", times)


def _pull(store: FeatureStore, read: DataSource) -> object:
    # What materialisation calls; Feast offers it under no public name.
    offline = store._get_provider().offline_store  # noqa: SLF001  as above
    times = ("event_timestamp", "created_timestamp", START, END)
    job = offline.pull_latest_from_table_or_query(store.config, read, ["user_id"], FEATURES, *times)
    return job.to_arrow()


def _memory(folder: Path, stores: dict[str, FeatureStore], history: History) -> None:
    print("peak memory above the result's own size, each in a process of its own:")
    for rows in SIZES[1:]:
        asked = history.asked(rows)
        for name in REQUESTED:
            asked[name] = 1.0
        pq.write_table(pa.Table.from_pandas(asked), folder / f"asked_{rows}.parquet")
    big, middle = SIZES[-1], SIZES[1]
    cases = [(OURS, rows, how) for rows in (middle, big) for how in ("arrow", "frame", "on demand")]
    cases.append((OURS, middle, "stock on demand"))
    if DUCKDB in stores:
        cases += [(DUCKDB, middle, "arrow"), (DUCKDB, big, "arrow")]
    for kind, rows, how in cases:
        found = measured(folder, kind, rows, how)
        print(
            f"  {kind:18} {rows:9,} rows, {how:16} {found['above']:8.0f} MB above"
            f" {found['result']:5.0f} MB, {found['seconds']:7.2f} s"
        )


def _views(store: FeatureStore, history: History, repeats: int) -> None:
    same, tables = ([f"{name}_{n}" for n in range(VIEWS)] for name in ("same", "table"))
    for rows in SIZES[:2]:
        asked = history.asked(rows)
        times = {
            "one view": _seconds(partial(_ask, store, asked, "one"), repeats * 3),
            "four of one table": _seconds(partial(_ask, store, asked, *same), repeats * 3),
            "four tables": _seconds(partial(_ask, store, asked, *tables), repeats * 3),
        }
        _report(f"views, {rows:,} rows, {history.rows:,} rows of history", times)


def _lengths(long: FeatureStore, short: FeatureStore, history: History, repeats: int) -> None:
    asked = history.asked(SIZES[0])
    times = {
        f"{history.rows // 10:,} rows": _seconds(partial(_ask, short, asked), repeats * 10),
        f"{history.rows:,} rows": _seconds(partial(_ask, long, asked), repeats * 10),
    }
    _report(f"ten times the history, {SIZES[0]:,} rows asked", times)


def _tenfold(history: History, ttl: timedelta, repeats: int) -> None:
    longer = History(history.rows * 10, history.users, history.seed)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as ten:
        history.write_sqlite(Path(one) / DATABASE)
        longer.write_sqlite(Path(ten) / DATABASE)
        _lengths(applied(Path(ten), OURS, ttl), applied(Path(one), OURS, ttl), longer, repeats)


def _seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the least time of some calls: what the machine's other work added is left out."""
    times = []
    for _ in range(repeats):
        gc.collect()
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def _report(what: str, times: dict[str, float]) -> None:
    print(f"{what}:")
    first = next(iter(times.values()))
    for name, seconds in times.items():
        print(f"  {name:20} {seconds:9.3f} s   {seconds / first:7.2f}")


if __name__ == "__main__":
    main()
