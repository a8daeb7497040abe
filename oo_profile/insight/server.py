"""A small HTTP server for `/metrics`, `/healthz` and `/readyz`, in threads of its own.

In threads, so that it answers when the event loop hangs, and can say so.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from prometheus_client.exposition import choose_encoder

from oo_profile.errors import AddressBusyError
from oo_profile.insight.health import alive, ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry

    from oo_profile.insight.health import Health
    from oo_profile.insight.status import Status

_JSON: Final = "application/json"
_SLOW_SECONDS = 10.0
# How long the end of the builder may wait for the server's.
_POLL_SECONDS = 0.05


class InsightServer(ThreadingHTTPServer):
    """Answers for one builder.

    Args:
        address: Host and port to listen at; port 0 takes a free one.
        registry: The metrics.
        status: What health is read from.

    Raises:
        OSError: Nobody can listen there.
    """

    daemon_threads = True
    # Whoever is still asking at the end gets no answer: the builder does not wait for him.
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], registry: CollectorRegistry, status: Status
    ) -> None:
        self.registry = registry
        self.status = status
        super().__init__(address, _Handler)


@contextlib.contextmanager
def serving(address: tuple[str, int], registry: CollectorRegistry, status: Status) -> Iterator[str]:
    """Serve as long as the context lasts; give "host:port".

    Raises:
        AddressBusyError: Somebody else listens there, or nobody may.
    """
    try:
        server = InsightServer(address, registry, status)
    except OSError as error:
        raise AddressBusyError(*address, error.strerror or str(error)) from error
    thread = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="insight", daemon=True
    )
    thread.start()
    try:
        yield f"{address[0]}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: InsightServer
    timeout = _SLOW_SECONDS

    def do_GET(self) -> None:
        """Answer with metrics or health."""
        path = self.path.partition("?")[0]
        answer = _ANSWERS.get(path)
        if answer is None:
            body = {"error": f"there is no {path}", "paths": sorted(_ANSWERS)}
            self._send(HTTPStatus.NOT_FOUND, _JSON, json.dumps(body).encode())
        else:
            answer(self)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def metrics(self) -> None:
        """Answer with the metrics, in the format that is asked for."""
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        self._send(HTTPStatus.OK, content_type, encode(self.server.registry))

    def healthz(self) -> None:
        """Answer whether the process can go on."""
        self._health("alive", alive(self.server.status))

    def readyz(self) -> None:
        """Answer whether signals are stored."""
        self._health("ready", ready(self.server.status))

    def _health(self, name: str, health: Health) -> None:
        body = {
            name: health.ok,
            "checks": {check: asdict(found) for check, found in health.checks.items()},
        }
        code = HTTPStatus.OK if health.ok else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(code, _JSON, json.dumps(body).encode() + b"\n")

    def _send(self, code: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Leave requests out of the log."""


_ANSWERS: Final[Mapping[str, Callable[[_Handler], None]]] = {
    "/metrics": _Handler.metrics,
    "/healthz": _Handler.healthz,
    "/readyz": _Handler.readyz,
}
