"""Feast's registry in a local file that is never seen half written.

Feast writes its registry file in place, so a reader beside a writer mostly finds it empty or
cut, and the later of two writers undoes the earlier. Here a file is replaced as a whole, writers
wait for each other, and what two of them changed is put together.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING

from feast.infra.registry.file import FileRegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryProto
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs

from oo_stores.errors import RegistryCorruptError, RegistryMissingError
from oo_stores.registry_merge import merged
from oo_stores.settings import resolve, resolve_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feast.repo_config import RegistryConfig

DEFAULT_PATH = "data/registry.db"
_VERSIONS_KEPT = 4
_MICROSECOND_IN_NS = 1_000


class AtomicFileRegistryStore(FileRegistryStore):
    """A registry file that readers see whole and writers change one after the other.

    Readers take no lock and need no right to write. A writer takes `<file>.lock` (the kernel
    drops it with the process, so a killed writer blocks nobody), writes `<file>.tmp` beside the
    file, syncs it, renames it over the file and syncs the folder: a writer that dies leaves the
    old registry. Folders that lack are made.

    A writer whose copy is older than the file does not undo what was written since: the parts
    that it changed are put into the newer file (`oo_stores.registry_merge`).

    It is a `FileRegistryStore`, since Feast only looks for changes by other processes on those.

    Args:
        registry_config: Feast's registry settings. `path` may name a variable, `${NAME}` or
            `${NAME:-data/registry.db}`; default `data/registry.db`.
        repo_path: The folder from which a relative path is taken, that of the yaml.
    """

    _filepath: Path

    def __init__(self, registry_config: RegistryConfig, repo_path: Path) -> None:
        path = resolve(registry_config.path, default=DEFAULT_PATH)
        # Without links: renaming over one would leave its target as it was.
        self._filepath = resolve_path(path, folder=repo_path)
        self._seen: OrderedDict[str, bytes] = OrderedDict({"": b""})

    def get_registry_proto(self) -> RegistryProto:
        """Return the registry as it was last written.

        Raises:
            RegistryMissingError: There is no file.
            RegistryCorruptError: The file is not a whole registry.
        """
        registry, payload = self._read()
        self._remember(registry.version_id, payload)
        return registry

    def update_registry_proto(self, registry_proto: RegistryProto) -> None:
        """Write a registry, together with what others wrote since it was read.

        Waits for other writers, each of whom takes milliseconds.

        Args:
            registry_proto: Read from this store object, new, or from elsewhere; one from
                elsewhere (its `version_id` unknown here) replaces the file as it is. Gets a new
                `version_id` and `last_updated`, and holds afterwards what was written.

        Raises:
            RegistryCorruptError: The file to be replaced is not a whole registry, so what
                others wrote is unknown. Nothing is written.
        """
        with self._lock():
            with contextlib.suppress(RegistryMissingError):
                self._take_in(registry_proto, self._read()[0])
            registry_proto.version_id = str(uuid.uuid4())
            registry_proto.last_updated.GetCurrentTime()
            payload = registry_proto.SerializeToString()
            self._replace(payload)
        self._remember(registry_proto.version_id, payload)

    def teardown(self) -> None:
        """Remove the registry file; one that is gone already is no error."""
        with self._lock():
            self._filepath.unlink(missing_ok=True)

    def _take_in(self, mine: RegistryProto, theirs: RegistryProto) -> None:
        payload = self._seen.get(mine.version_id)
        if theirs.version_id != mine.version_id and payload is not None:
            mine.CopyFrom(merged(RegistryProto.FromString(payload), mine, theirs))

    def _read(self) -> tuple[RegistryProto, bytes]:
        try:
            payload = self._filepath.read_bytes()
        except FileNotFoundError as error:
            raise RegistryMissingError(
                f'There is no registry at {self._filepath}. Have you run "feast apply"? '
                "The path is `registry: path` in feature_store.yaml, or the variable named there."
            ) from error
        try:
            registry = RegistryProto.FromString(payload)
        except DecodeError as error:
            raise self._corrupt(payload) from error
        if not payload:
            raise self._corrupt(payload)
        return registry, payload

    def _corrupt(self, payload: bytes) -> RegistryCorruptError:
        return RegistryCorruptError(
            f"{self._filepath} ({len(payload)} bytes) is not a whole Feast registry. Restore a "
            'copy, or delete it and run "feast apply".'
        )

    def _remember(self, version_id: str, payload: bytes) -> None:
        """Keep what a version held, so that a later write shows what its writer changed."""
        self._seen[version_id] = payload
        self._seen.move_to_end(version_id)
        while len(self._seen) > _VERSIONS_KEPT:
            del self._seen[next(version for version in self._seen if version)]

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: removing it would let two writers lock two files of one name.
        descriptor = os.open(_beside(self._filepath, ".lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _replace(self, payload: bytes) -> None:
        """Put a new file in the old one's place; only the lock's holder may."""
        temporary = _beside(self._filepath, ".tmp")
        with temporary.open("wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        self._keep_attributes(temporary)
        temporary.replace(self._filepath)
        folder = os.open(self._filepath.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _keep_attributes(self, temporary: Path) -> None:
        """Give the new file the old one's mode, and a later time of change.

        Feast looks for a later time to notice a change, and the kernel's clock stands still for
        some milliseconds at a time.
        """
        try:
            old = self._filepath.stat()
        except FileNotFoundError:
            return
        temporary.chmod(old.st_mode & 0o7777)
        new = temporary.stat()
        later_ns = max(new.st_mtime_ns, old.st_mtime_ns + _MICROSECOND_IN_NS)
        os.utime(temporary, ns=(new.st_atime_ns, later_ns))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
