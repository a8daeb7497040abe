"""The builder's writes to SQLite alone, and beside the erasure of a person with many signals."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oo_profile.building import replay
from oo_profile.building.batch import BatchWriter
from oo_profile.privacy.database_erasure import erase_rows
from oo_profile.privacy.remains import scrub
from oo_profile.privacy.writing import Patience, PoliteWriter
from oo_profile.storage.database import connect
from oo_profile.transport.message import Message
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

USERS = 20_000
SIGNALS_OF_A_PERSON = 5_000
BATCH = 1_000
BATCHES = 12
ROUNDS = 4
FIRST_US = 1_767_268_800_000_000
OWN_FIELDS: dict[str, dict[str, object]] = {
    "signals.app.session": {"duration_seconds": 60},
    "signals.task.completed": {"task_id": "t1", "category": "fix"},
    "signals.mood.logged": {"score": 4},
    "signals.tip.shown": {"tip_id": "p1", "category": "fix"},
}


class Source:
    """Makes messages, each a millisecond after the one before."""

    def __init__(self) -> None:
        self._chance = random.Random(1)
        self._number = 0

    def batch(self, size: int, user_id: str | None = None) -> list[Message]:
        """Make messages of one person, or of random ones."""
        return [self._message(user_id) for _ in range(size)]

    def _message(self, user_id: str | None) -> Message:
        self._number += 1
        subject = self._chance.choice(list(OWN_FIELDS))
        received_us = FIRST_US + self._number * 1000
        data: dict[str, object] = {
            **OWN_FIELDS[subject],
            "user_id": user_id or f"user-{self._chance.randrange(USERS)}",
            "event_id": f"e{self._number}",
            "occurred_at": datetime.fromtimestamp(received_us / 1e6, UTC).isoformat(),
        }
        return Message(subject, json.dumps(data).encode(), self._number, received_us)


def measure() -> None:
    """Print both rates, the longest batch of each, and how long the erasure took."""
    source = Source()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oo.db"
        with contextlib.closing(connect(path)) as connection:
            replay.make_tables(connection, STATE_VIEWS)
            writer = BatchWriter(connection, STATE_VIEWS, "2026-01-01T00:00:00Z")
            for number in range(ROUNDS):
                writer.write(source.batch(SIGNALS_OF_A_PERSON, f"person-{number}"))
            for number in range(ROUNDS):
                alone = _timed(writer, [source.batch(BATCH) for _ in range(BATCHES)])
                batches = [source.batch(BATCH) for _ in range(BATCHES)]
                with _eraser(path, f"person-{number}") as told:
                    beside = _timed(writer, batches)
                    seconds = told()
                _report(alone, beside, seconds)


def erase(path: Path, user_id: str) -> float:
    """Erase a person from a database as `oo forget` does; return the seconds it took."""
    writer = PoliteWriter(path, Patience(time.monotonic, time.sleep))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = time.perf_counter()
    erase_rows(writer, user_id)
    writer.truncate_wal()
    remains = scrub(writer, path, user_id.encode())
    if remains.outside_rows or remains.in_rows:
        raise SystemExit("something is left")
    return time.perf_counter() - began


def _timed(writer: BatchWriter, batches: Sequence[list[Message]]) -> tuple[float, float]:
    longest, began = 0.0, time.perf_counter()
    for batch in batches:
        start = time.perf_counter()
        writer.write(batch)
        longest = max(longest, time.perf_counter() - start)
    return sum(map(len, batches)) / (time.perf_counter() - began), longest


@contextlib.contextmanager
def _eraser(path: Path, user_id: str) -> Iterator[Callable[[], float]]:
    """Erase in a process of its own, which begins now; gives what waits for the seconds it took."""
    process = subprocess.Popen(  # noqa: S603 - this very file
        [sys.executable, __file__, str(path), user_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        if process.stdout is None or process.stdin is None:
            raise SystemExit("no pipes")
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        yield lambda: float(process.communicate()[0])


def _report(alone: tuple[float, float], beside: tuple[float, float], seconds: float) -> None:
    print(
        f"alone {alone[0]:7,.0f} signals/s, longest batch {alone[1]:.2f} s; beside "
        f"{beside[0]:7,.0f}, {beside[1]:.2f} s: {beside[0] / alone[0]:.2f} of it "
        f"(erased in {seconds:.1f} s)"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(erase(Path(sys.argv[1]), sys.argv[2]))
    else:
        measure()
