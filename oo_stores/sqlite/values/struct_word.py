"""The fields that a declared type `STRUCT(name TYPE, ...)` lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRUCT: Final = re.compile(r"STRUCT\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_FIELD: Final = re.compile(
    r'\s*(?:"((?:[^"]|"")*)"|([A-Za-z_]\w*))\s+(.+?)\s*', re.ASCII | re.DOTALL
)


def struct_fields(declared: str) -> list[tuple[str, str]] | None:
    """Return names and declared types of a struct's fields.

    Args:
        declared: The declared type. A name that is no plain word stands in double quotes, and a
            double quote within it twice.

    Returns:
        None if the type is no struct, or not well-formed.

    >>> struct_fields('STRUCT(a BIGINT, "x y" STRUCT(b TEXT, c INT))')
    [('a', 'BIGINT'), ('x y', 'STRUCT(b TEXT, c INT)')]
    """
    inner = _STRUCT.fullmatch(declared.strip())
    if inner is None:
        return None
    fields = []
    for part in _parts(inner.group(1)):
        field = _FIELD.fullmatch(part)
        if field is None:
            return None
        quoted, plain, word = field.groups()
        fields.append((plain or quoted.replace('""', '"'), word))
    return fields


def _parts(listed: str) -> Iterator[str]:
    """Yield what stands between the commas that are neither quoted nor in parentheses."""
    depth, is_quoted, start = 0, False, 0
    for position, character in enumerate(listed):
        if character == '"':
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                yield listed[start:position]
                start = position + 1
    yield listed[start:]
