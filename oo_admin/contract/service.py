"""The contract of who asks the bandit's service, the example beside the definitions."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from oo_admin.contract.document import document
from oo_profile.errors import RepoNotFoundError
from oo_profile.settings import find_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_transforms.described import Schema

EXAMPLES: Final = "examples"
PACKAGE: Final = "ml_serving"
_SCHEMAS: Final = "#/components/schemas/"
_OK: Final = "200"
_REFUSED: Final = "4"


def service_folder() -> Path | None:
    """Find the folder that the service's package is in; None: the project has none."""
    try:
        folder = find_repo(os.environ, Path.cwd()).parent / EXAMPLES
    except RepoNotFoundError:
        return None
    return folder if (folder / PACKAGE).is_dir() else None


def service_openapi(folder: Path) -> dict[str, Any]:
    """Return the service's OpenAPI document, which it makes of the types that it decodes by.

    Args:
        folder: Where its package is.
    """
    with _importable(folder):
        routes = importlib.import_module(f"{PACKAGE}.routes")
        openapi = importlib.import_module(f"{PACKAGE}.openapi")
    app = FastAPI(title="oO tips", version="1")
    app.include_router(routes.router)
    openapi.install(app)
    made: dict[str, Any] = app.openapi()
    return made


def service_contract(openapi: Mapping[str, Any]) -> Schema:
    """Return the schema of every route's request and answers, by method and path.

    Args:
        openapi: The service's document.
    """
    schemas = json.loads(json.dumps(openapi["components"]["schemas"]).replace(_SCHEMAS, "#/$defs/"))
    routes = {
        f"{method.upper()} {path}": _route(operation)
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    }
    told = {name: route for name, route in routes.items() if route["properties"]}
    return document(
        "ServiceByRoute",
        "What is sent to each route of the bandit's service, and what it answers.",
        schemas,
        {"type": "object", "properties": told, "required": list(told)},
    )


def _route(operation: Mapping[str, Any]) -> Schema:
    answers = operation["responses"]
    sent = {
        "request": operation.get("requestBody", {}),
        "answer": answers.get(_OK, {}),
        "problem": next((answers[code] for code in sorted(answers) if code[0] == _REFUSED), {}),
    }
    found = {name: _reference(part) for name, part in sent.items()}
    properties = {name: schema for name, schema in found.items() if schema is not None}
    return {
        "description": f"{operation['summary']}.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _reference(part: Mapping[str, Any]) -> Schema | None:
    """Return what a body refers to; None: it is none of ours."""
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", ""))
    return {"$ref": name.replace(_SCHEMAS, "#/$defs/")} if name else None


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the packages of a folder be imported meanwhile."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
