"""Where the registry lies, and what its file is like."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from feast.repo_config import RegistryConfig
from support.registries import names_in, registry_of, store_at

from oo_stores.errors import RegistryCorruptError, RegistryMissingError
from oo_stores.registry import AtomicFileRegistryStore


@pytest.mark.parametrize(
    ("written", "variable", "expected"),
    [
        ("", None, "data/registry.db"),
        ("meta/r.db", "other.db", "meta/r.db"),
        ("${SHOP_REGISTRY}", None, "data/registry.db"),
        ("${SHOP_REGISTRY}", "other.db", "other.db"),
        ("${SHOP_REGISTRY:-meta/r.db}", None, "meta/r.db"),
        ("${SHOP_REGISTRY:-meta/r.db}", "other.db", "other.db"),
    ],
)
def test_the_path_is_taken_from_the_repository(
    written: str,
    variable: str | None,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Environment, yaml, default; folders that lack are made; nothing depends on the cwd."""
    if variable is not None:
        monkeypatch.setenv("SHOP_REGISTRY", variable)
    store = AtomicFileRegistryStore(RegistryConfig(path=written), tmp_path)
    store.update_registry_proto(registry_of("first"))
    assert (tmp_path / expected).is_file()


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    """An absolute path is not moved below the repository."""
    path = tmp_path / "elsewhere" / "r.db"
    store = AtomicFileRegistryStore(RegistryConfig(path=str(path)), Path("/nowhere"))
    store.update_registry_proto(registry_of("first"))
    assert path.is_file()


def test_a_missing_registry_says_what_to_do(tmp_path: Path) -> None:
    """No file: the path, and the command that makes it; reading makes nothing."""
    path = tmp_path / "data" / "registry.db"
    with pytest.raises(RegistryMissingError, match=r'Have you run "feast apply"\?') as caught:
        store_at(path).get_registry_proto()
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", [0, 1, 50])
def test_a_cut_registry_is_refused(tmp_path: Path, kept: int) -> None:
    """Part of a file, as an interrupted copy leaves it, is neither read nor built upon."""
    path = tmp_path / "registry.db"
    store_at(path).update_registry_proto(registry_of("first", "second", generation="x" * 99))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(RegistryCorruptError, match="is not a whole Feast registry"):
        store_at(path).get_registry_proto()
    with pytest.raises(RegistryCorruptError):
        store_at(path).update_registry_proto(registry_of("third"))
    assert path.stat().st_size == kept


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """A copy of a registry alone can be read, without a lock file beside it."""
    store_at(tmp_path / "registry.db").update_registry_proto(registry_of("first"))
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "r.db").write_bytes((tmp_path / "registry.db").read_bytes())
    assert names_in(store_at(copy / "r.db").get_registry_proto()) == ["first"]
    assert [file.name for file in copy.iterdir()] == ["r.db"]


def test_every_write_is_later_than_the_one_before(tmp_path: Path) -> None:
    """Even if the clock stands still or was set back, since Feast looks for a later time."""
    path = tmp_path / "registry.db"
    store = store_at(path)
    store.update_registry_proto(registry_of("first"))
    ahead_ns = path.stat().st_mtime_ns + 3_600_000_000_000
    os.utime(path, ns=(ahead_ns, ahead_ns))
    before = path.stat().st_mtime
    store.update_registry_proto(registry_of("second"))
    assert path.stat().st_mtime > before


def test_a_link_and_the_mode_are_kept(tmp_path: Path) -> None:
    """A registry behind a symbolic link is replaced there, with its mode."""
    (tmp_path / "volume").mkdir()
    target, link = tmp_path / "volume" / "r.db", tmp_path / "registry.db"
    store_at(target).update_registry_proto(registry_of("first"))
    target.chmod(0o640)
    link.symlink_to(target)
    store_at(link).update_registry_proto(registry_of("second"))
    assert link.is_symlink()
    assert names_in(store_at(target).get_registry_proto()) == ["first", "second"]
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_obeys_the_umask(tmp_path: Path) -> None:
    """A registry that others shall read is not made private."""
    old = os.umask(0o022)
    try:
        store_at(tmp_path / "registry.db").update_registry_proto(registry_of("first"))
    finally:
        os.umask(old)
    assert (tmp_path / "registry.db").stat().st_mode & 0o777 == 0o644


def test_teardown_takes_the_registry_away(tmp_path: Path) -> None:
    """After teardown there is none, and a second teardown is no error."""
    store = store_at(tmp_path / "registry.db")
    store.update_registry_proto(registry_of("first"))
    store.teardown()
    store.teardown()
    with pytest.raises(RegistryMissingError):
        store.get_registry_proto()
