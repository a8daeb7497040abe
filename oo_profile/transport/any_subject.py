"""Messages whose subject or headers are no UTF-8 reach the reader too.

NATS takes any bytes for a subject. The client library decodes them while it reads the connection,
and gives up reading for good at the first that it cannot: one such message of any producer would
block all behind it, at every start anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg


def accept_any_subject(connection: Client) -> None:
    r"""Let a connection read such messages: bytes that are no UTF-8 are shown as `\xff`.

    Headers that cannot be decoded are left out.
    """
    build_message, process_headers = connection._build_message, connection._process_headers  # noqa: SLF001 - no public place comes before the decoding

    def build(
        sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        text = subject.decode(errors="backslashreplace")
        message: Msg = build_message(sid, text.encode(), reply, data, headers)
        return message

    async def process(headers: bytes) -> dict[str, str] | None:
        try:
            return await process_headers(headers)
        except UnicodeDecodeError:
            return None

    connection._build_message = build  # type: ignore[method-assign]  # noqa: SLF001 - as above
    connection._process_headers = process  # type: ignore[method-assign]  # noqa: SLF001 - as above
