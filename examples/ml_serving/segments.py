"""Segments of a spool: files of signals, one a line, as `oo publish` reads them too."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from ml_serving.errors import SpoolInUseError

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT: Final = ".jsonl"
DAMAGED: Final = ".damaged"
TEMPORARY: Final = ".tmp"


class Outgoing(msgspec.Struct, frozen=True):
    """A signal on its way out, and a line of the spool.

    Attributes:
        subject: The NATS subject.
        data: The message, JSON.
    """

    subject: str
    data: msgspec.Raw

    @property
    def user_id(self) -> str:
        """Whom it is about.

        Raises:
            msgspec.MsgspecError: It does not say.
        """
        return _whose.decode(self.data).user_id

    def line(self) -> bytes:
        """Return its line in a segment, with the end."""
        return msgspec.json.encode(self) + b"\n"


class _Whose(msgspec.Struct):
    user_id: str


_whose = msgspec.json.Decoder(_Whose)
_outgoing = msgspec.json.Decoder(Outgoing)


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment holds.

    Attributes:
        signals: In order.
        is_damaged: Whether a whole line makes no sense.
    """

    signals: list[Outgoing]
    is_damaged: bool


def read(path: Path) -> Content:
    """Read a segment. A line without its end was promised to nobody, and is left out."""
    *lines, _torn = path.read_bytes().split(b"\n")
    signals = [signal for line in lines if (signal := _decoded(line)) is not None]
    return Content(signals, len(signals) < len(lines))


def remove_lines(path: Path, user_id: str) -> int:
    """Put a segment without a user's lines in its place, if it has any; return how many it had.

    A line that makes no sense is his if it names him.
    """
    *lines, _torn = path.read_bytes().split(b"\n")
    name = msgspec.json.encode(user_id)
    kept = [line for line in lines if not _is_his(line, user_id, name)]
    if len(kept) == len(lines):
        return 0
    times = path.stat()
    temporary = path.with_suffix(TEMPORARY)
    with temporary.open("wb") as file:
        file.write(b"".join(line + b"\n" for line in kept))
        file.flush()
        os.fsync(file.fileno())
    os.utime(temporary, ns=(times.st_atime_ns, times.st_mtime_ns))  # what is left is as old
    temporary.replace(path)
    sync_folder(path.parent)
    return len(lines) - len(kept)


def create(path: Path) -> int:
    """Make a segment that is there after a power cut too, and return its descriptor."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    sync_folder(path.parent)
    return descriptor


def write(descriptor: int, payload: bytes) -> None:
    """Append bytes, and return when they are on the disk.

    Raises:
        OSError: They are not, or not all of them.
    """
    written = 0
    while written < len(payload):
        written += os.write(descriptor, payload[written:])
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Let the names of a folder be on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(folder: Path) -> int:
    """Lock a folder for this process, and return the descriptor that holds the lock.

    Raises:
        SpoolInUseError: Another process has it.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise SpoolInUseError(
            f"{folder} is the spool of another process: give each one its own with OO_SERVING_SPOOL"
        ) from error
    return descriptor


def _decoded(line: bytes) -> Outgoing | None:
    try:
        signal = _outgoing.decode(line)
        _ = signal.user_id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return signal


def _is_his(line: bytes, user_id: str, name: bytes) -> bool:
    signal = _decoded(line)
    return name in line if signal is None else signal.user_id == user_id
