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

DEFINITIONS: Final = "#/$defs/{name}"
"""Where a schema refers to a definition of its own."""

_SECTION: Final = re.compile(r"^(\w+):$", re.MULTILINE)
_FIELD: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def definitions(kinds: Iterable[type], ref_template: str = DEFINITIONS) -> dict[str, Schema]:
    """Return the schema of each class, and of all that they are made of, by name.

    Args:
        kinds: Structs, dataclasses and the like, as msgspec decodes and encodes them.
        ref_template: Where they refer to each other, with `{name}` in it.
    """
    asked = list(kinds)
    _, found = msgspec.json.schema_components(asked, ref_template=ref_template)
    inherited = {kind.__name__: _inherited(kind) for kind in asked}
    return {name: _described(found[name], inherited.get(name, {})) for name in found}


def split(docstring: str) -> tuple[str, dict[str, str]]:
    r"""Tell what a docstring says of its object from what it says of each field.

    >>> split("A tip.\n\nAttributes:\n    kind: What it is,\n        or None.\n")
    ('A tip.', {'kind': 'What it is, or null.'})
    """
    text = inspect.cleandoc(docstring)
    first = _SECTION.search(text)
    if first is None:
        return _flowing(text), {}
    parts = _SECTION.split(text[first.start() :])[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
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
