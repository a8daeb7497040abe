"""Of two writers neither undoes what the other wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.registries import names_in, process, registry_of, store_at

if TYPE_CHECKING:
    from pathlib import Path


def add_entities(path: Path, prefix: str, count: int) -> None:
    """Add entities one by one, each to what was read before."""
    store = store_at(path)
    for n in range(count):
        registry = store.get_registry_proto()
        registry.entities.extend(registry_of(f"{prefix}{n}").entities)
        store.update_registry_proto(registry)


def test_two_processes_both_land(tmp_path: Path) -> None:
    """What two processes add at once is all there at the end."""
    path = tmp_path / "registry.db"
    store_at(path).update_registry_proto(registry_of("first"))
    with process(add_entities, path, "a", 30) as one, process(add_entities, path, "b", 30) as two:
        one.join()
        two.join()
    expected = {"first", *(f"{prefix}{n}" for prefix in "ab" for n in range(30))}
    assert set(names_in(store_at(path).get_registry_proto())) == expected


def test_a_stale_writer_takes_in_what_it_missed(tmp_path: Path) -> None:
    """The later writer's own copy holds the other's change afterwards, too."""
    one, two = store_at(tmp_path / "registry.db"), store_at(tmp_path / "registry.db")
    one.update_registry_proto(registry_of("first"))
    mine, theirs = one.get_registry_proto(), two.get_registry_proto()
    theirs.entities.extend(registry_of("theirs").entities)
    two.update_registry_proto(theirs)
    mine.entities.extend(registry_of("mine").entities)
    one.update_registry_proto(mine)
    assert names_in(mine) == ["first", "theirs", "mine"]
    assert two.get_registry_proto() == mine


def test_a_registry_from_elsewhere_replaces_the_file(tmp_path: Path) -> None:
    """A restored copy, of a version that this store never saw, is written as it is."""
    store = store_at(tmp_path / "registry.db")
    store.update_registry_proto(registry_of("first"))
    restored = registry_of("restored")
    restored.version_id = "of a backup"
    store.update_registry_proto(restored)
    assert names_in(store.get_registry_proto()) == ["restored"]


def test_two_first_writers_both_land(tmp_path: Path) -> None:
    """Two processes that both found no registry do not undo each other."""
    one, two = store_at(tmp_path / "registry.db"), store_at(tmp_path / "registry.db")
    one.update_registry_proto(registry_of("one"))
    two.update_registry_proto(registry_of("two"))
    assert names_in(one.get_registry_proto()) == ["one", "two"]
