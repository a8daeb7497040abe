"""Bodies in and out: bounded, decoded into their types, refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from starlette.responses import Response

from ml_serving.errors import RequestRefused
from ml_serving.messages import MAX_BODY_BYTES, Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from ml_serving.messages import Error

T = TypeVar("T")

JSON = "application/json"


class Body(Generic[T]):
    """Reads a request's body as one type.

    Args:
        kind: The type.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind)

    async def read(self, request: Request) -> T:
        """Read it.

        Raises:
            RequestRefused: It is too large, no JSON, or not of that type.
        """
        return self.decode(await _bytes(request))

    def decode(self, body: bytes) -> T:
        """Decode it.

        Raises:
            RequestRefused: It is no JSON, or not of that type.
        """
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise RequestRefused(422, "invalid", str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason = str(error) or type(error).__name__
            raise RequestRefused(400, "malformed", f"the body is no JSON: {reason}") from error


def answer(content: bytes, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(content, status, media_type=JSON)


def problem(status: int, error: Error, detail: str) -> Response:
    """Answer with a problem."""
    return answer(msgspec.json.encode(Problem(error=error, detail=detail)), status)


async def _bytes(request: Request) -> bytes:
    """Read a body of bounded size; a longer one is not read to its end."""
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() else 0
    parts: list[bytes] = []
    if size <= MAX_BODY_BYTES:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > MAX_BODY_BYTES:
                break
            parts.append(part)
    if size > MAX_BODY_BYTES:
        raise RequestRefused(
            413,
            "too_large",
            f"the body has {size} bytes or more; at most {MAX_BODY_BYTES} are read",
        )
    return b"".join(parts)
