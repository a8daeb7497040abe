"""A reader sees a whole registry, whatever writers do and however they end."""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING

import pytest
from support.registries import (
    ENTITIES,
    generation_of,
    kill,
    names_in,
    process,
    registry_of,
    rewrite_forever,
    store_at,
)

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event
    from pathlib import Path

DEADLINE_SECONDS = 60
READS, GENERATIONS = 200, 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a registry of the first generation."""
    path = tmp_path / "registry.db"
    names = [f"entity_{n}" for n in range(ENTITIES)]
    store_at(path).update_registry_proto(registry_of(*names, generation="first"))
    return path


def read_generations(path: Path, reads: int, generations: int) -> set[str]:
    """Read until so many reads saw so many generations, each of them whole."""
    store, count = store_at(path), 0
    seen: set[str] = set()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while count < reads or len(seen) < generations:
        seen.add(generation_of(store.get_registry_proto()))
        count += 1
        assert time.monotonic() < deadline
    return seen


def test_every_read_beside_two_writers_is_whole(path: Path) -> None:
    """While two processes write without pause, no read fails or mixes generations."""
    with process(rewrite_forever, path), process(rewrite_forever, path):
        seen = read_generations(path, READS, GENERATIONS)
    assert len(seen) >= GENERATIONS


def test_a_killed_writer_leaves_a_whole_registry(path: Path) -> None:
    """Killed at any moment, a writer blocks nobody and leaves one generation or the next."""
    for _ in range(5):
        with process(rewrite_forever, path) as writer:
            read_generations(path, 1, 3)
            kill(writer)
        registry = store_at(path).get_registry_proto()
        generation = generation_of(registry)
        store_at(path).update_registry_proto(registry)
        assert generation_of(store_at(path).get_registry_proto()) == generation


def die_while_writing(path: Path, half_written: Event) -> None:
    """Take the lock, write half of a new file, and wait to be killed."""
    store = store_at(path)
    with store._lock():  # noqa: SLF001 - the one moment that no public call stops at
        path.with_name("registry.db.tmp").write_bytes(path.read_bytes()[:1_000])
        half_written.set()
        time.sleep(DEADLINE_SECONDS)


def test_a_writer_killed_half_way_changes_nothing(path: Path) -> None:
    """Half a new file is never read, and the next writer neither waits nor stumbles over it."""
    half_written = multiprocessing.get_context("fork").Event()
    with process(die_while_writing, path, half_written) as writer:
        assert half_written.wait(DEADLINE_SECONDS)
        assert generation_of(store_at(path).get_registry_proto()) == "first"
        kill(writer)
    assert generation_of(store_at(path).get_registry_proto()) == "first"
    store_at(path).update_registry_proto(registry_of("new"))
    assert names_in(store_at(path).get_registry_proto())[-1] == "new"
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "registry.db",
        "registry.db.lock",
    ]
