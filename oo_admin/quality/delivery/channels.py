"""The ways to deliver a notice: a signed webhook, NATS, and whatever Apprise knows."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import urllib.request
import warnings
from typing import TYPE_CHECKING, Final

from oo_admin.errors import NotSentError
from oo_admin.quality.delivery.routes import NATS, WEBHOOK

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_admin.quality.delivery.notice import Notice
    from oo_admin.quality.delivery.routes import Routes, Webhook

SUBJECT: Final = "alerts.quality"
TIMESTAMP_HEADER: Final = "X-OO-Timestamp"
SIGNATURE_HEADER: Final = "X-OO-Signature"
TIMEOUT_SECONDS: Final = 10.0
_DONE: Final = range(200, 300)


class Channels:
    """Delivers notices, each by one address; blocks until it is delivered or refused.

    Args:
        routes: Knows the webhook.
        publish: Publishes bytes on a subject of NATS, and returns when the server has them.
        clock: Tells the present, microseconds since the epoch.
    """

    def __init__(
        self, routes: Routes, publish: Callable[[str, bytes], None], clock: Callable[[], int]
    ) -> None:
        self._routes = routes
        self._publish = publish
        self._clock = clock

    def deliver(self, address: str, notice: Notice, body: bytes) -> None:
        """Deliver a notice.

        Args:
            address: `webhook`, `nats`, or a URL of Apprise.
            notice: In parts, for people.
            body: As JSON, for programs.

        Raises:
            NotSentError: It was not delivered; the same call may be made again.
        """
        if address == NATS:
            self._publish(SUBJECT, body)
        elif address == WEBHOOK:
            if self._routes.webhook is None:
                raise NotSentError(WEBHOOK, "there is none any more in the routes")
            post(self._routes.webhook, body, self._clock() // 1_000_000)
        else:
            _notify(address, notice)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Sign what a webhook gets: HMAC-SHA256 of the time, a dot and the body.

    >>> signature("secret", 1, b"{}")[:15]
    'sha256=1122767b'
    """
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def post(webhook: Webhook, body: bytes, timestamp: int) -> None:
    """Post a signed body.

    Whoever gets it computes the signature over `X-OO-Timestamp`, a dot and the body, and refuses
    what is older than some minutes, so that nobody can send it again later.

    Raises:
        NotSentError: The answer is not one of success, or there is none.
    """
    request = urllib.request.Request(  # noqa: S310 - the routes allow HTTP and HTTPS alone
        webhook.url,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: signature(webhook.secret, timestamp, body),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            status = answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotSentError(WEBHOOK, str(error)) from error
    if status not in _DONE:
        raise NotSentError(WEBHOOK, f"the answer is {status}")


def _notify(address: str, notice: Notice) -> None:
    with warnings.catch_warnings():
        # On some versions of Python a part of it warns that another will lack what it replaces.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - it takes a second, and knows a hundred services

        sender = apprise.Apprise()
        known = sender.add(address)
    kind = address.partition(":")[0]
    if not known:
        raise NotSentError(kind, "Apprise knows no such address: see the routes")
    title = f"[{notice.severity}, {notice.state}] {notice.title}"
    if not sender.notify(title=title, body=notice.text):
        raise NotSentError(kind, "the service did not take it")
