"""The event time of the newest signal of each source."""

from __future__ import annotations

import base64
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from oo_profile.errors import StreamError
from oo_profile.transport.stream import STREAM, request_api
from oo_transforms.clock import to_micros
from oo_transforms.errors import SignalRejected
from oo_transforms.signals import SOURCES, SUBJECTS, SourceSynced, decode, event_time_us
from oo_transforms.syncs import SOURCE_VIEWS, SYNC_STATE

if TYPE_CHECKING:
    from nats.aio.client import Client

    from oo_profile.building.newest_states import NewestStates

_SOURCE_OF_SUBJECT: Final = {
    kind.subject: view.source for view in SOURCE_VIEWS.values() for kind in view.weights
}


def newest_of_batch(newest: NewestStates) -> dict[str, int]:
    """Return the event time of the newest signal of each source, microseconds, that a batch knows.

    A sync counts for the source that it names. Sources that the batch says nothing of are left
    out.

    Args:
        newest: The newest version of every user and view that the batch changed.
    """
    times: dict[str, int] = {}
    for part in newest.parts:
        columns = part.columns
        if columns.view is SYNC_STATE:
            for source, synced_us in zip(SOURCES, columns.sums.max(axis=0).tolist(), strict=True):
                if math.isfinite(synced_us):
                    _keep(times, source, int(synced_us))
        else:
            _keep(times, columns.view.source, int(columns.event_times_us.max()))
    return times


async def newest_of_stream(connection: Client) -> dict[str, int]:
    """Return the same from the last message of each subject in the stream.

    What a builder knows before its first batch. Messages that are no valid signals are left out,
    and of syncs only the last one is seen.
    """
    times: dict[str, int] = {}
    for subject in SUBJECTS:
        found = await _last(connection, subject)
        if found is not None:
            _keep(times, *found)
    return times


async def _last(connection: Client, subject: str) -> tuple[str, int] | None:
    try:
        answer: dict[str, Any] = await request_api(
            connection, f"STREAM.MSG.GET.{STREAM}", {"last_by_subj": subject}
        )
        message = answer["message"]
        received_us = to_micros(datetime.fromisoformat(message["time"]))
        signal = decode(subject, base64.b64decode(message.get("data", "")), received_us)
    except (StreamError, SignalRejected):
        return None
    if isinstance(signal, SourceSynced):
        return signal.source, event_time_us(signal, received_us)
    return _SOURCE_OF_SUBJECT[subject], event_time_us(signal, received_us)


def _keep(times: dict[str, int], source: str, time_us: int) -> None:
    times[source] = max(times.get(source, 0), time_us)
