"""What holds for every request and answer, whichever page it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from oo_admin.config import AdminConfig

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing from elsewhere, no code or style within a page, and no page within another."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC_PATH: Final = "/admin/static/"
_SAFE_METHODS: Final = {"GET", "HEAD"}
_MAX_TARGET: Final = 4096
NEW_COOKIE: Final = "new_cookie"
"""Where a handler leaves, in the request's state, a cookie that the answer is to carry."""


class Guard:
    """Refuses foreign host names and changes sent from foreign pages; adds headers to answers.

    Args:
        app: What answers.
        config: The host names that are ours.
    """

    def __init__(self, app: ASGIApp, config: AdminConfig) -> None:
        self._app = app
        self._hosts = {name.lower() for name in config.hosts}
        self._https = config.https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        refusal = self._refusal(scope)
        app = self._app if refusal is None else PlainTextResponse(f"{refusal[1]}\n", refusal[0])

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(scope, message)
            await send(message)

        await app(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return 400, (
                "This host name is not one of ours: name it in OO_ADMIN_HOSTS if it should be."
            )
        if len(scope["raw_path"]) + len(scope["query_string"]) > _MAX_TARGET:
            return 414, f"The address is longer than {_MAX_TARGET} bytes."
        origin = headers.get("origin")
        if scope["method"] not in _SAFE_METHODS and origin and urlsplit(origin).netloc != host:
            return 403, "This change was sent from a page of another site; nothing was done."
        return None

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers[name] = value
        # Files of ours may be kept by a browser that asks whether they are still the same.
        kept = scope["path"].startswith(STATIC_PATH)
        headers.setdefault("Cache-Control", "no-cache" if kept else "no-store")
        if self._https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if cookie := scope["state"].get(NEW_COOKIE):
            headers.append("Set-Cookie", cookie)


def _name_of(host: str) -> str:
    """Return a host without its port, in lower case.

    >>> _name_of("Localhost:8765"), _name_of("[::1]:80"), _name_of("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
