"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event and say whether it was set in time; at once if no time is given."""
    if seconds <= 0:
        # Others get their turn all the same: the one who sets it may be waiting for that.
        await asyncio.sleep(0)
        return event.is_set()
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
