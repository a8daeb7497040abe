"""JSON Schema of classes, with the descriptions that their docstrings have of each field."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema, or a part of one."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SECTION: Final = re.compile(r"^(\w+):$", re.MULTILINE)
_FIELD: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def definitions(kinds: Iterable[type]) -> dict[str, Schema]:
    """Return the schema of each class, and of all that they are made of, by name.

    Args:
        kinds: Structs, dataclasses and the like, as msgspec decodes and encodes them.
    """
    asked = list(kinds)
    _, found = msgspec.json.schema_components(asked, ref_template="#/$defs/{name}")
    inherited = {kind.__name__: _inherited(kind) for kind in asked}
    return {name: _described(found[name], inherited.get(name, {})) for name in found}


def document(title: str, description: str, parts: dict[str, Schema], root: Schema) -> Schema:
    """Return a whole schema.

    Args:
        title: Name of what the schema as a whole describes.
        description: What that is.
        parts: Definitions by name.
        root: What the whole is.
    """
    return {
        "$schema": DIALECT,
        "title": title,
        "description": description,
        **root,
        "$defs": {name: parts[name] for name in sorted(parts)},
    }


def reference(name: str) -> Schema:
    """Refer to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def split(docstring: str) -> tuple[str, dict[str, str]]:
    r"""Tell what a docstring says of its object from what it says of each field.

    >>> split("A tip.\n\nAttributes:\n    kind: What it is,\n        or None.\n")
    ('A tip.', {'kind': 'What it is, or null.'})
    """
    text = inspect.cleandoc(docstring)
    first = _SECTION.search(text)
    if first is None:
        return _flowing(text), {}
    sections = dict(zip(*[iter(_SECTION.split(text[first.start() :])[1:])] * 2, strict=True))
    fields = _FIELD.findall(sections.get("Attributes", ""))
    return _flowing(text[: first.start()]), {name: _flowing(said) for name, said in fields}


def _flowing(text: str) -> str:
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))


def _inherited(kind: type) -> dict[str, str]:
    """Collect what the classes that a class derives from say of their fields."""
    said: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        said |= split(parent.__doc__ or "")[1]
    return said


def _described(schema: Schema, inherited: dict[str, str]) -> Schema:
    description, own = split(schema.get("description", ""))
    said = inherited | own
    described = {**schema, "description": description} if description else dict(schema)
    if "properties" in schema:
        described["properties"] = {
            name: {"description": said[name], **field} if name in said else field
            for name, field in schema["properties"].items()
        }
    return described
