"""Settings of the batch engine."""

from __future__ import annotations

from typing import Literal

from feast.infra.compute_engines.local.compute import LocalComputeEngineConfig


class StreamingEngineConfig(LocalComputeEngineConfig):
    """What `batch_engine` in `feature_store.yaml` may hold.

    How many rows are converted and written at a time is Feast's own setting,
    `materialization.online_write_batch_size`; 10,000 where it is not set.

    Args:
        type: `oo_stores.engine.StreamingEngine`.
        backend: The DataFrame library for views that are transformed, as in Feast's local engine.
    """

    # Feast's own class names its own type, a literal too; every subclass in Feast overrides it.
    type: Literal["oo_stores.engine.StreamingEngine"] = "oo_stores.engine.StreamingEngine"  # type: ignore[assignment]
