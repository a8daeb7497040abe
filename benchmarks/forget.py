"""The builder's writes to SQLite alone, and beside the erasure of a person with many signals."""

from __future__ import annotations

import contextlib
import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

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
BATCHES_BEFORE = 50
BATCHES_ALONE = 12
FORGETS = 7
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


@dataclass(frozen=True, slots=True)
class Writing:
    """How the builder wrote for a while.

    Attributes:
        rate: Signals a second of what it took to write them.
        cpu_us: Processor time of a signal.
        longest_seconds: Of its batches.
    """

    rate: float
    cpu_us: float
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class Erasing:
    """How a person was erased.

    Attributes:
        seconds: How long it took.
        cpu_seconds: Its processor time.
        locked_seconds: How long the builder could not write because of it.
    """

    seconds: float
    cpu_seconds: float
    locked_seconds: float


def measure() -> None:
    """Print how the builder writes alone and beside an erasure, each time and in the median."""
    source = Source()
    alone: list[Writing] = []
    beside: list[Writing] = []
    erasures: list[Erasing] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oo.db"
        with contextlib.closing(connect(path)) as connection:
            replay.make_tables(connection, STATE_VIEWS)
            writer = BatchWriter(connection, STATE_VIEWS, "2026-01-01T00:00:00Z")
            for number in range(FORGETS):
                writer.write(source.batch(SIGNALS_OF_A_PERSON, f"person-{number}"))
            for _ in range(BATCHES_BEFORE):
                writer.write(source.batch(BATCH))
            gc.freeze()
            alone.append(_written_alone(writer, source))
            for number in range(FORGETS):
                with _eraser(path, f"person-{number}") as eraser:
                    beside.append(_written(writer, source, lambda: eraser.poll() is None))
                    erasures.append(msgspec.json.decode(eraser.communicate()[0], type=Erasing))
                alone.append(_written_alone(writer, source))
                _report(alone[-1], beside[-1], erasures[-1])
    _summary(alone, beside, erasures)


def erase(path: Path, user_id: str) -> Erasing:
    """Erase a person from a database as `oo forget` does, beside a builder."""
    writer = PoliteWriter(path, Patience(time.monotonic, time.sleep))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    erase_rows(writer, user_id)
    writer.truncate_wal()
    remains = scrub(writer, path, user_id.encode())
    if remains.outside_rows or remains.in_rows:
        raise SystemExit("something is left")
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Erasing(seconds, cpu, writer.locked_seconds)


def _written_alone(writer: BatchWriter, source: Source) -> Writing:
    counts = iter(range(BATCHES_ALONE))
    return _written(writer, source, lambda: next(counts, None) is not None)


def _written(writer: BatchWriter, source: Source, more: Callable[[], bool]) -> Writing:
    signals, wall, cpu, longest = 0, 0.0, 0.0, 0.0
    while more():
        batch = source.batch(BATCH)
        start, start_cpu = time.perf_counter(), time.process_time()
        writer.write(batch)
        seconds = time.perf_counter() - start
        cpu += time.process_time() - start_cpu
        wall, longest, signals = wall + seconds, max(longest, seconds), signals + BATCH
    return Writing(signals / wall, cpu / signals * 1e6, longest)


@contextlib.contextmanager
def _eraser(path: Path, user_id: str) -> Iterator[subprocess.Popen[str]]:
    """Erase in a process of its own, which begins now and at its end says how it went."""
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
        yield process


def _report(alone: Writing, beside: Writing, erasing: Erasing) -> None:
    print(
        f"alone {alone.rate:7,.0f} signals/s, beside {beside.rate:7,.0f}: "
        f"{beside.rate / alone.rate:.2f}; processor time of a signal {alone.cpu_us:.1f} and "
        f"{beside.cpu_us:.1f} us; longest batch {alone.longest_seconds:.2f} and "
        f"{beside.longest_seconds:.2f} s; erased in {erasing.seconds:.1f} s, "
        f"{erasing.cpu_seconds:.2f} s of a processor, {erasing.locked_seconds:.3f} s locked"
    )


def _summary(
    alone: Sequence[Writing], beside: Sequence[Writing], erasures: Sequence[Erasing]
) -> None:
    # Batches get dearer as tables grow, so each stands between one before and one after it.
    pairs = list(zip(pairwise(alone), beside, strict=True))
    rate = statistics.median(2 * two.rate / (a.rate + b.rate) for (a, b), two in pairs)
    cpu = statistics.median((a.cpu_us + b.cpu_us) / 2 / two.cpu_us for (a, b), two in pairs)
    locked = statistics.median(each.locked_seconds / each.seconds for each in erasures)
    print(f"in the median of {len(pairs)} forgets, beside over alone:")
    print(f"  rate                                   {rate:.2f}")
    print(f"  signals for the same processor time    {cpu:.2f}")
    print(f"  share of the time locked by the eraser {locked:.3f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(msgspec.json.encode(erase(Path(sys.argv[1]), sys.argv[2])).decode())
    else:
        measure()
