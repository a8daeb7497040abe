"""Whether the builder's memory stays flat over many signals of many users."""

from __future__ import annotations

import asyncio
import json
import random
import resource
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import builder_drain
from online_timing import at_most, show

from oo_profile.transport.signal_file import SignalLine
from oo_transforms.clock import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast import FeatureStore

    from oo_profile.demo.stage import Stage

WAVE = 100_000
GROWTH = 1.1
_FIELDS = (
    ("signals.app.session", {"duration_seconds": 60}),
    ("signals.task.completed", {"task_id": "t", "category": "docs"}),
    ("signals.tip.shown", {"tip_id": "p", "category": "fix"}),
)


def measure(on: Stage, store: FeatureStore, signals: int, users: int) -> None:
    """Publish and drain in waves, and compare the memory of the first half with the end.

    Args:
        on: Where.
        store: Feast.
        signals: In all, half of them before memory must be flat.
        users: Whose signals, drawn at random.
    """
    waves = max(signals // WAVE, 2)
    chance = random.Random(1)
    used = []
    for wave in range(waves):
        asyncio.run(builder_drain.publish_all(on, _wave(wave, users, chance)))
        asyncio.run(builder_drain.drain(on, store, WAVE))
        asyncio.run(builder_drain.purge(on))
        used.append(_resident_bytes())
    half, end = used[len(used) // 2 - 1], used[-1]
    print(f"memory over {waves * WAVE:,} signals of {users:,} users:")
    print(f"  {'MiB after half of them':50} {half / 2**20:8.2f}")
    print(f"  {'MiB at the end':50} {end / 2**20:8.2f}")
    show("end over half", end / half, at_most(GROWTH))


def _wave(number: int, users: int, chance: random.Random) -> Iterator[SignalLine]:
    for place in range(number * WAVE, (number + 1) * WAVE):
        subject, fields = _FIELDS[chance.randrange(len(_FIELDS))]
        data = {
            "event_id": f"e{place}",
            "user_id": f"u{chance.randrange(users):07}",
            "occurred_at": (EPOCH + timedelta(days=20_000, seconds=place)).isoformat(),
            **fields,
        }
        yield SignalLine(subject, json.dumps(data).encode())


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()
