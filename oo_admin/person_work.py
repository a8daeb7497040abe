"""What is done to a person on request: rebuild, forget."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from oo_admin.job_results import RowCounts
from oo_profile.building.online import OnlineWriter
from oo_profile.privacy.forget import Places, forget
from oo_profile.privacy.receipt import receipt_text
from oo_profile.privacy.writing import Patience, open_writer
from oo_profile.storage import signal_log
from oo_profile.transport.connection import connect_to_nats
from oo_profile.upkeep.rebuild import rebuild

if TYPE_CHECKING:
    from oo_admin.job_results import JobResult
    from oo_admin.jobs import Progress, Work
    from oo_admin.reading.reader import Reader
    from oo_profile.upkeep.rebuild import Rebuilt


def rebuild_work(reader: Reader, user_id: str, now_us: int) -> Work:
    """Return the work that rebuilds a user and tells what changed."""

    def work(progress: Progress) -> JobResult:
        with reader.reading() as connection:
            total = signal_log.count(connection, user_id)
        before = _values(reader, user_id, now_us)
        handled = 0

        def on_signals(count: int) -> None:
            nonlocal handled
            handled += count
            progress(handled, total)

        done = rebuild(reader.settings, reader.store, user_id=user_id, progress=on_signals)
        after = _values(reader, user_id, now_us)
        changed = sorted(name for name, value in after.items() if value != before[name])
        return _told(done, changed)

    return work


def forget_work(reader: Reader, user_id: str, now_us: int) -> Work:
    """Return the work that forgets a user; what it returns names nobody."""

    async def forgetting(progress: Progress) -> JobResult:
        settings, store = reader.settings, reader.store
        with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
            places = Places(
                writer,
                settings.db,
                OnlineWriter(store),
                lambda: connect_to_nats(settings, name="oo admin"),
            )
            receipt = await forget(
                places, user_id, now_us=now_us, random_bytes=secrets.token_bytes, progress=progress
            )
        text = receipt_text(receipt)
        return {"text": text, "left": [*receipt.left]}

    return lambda progress: asyncio.run(forgetting(progress))


def _values(reader: Reader, user_id: str, now_us: int) -> dict[str, object]:
    features = reader.profile(user_id, now_us).features
    return {feature.entry.name: feature.value for feature in features}


def _told(done: Rebuilt, changed: list[str]) -> JobResult:
    return {
        "signals": done.signals,
        "rows": done.rows,
        "online_rows": done.online_rows,
        "repaired_rows": done.repaired_rows,
        "views": {
            view: RowCounts(
                rows=changes.rows,
                missing=changes.missing,
                extra=changes.extra,
                changed=changes.changed,
            )
            for view, changes in done.changes.items()
            if changes.repaired
        },
        "changed_features": changed,
    }
