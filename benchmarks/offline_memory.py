"""The memory that a retrieval takes above its own result, measured in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_STATUS = Path("/proc/self/status")
_KIB, _MB = 1024, 1e6


def measured(folder: Path, kind: str, rows: int, how: str) -> dict[str, float]:
    """Return megabytes of the result and of the peak above it, and seconds; run in a child.

    Args:
        folder: Where the history and the registries are, with the rows to ask for as
            `asked_<rows>.parquet`.
        kind: The store.
        rows: How many rows to ask for.
        how: `arrow`, `frame`, `on demand`, or `stock on demand`: as Feast's own `to_arrow` does it.
    """
    command = [sys.executable, __file__, str(folder), kind, str(rows), how]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _held(field: str) -> int:
    """Return the bytes this process holds (`VmRSS`), or the most it ever held (`VmHWM`).

    Linux hands a parent's `ru_maxrss` on to its child through exec; the status file starts anew.
    """
    if _STATUS.exists():
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(lines[field].split()[0]) * _KIB
    unit = 1 if sys.platform == "darwin" else _KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _size(result: Any) -> int:  # noqa: ANN401  a table or a frame
    if hasattr(result, "nbytes"):
        return int(result.nbytes)
    return int(result.memory_usage(deep=True, index=True).sum())


def _run(folder: Path, kind: str, rows: int, how: str) -> dict[str, float]:
    # Only the child needs them, and they are slow to load.
    import time  # noqa: PLC0415

    import pyarrow.parquet as pq  # noqa: PLC0415
    from feast.infra.offline_stores.offline_store import RetrievalJob  # noqa: PLC0415
    from offline_projects import project, references  # noqa: PLC0415

    store = project(folder, kind)
    features = references("one") + (["summed:total"] if "demand" in how else [])
    asked: pd.DataFrame = pq.read_table(folder / f"asked_{rows}.parquet").to_pandas()
    store.get_historical_features(asked[:100], features).to_arrow()
    before, began = _held("VmRSS"), time.perf_counter()
    job = store.get_historical_features(asked, features)
    if how == "stock on demand":
        result = RetrievalJob.to_arrow(job)
    else:
        result = job.to_df() if how == "frame" else job.to_arrow()
    seconds = time.perf_counter() - began
    size = _size(result)
    return {
        "result": size / _MB,
        "above": (_held("VmHWM") - before - size) / _MB,
        "seconds": seconds,
    }


if __name__ == "__main__":
    where, store_kind, count, way = sys.argv[1:]
    print(json.dumps(_run(Path(where), store_kind, int(count), way)))
