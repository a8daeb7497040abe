"""The events that were logged while a test captured them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.insight.events import Event

if TYPE_CHECKING:
    import pytest


def captured(caplog: pytest.LogCaptureFixture, *names: str) -> list[Event]:
    """Return the events in order, of these names or all."""
    events = [record.msg for record in caplog.records if isinstance(record.msg, Event)]
    return [event for event in events if not names or event.name in names]
