"""Registry files, and processes that write them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from feast.protos.feast.core.Registry_pb2 import Registry
from feast.repo_config import RegistryConfig

from oo_stores.registry import AtomicFileRegistryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkProcess
    from pathlib import Path

ENTITIES = 300
"""Enough for a registry of some ten pages, which no single write call makes whole."""


def store_at(path: Path) -> AtomicFileRegistryStore:
    """Return a store over a file, as a process of its own would have it."""
    return AtomicFileRegistryStore(RegistryConfig(path=str(path)), path.parent)


def registry_of(*names: str, generation: str = "") -> Registry:
    """Build a registry of entities, all with one description."""
    registry = Registry(registry_schema_version="1")
    for name in names:
        spec = registry.entities.add().spec
        spec.name, spec.project, spec.description = name, "shop", generation
    return registry


def names_in(registry: Registry) -> list[str]:
    """Return the names of a registry's entities."""
    return [entity.spec.name for entity in registry.entities]


def rewrite_forever(path: Path) -> None:
    """Write one whole generation after the other, until killed."""
    store = store_at(path)
    generation = 0
    while True:
        generation += 1
        registry = store.get_registry_proto()
        for entity in registry.entities:
            entity.spec.description = f"{os.getpid()}-{generation}"
        store.update_registry_proto(registry)


def generation_of(registry: Registry) -> str:
    """Return the generation of a registry that is whole."""
    (generation,) = {str(entity.spec.description) for entity in registry.entities}
    assert len(registry.entities) == ENTITIES
    return generation


@contextmanager
def process(target: Callable[..., None], *arguments: object) -> Iterator[ForkProcess]:
    """Run a function in a process of its own, killed on leaving if it is still there."""
    # Forked, since importing Feast anew takes seconds.
    worker = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    worker.start()
    try:
        yield worker
    finally:
        kill(worker)


def kill(worker: ForkProcess) -> None:
    """End a process without letting it clean up."""
    if worker.pid is not None and worker.is_alive():
        os.kill(worker.pid, signal.SIGKILL)
    worker.join()
