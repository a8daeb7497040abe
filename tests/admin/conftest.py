"""Pages of a small world."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.world import signal

if TYPE_CHECKING:
    from support.admin import Pages
    from support.world import World


@pytest.fixture
def pages(world: World) -> Pages:
    """Give the pages of a world in which Ada has signals of several sources; an operator asks."""
    from support.admin import NOW, Pages  # noqa: PLC0415 - imports Feast

    world.publish_and_build(
        [
            signal("app.session", "ada", NOW - timedelta(hours=2), duration_seconds=600),
            signal("app.session", "ada", NOW - timedelta(days=9), duration_seconds=60),
            signal(
                "task.created",
                "ada",
                NOW - timedelta(days=3),
                task_id="t",
                category="fix",
                priority=2,
            ),
            signal("task.completed", "ada", NOW - timedelta(days=2), task_id="t", category="fix"),
            signal("mood.logged", "ada", NOW - timedelta(days=8), score=4),
            signal("mood.logged", "bob", NOW - timedelta(days=1), score=2),
        ]
    )
    return Pages.of(world).enter()
