"""A whole JSON Schema, put together of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_transforms.described import DEFINITIONS

if TYPE_CHECKING:
    from oo_transforms.described import Schema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


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
    return {"$ref": DEFINITIONS.format(name=name)}
