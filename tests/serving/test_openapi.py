"""The documentation of the service is made of what checks its messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ml_serving.app import make_app
from ml_serving.openapi import MESSAGES
from support.serving import config_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the OpenAPI document; the service need not run."""
    folder: Path = tmp_path_factory.mktemp("openapi")
    return make_app(config_of({}, folder)).openapi()


def contents(document: dict[str, Any]) -> list[dict[str, Any]]:
    """List every body of a request or an answer."""
    found = []
    for path in document["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            found += [body["content"]["application/json"] for body in bodies if "content" in body]
    return [content for content in found if content["schema"]]


def test_every_example_is_a_message_of_its_kind(document: dict[str, Any]) -> None:
    """Whoever copies it is understood."""
    kinds = {kind.__name__: kind for kind in MESSAGES}
    shown = contents(document)
    assert len(shown) > 8
    for content in shown:
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        example = json.dumps(content["example"])
        assert isinstance(msgspec.json.decode(example, type=kinds[name]), kinds[name])


def test_everything_that_is_referred_to_is_there_and_described(document: dict[str, Any]) -> None:
    """Each schema, and each field of each, says what it is."""
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in schemas
    for name, schema in schemas.items():
        assert schema["description"], name
        for field, said in schema.get("properties", {}).items():
            assert said.get("description"), f"{name}.{field}"


def test_every_route_says_what_it_is_for(document: dict[str, Any]) -> None:
    """With a line and a description."""
    operations = {
        f"{method} {path}": operation
        for path, of_path in document["paths"].items()
        for method, operation in of_path.items()
    }
    assert {"post /rank", "post /feedback", "get /healthz", "get /metrics"} <= set(operations)
    for operation in operations.values():
        assert operation["summary"]
        assert operation["description"]
