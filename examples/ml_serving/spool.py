"""Signals that the stream could not take yet, on disk until it can.

A folder of segments, `000000000001.jsonl` and on. What is promised:

- **Appended and synced.** `append` returns when its lines are on the disk: one `fsync` for all of
  them, and one of the folder for a new segment. What was taken survives a power cut.
- **In order, and under the same `event_id`.** Signals leave from the oldest on. A segment goes when
  all of its lines were accepted; after a crash it is sent again from its start, and the builder
  recognises what it knows.
- **A torn line is none.** A line without its end was promised to nobody. A whole line that makes no
  sense is kept aside (`.damaged`), and does not hold up the rest. Neither does a segment that is
  taken away by hand.
- **Bounded.** In size: beyond `max_bytes` nothing is taken. In time: `expire` removes what is older
  than `max_age`, and tells how many signals that were. So nothing of a person stays here for
  longer, whatever becomes of the stream; `forget` removes his lines at once.
- **Of one process.** The folder is locked while it is open. Threads may share a spool.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from ml_serving import segments
from ml_serving.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ml_serving.segments import Outgoing

MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SpoolConfig:
    """Where a spool is, and how much it may hold.

    Attributes:
        folder: Its own; made if it is not there.
        max_bytes: Of all segments together.
        max_age: How long a signal may wait, counted from the last one of its segment.
        segment_bytes: From which size on a new segment is begun.
        segment_age: From which age on.
    """

    folder: Path
    max_bytes: int = 256 * MEBIBYTE
    max_age: timedelta = timedelta(days=7)
    segment_bytes: int = MEBIBYTE
    segment_age: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        """Refuse bounds that allow nothing.

        Raises:
            ConfigError: One of them is not above 0.
        """
        ages = min(self.max_age, self.segment_age)
        if min(self.max_bytes, self.segment_bytes) <= 0 or ages <= timedelta(0):
            raise ConfigError(
                f"the spool may hold {self.max_bytes} bytes for {self.max_age}, in segments of "
                f"{self.segment_bytes} bytes and {self.segment_age}: all must be above 0"
            )


class Spool:
    """The open spool of a process; a context manager.

    Args:
        config: Where, and how much.
        clock: Tells the present in Unix seconds, as the times of files do.

    Raises:
        SpoolInUseError: Another process has it open.
        OSError: The folder cannot be used.
    """

    def __init__(self, config: SpoolConfig, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._guard = threading.Lock()
        config.folder.mkdir(parents=True, exist_ok=True)
        self._lock = segments.lock(config.folder)
        for left in config.folder.glob(f"*{segments.TEMPORARY}"):
            left.unlink()  # of a removal that was cut off: the segment itself is whole
        self._paths = deque(sorted(config.folder.glob(f"*{segments.SEGMENT}")))
        self._number = max((int(path.stem) for path in [*self._paths, *self._damaged()]), default=0)
        self._bytes = self._measured()
        self._head: deque[Outgoing] = deque()
        self._head_path: Path | None = None
        self._head_damaged = False
        self._waiting = self._counted()
        self._tail: int | None = None
        self._tail_since = 0.0

    def __len__(self) -> int:
        """Return how many signals wait."""
        return self._waiting

    @property
    def size_bytes(self) -> int:
        """Size of all segments."""
        return self._bytes

    def append(self, signals: Sequence[Outgoing]) -> int:
        """Take signals behind those that wait.

        Returns:
            How many were taken, from the first on; those are on the disk. The rest found no room,
            be it that of the settings or that of the disk.
        """
        with self._guard:
            lines = list(self._fitting(signals))
            if not lines:
                return 0
            try:
                self._write(b"".join(lines))
            except OSError:
                return 0
            self._waiting += len(lines)
            return len(lines)

    def head(self, limit: int, max_bytes: int) -> list[Outgoing]:
        """Return the signals that have waited longest; they stay until they are `done`.

        Args:
            limit: How many at most.
            max_bytes: Of their messages together; one of any size is always given.
        """
        with self._guard:
            self._see_what_is_there()
            self._fill_head()
            chosen: list[Outgoing] = []
            for signal in self._head:
                max_bytes -= memoryview(signal.data).nbytes
                if chosen and (len(chosen) == limit or max_bytes < 0):
                    break
                chosen.append(signal)
            return chosen

    def done(self, signals: Sequence[Outgoing]) -> None:
        """Let go of signals that `head` gave; whose user was forgotten meanwhile, are gone."""
        with self._guard:
            self._see_what_is_there()
            for signal in signals:
                if self._head and self._head[0] is signal:
                    self._head.popleft()
                    self._waiting -= 1
            self._fill_head()

    def forget(self, user_id: str) -> int:
        """Remove a user's signals, and return how many waited."""
        with self._guard:
            self._see_what_is_there()
            self._end_segment()
            kept = deque(signal for signal in self._head if signal.user_id != user_id)
            removed = len(self._head) - len(kept)
            self._head = kept
            for path in self._paths:
                found = segments.remove_lines(path, user_id)
                removed += found if path != self._head_path else 0
            for path in self._damaged():
                segments.remove_lines(path, user_id)
            self._bytes = self._measured()
            self._waiting -= removed
            self._fill_head()
            return removed

    def expire(self) -> int:
        """Remove what is older than `max_age`, and return how many signals were lost by that."""
        with self._guard:
            self._see_what_is_there()
            oldest = self._clock() - self._config.max_age.total_seconds()
            for path in self._damaged():
                if path.stat().st_mtime < oldest:
                    path.unlink()
            lost = 0
            while self._paths and self._paths[0].stat().st_mtime < oldest:
                if len(self._paths) == 1:
                    self._end_segment()
                is_head = self._paths[0] == self._head_path
                lost += len(self._head if is_head else segments.read(self._paths[0]).signals)
                self._drop_first()
            self._waiting -= lost
            return lost

    def close(self) -> None:
        """Close the files; what waits is there for the next process. Twice does nothing."""
        with self._guard:
            self._end_segment()
            if self._lock >= 0:
                os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fitting(self, signals: Sequence[Outgoing]) -> Iterator[bytes]:
        room = self._config.max_bytes - self._bytes
        for signal in signals:
            line = signal.line()
            room -= len(line)
            if room < 0:
                return
            yield line

    def _write(self, payload: bytes) -> None:
        age = self._clock() - self._tail_since
        is_old = age >= self._config.segment_age.total_seconds()
        if self._tail is not None and (is_old or not os.fstat(self._tail).st_nlink):
            self._end_segment()
        if self._tail is None:
            self._number += 1
            path = self._config.folder / f"{self._number:012}{segments.SEGMENT}"
            self._tail = segments.create(path)
            self._tail_since = self._clock()
            self._paths.append(path)
        size = os.fstat(self._tail).st_size
        try:
            segments.write(self._tail, payload)
        except OSError:
            self._take_back(self._tail, size)
            raise
        self._bytes += len(payload)
        if size + len(payload) >= self._config.segment_bytes:
            self._end_segment()

    def _take_back(self, tail: int, size: int) -> None:
        """Leave nothing of what could not be written; some lines may be whole, and one torn."""
        try:
            os.ftruncate(tail, size)
        except OSError:
            # Whole lines leave like others, and nothing is to be written behind the torn one.
            self._end_segment()
            self._bytes = self._measured()
            self._waiting = self._counted()

    def _see_what_is_there(self) -> None:
        """Let go of segments that somebody took away, to send them by hand."""
        there = deque(path for path in self._paths if path.exists())
        if len(there) < len(self._paths):
            self._paths = there
            if self._head_path not in there:
                self._head, self._head_path = deque(), None
            self._bytes, self._waiting = self._measured(), self._counted()

    def _end_segment(self) -> None:
        if self._tail is not None:
            os.close(self._tail)
            self._tail = None

    def _fill_head(self) -> None:
        """Have the oldest segment in memory; those that have nothing left to send go."""
        while not self._head and self._paths:
            if self._paths[0] == self._head_path:
                self._drop_first()
                continue
            if len(self._paths) == 1:
                self._end_segment()
            content = segments.read(self._paths[0])
            self._head, self._head_path = deque(content.signals), self._paths[0]
            self._head_damaged = content.is_damaged

    def _drop_first(self) -> None:
        path = self._paths.popleft()
        self._bytes -= path.stat().st_size
        is_damaged = path == self._head_path and self._head_damaged
        if path == self._head_path:
            self._head, self._head_path = deque(), None
        if is_damaged:
            path.rename(path.with_suffix(segments.DAMAGED))
        else:
            path.unlink()
        segments.sync_folder(path.parent)

    def _measured(self) -> int:
        return sum(path.stat().st_size for path in self._paths)

    def _counted(self) -> int:
        others = [path for path in self._paths if path != self._head_path]
        return len(self._head) + sum(len(segments.read(path).signals) for path in others)

    def _damaged(self) -> list[Path]:
        return list(self._config.folder.glob(f"*{segments.DAMAGED}"))
