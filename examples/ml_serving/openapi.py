"""The OpenAPI document, from the types that decode requests and the examples of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ml_serving import examples
from ml_serving.bodies import JSON
from ml_serving.messages import (
    FeedbackAnswer,
    FeedbackRequest,
    ForgetAnswer,
    Health,
    Problem,
    RankAnswer,
    RankRequest,
)
from oo_transforms.described import definitions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import FastAPI

MESSAGES: Final[tuple[type[msgspec.Struct], ...]] = (
    RankRequest,
    RankAnswer,
    FeedbackRequest,
    FeedbackAnswer,
    ForgetAnswer,
    Health,
    Problem,
)
"""What is sent and answered; what these hold comes with them."""

_TEMPLATE: Final = "#/components/schemas/{name}"

_REFUSALS: Final = {
    400: "The body is no JSON",
    413: "The body is too large",
    422: "A field is missing, unknown or out of its bounds",
}


def request_body(example: msgspec.Struct) -> dict[str, Any]:
    """Describe a request's body, for a route's `openapi_extra`."""
    return {"requestBody": {"required": True, "content": _content(example)}}


def answers(
    example: msgspec.Struct, description: str, refusals: Iterable[int] = ()
) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a route.

    Args:
        example: Of the usual answer.
        description: Of that.
        refusals: Statuses of others.
    """
    usual: dict[int | str, dict[str, Any]] = {
        200: {"description": description, "content": _content(example)}
    }
    return usual | {
        status: {"description": _REFUSALS[status], "content": _content(examples.PROBLEM)}
        for status in refusals
    }


REFUSALS: Final = tuple(_REFUSALS)


def install(app: FastAPI) -> None:
    """Have the application's document hold the schemas of all messages."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            document.setdefault("components", {})["schemas"] = schemas()
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def schemas() -> dict[str, Any]:
    """Return the JSON Schema of every message, and of what they hold, by name."""
    return definitions(MESSAGES, _TEMPLATE)


def _content(example: msgspec.Struct) -> dict[str, Any]:
    reference = {"$ref": _TEMPLATE.format(name=type(example).__name__)}
    return {JSON: {"schema": reference, "example": msgspec.to_builtins(example)}}
