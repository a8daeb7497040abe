"""Notices on their way: kept until they are delivered, tried again in growing pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from oo_admin.errors import NotSentError
from oo_admin.quality.delivery.notice import Notice, as_json, notice_of
from oo_profile.insight.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oo_admin.quality.delivery.routes import Routes
    from oo_admin.quality.report import AlertReport
    from oo_admin.quality.store import QualityStore

FIRST_PAUSE_US: Final = 10_000_000
LONGEST_PAUSE_US: Final = 3_600_000_000
GIVEN_UP_AFTER: Final = 60
"""Attempts, two days of them."""

_log = EventLog(__name__)


class Deliverer(Protocol):
    """Delivers one notice; `channels.Channels` is one."""

    def deliver(self, address: str, notice: Notice, body: bytes) -> None:
        """Deliver it, or raise `NotSentError`."""
        ...


class Outbox:
    """Puts notices down first and delivers them then, so that a crash loses none.

    One that was delivered when the process died may be delivered twice.

    Args:
        store: Keeps them.
        routes: Says where to.
    """

    def __init__(self, store: QualityStore, routes: Routes) -> None:
        self._store = store
        self._routes = routes

    def put(self, reports: Iterable[AlertReport], now_us: int) -> int:
        """Put down what is to be said of alerts that changed; return how many notices.

        Of a muted alert nothing is said.
        """
        notices = [notice_of(report) for report in reports if report.mute is None]
        return sum(self.add(notice, now_us) for notice in notices)

    def add(self, notice: Notice, now_us: int) -> int:
        """Put down a notice for all its addresses; return how many there are."""
        addresses = self._routes.of(notice.owners)
        for address in addresses:
            self._store.send(address, as_json(notice), now_us)
        return len(addresses)

    def deliver(self, deliverer: Deliverer, now_us: int) -> int:
        """Deliver what is due, oldest first; return how many were delivered.

        An address that refuses one is left alone for the rest of this call.
        """
        delivered, refused = 0, set[str]()
        for waiting in self._store.due(now_us):
            if waiting.channel in refused:
                continue
            notice = msgspec.json.decode(waiting.notice, type=Notice)
            try:
                deliverer.deliver(waiting.channel, notice, waiting.notice)
            except NotSentError as error:
                refused.add(waiting.channel)
                self._postpone(waiting.number, waiting.attempts + 1, now_us, error)
            else:
                self._store.delivered(waiting.number)
                delivered += 1
        return delivered

    def _postpone(self, number: int, attempts: int, now_us: int, error: NotSentError) -> None:
        if attempts >= GIVEN_UP_AFTER:
            _log.warning("quality.notice_given_up", channel=error.channel, reason=error.reason)
            self._store.delivered(number)
            return
        if attempts == 1:
            _log.warning("quality.notice_waits", channel=error.channel, reason=error.reason)
        pause_us = min(FIRST_PAUSE_US << min(attempts - 1, 20), LONGEST_PAUSE_US)
        self._store.retry(number, attempts, now_us + pause_us)
