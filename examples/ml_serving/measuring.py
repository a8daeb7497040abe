"""Counts requests and their time, around everything else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEASURED: Final = frozenset({"/rank", "/feedback"})


class Measuring:
    """Middleware that tells `Metrics` of the requests of tips.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and measure it if it is one of tips."""
        if scope["type"] != "http" or scope["path"] not in MEASURED:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def measured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, measured)
        finally:
            metrics = scope["app"].state.parts.metrics
            metrics.requests.labels(scope["path"], str(status)).inc()
            metrics.seconds.labels(scope["path"]).observe(time.perf_counter() - began)
