"""A batch engine for Feast that materializes in slices, with progress."""

from oo_stores.engine.config import StreamingEngineConfig
from oo_stores.engine.streaming import StreamingEngine

__all__ = ["StreamingEngine", "StreamingEngineConfig"]
