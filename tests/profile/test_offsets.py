"""A user's local clock at moments of the past."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from oo_profile.storage.database import connect
from oo_profile.storage.offsets import offsets_at
from oo_profile.storage.signal_log import StoredSignal, insert_rows, newest_offset, rows_of
from oo_transforms.signals import decode

if TYPE_CHECKING:
    import pytest

MOMENTS = st.integers(0, 8)


@settings(deadline=None, max_examples=60)
@given(
    log=st.lists(st.tuples(MOMENTS, MOMENTS, st.integers(-14, 14)), max_size=8),
    times=st.lists(MOMENTS, min_size=1, max_size=9),
)
def test_an_offset_is_that_of_the_newest_signal(
    tmp_path_factory: pytest.TempPathFactory, log: list[tuple[int, int, int]], times: list[int]
) -> None:
    """Read for many rows at once it is what a search through the signals by then finds."""
    stored = [
        _stored(number, min(event, number + late), number + late, 60 * hours)
        for number, (event, late, hours) in enumerate(log)
    ]
    path = tmp_path_factory.mktemp("offsets") / "oo.db"
    with contextlib.closing(connect(path, synchronous="NORMAL")) as connection:
        insert_rows(connection, rows_of(stored))
        true = offsets_at(connection, ["u"] * len(times), times, as_seen=False)
        seen = offsets_at(connection, ["u"] * len(times), times, as_seen=True)
        assert true == [newest_offset(connection, "u", time) for time in times]
    for time, found in zip(times, seen, strict=True):
        known = [s for s in stored if s.received_us <= time]
        newest = max(known, key=lambda s: (s.event_time_us, s.signal.event_id), default=None)
        assert found == (None if newest is None else newest.signal.utc_offset_minutes)


def _stored(number: int, event_us: int, received_us: int, offset: int) -> StoredSignal:
    data = {
        "event_id": f"e{number}",
        "user_id": "u",
        "occurred_at": "1970-01-01T00:00:00Z",
        "utc_offset_minutes": offset,
        "score": 3,
    }
    payload = json.dumps(data).encode()
    message = decode("signals.mood.logged", payload, received_us)
    return StoredSignal(message, event_us, received_us, number, payload)
