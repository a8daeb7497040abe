"""What is done with rejected messages on request: published again after a fix, or dropped."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from oo_profile.privacy.writing import Patience, open_writer
from oo_profile.storage.rejected_rows import Choice, keys_of
from oo_profile.transport.connection import connect_to_nats
from oo_profile.transport.stream import ensure_stream
from oo_profile.upkeep import rejections

if TYPE_CHECKING:
    from oo_admin.job_results import JobResult
    from oo_admin.jobs import Progress, Work
    from oo_profile.settings import Settings


def retry_work(settings: Settings, reason: str) -> Work:
    """Return the work that publishes the messages of a reason again."""

    async def retrying(progress: Progress) -> JobResult:
        with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
            keys = keys_of(writer.connection, Choice(reason=reason))
            done = 0

            def on_messages(count: int) -> None:
                nonlocal done
                done += count
                progress(done, len(keys))

            async with connect_to_nats(settings, name="oo admin") as connection:
                await ensure_stream(connection)
                report = await rejections.retry(connection, writer, keys, progress=on_messages)
        return {
            "published": report.published,
            "cut": report.cut,
            "unpublishable": report.unpublishable,
        }

    return lambda progress: asyncio.run(retrying(progress))


def drop_work(settings: Settings, reason: str) -> Work:
    """Return the work that removes the messages of a reason for good."""

    def dropping(_: Progress) -> JobResult:
        with open_writer(settings.db, Patience(time.monotonic, time.sleep)) as writer:
            keys = keys_of(writer.connection, Choice(reason=reason))
            return {"dropped": rejections.drop(writer, keys)}

    return dropping
