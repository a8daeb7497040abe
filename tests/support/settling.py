"""A person of the pages' own builder who has a past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from support.world import signal

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.browsing import Site


def settle(page: Page, site: Site, user_id: str, signals: int, apart: timedelta) -> None:
    """Give a person signals of two views, so far apart, and wait until they are built."""
    now = datetime.now(UTC)
    site.publish(
        *(
            signal(
                "task.completed" if number % 2 else "app.session",
                user_id,
                now - (signals - number) * apart,
                task_id="t",
                category=f"c{number % 5}",
                duration_seconds=number,
            )
            for number in range(signals)
        )
    )
    site.wait_until_built(page)
