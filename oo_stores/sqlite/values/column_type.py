"""What a declared column type means, and how lists, sets and structs are made of others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

STRUCT_CODES: Final = {
    "DOUBLE": "d",
    "FLOAT": "f",
    "BIGINT": "q",
    "INT": "i",
    "BOOLEAN": "B",
    "TIMESTAMP_US": "q",
}
"""Elements that a list packs side by side, each with its code in the `struct` module."""

_NO_SETS: Final = frozenset({"JSON", "MAP", "STRUCT"})
# Feast cannot write dates within lists and structs to an online store, only instants.
_ALONE: Final = frozenset({"DATE_DAYS", "TIMESTAMP_TEXT"})
_NO_ELEMENTS: Final = _ALONE | {"MAP_TEXT_LIST", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S"}
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a declared type means.

    Attributes:
        name: The declared type.
        arrow: The Arrow type of a value, or of a list's element, as Arrow writes it.
        is_list: Whether a value is a list of such elements.
        struct_code: The element's code in the `struct` module, for packed lists; empty otherwise.
        timestamp_unit: `s`, `ms`, `us` or `ns` for instants that are stored as integers and lists
            of them; empty otherwise.
        feast: The name of Feast's value type, which schema inference gives.
        json: What a text column holds whose Arrow values are JSON text: `any`, `object` or
            `objects` (an array of objects); empty otherwise.
        element: The type of a list's elements; None for all else.
        fields: Names and types of a struct's fields; empty for all else.
    """

    name: str
    arrow: str
    is_list: bool = False
    struct_code: str = ""
    timestamp_unit: str = ""
    feast: str = ""
    json: str = ""
    element: ColumnType | None = None
    fields: tuple[tuple[str, ColumnType], ...] = ()


def list_of(element: ColumnType) -> ColumnType | None:
    """Return the type of lists of an element, None if Feast has no such type."""
    return _collection(element, "LIST")


def set_of(element: ColumnType) -> ColumnType | None:
    """Return the type of sets of an element, None if Feast has no such type.

    A set is stored and read as a list, since neither SQLite nor Arrow has sets.
    """
    return None if element.feast in _NO_SETS else _collection(element, "SET")


def _collection(element: ColumnType, kind: str) -> ColumnType | None:
    if element.name in _NO_ELEMENTS:
        return None
    name = f"{element.name}_{kind}"
    if element.json == "object":
        # Feast makes a list of maps of JSON text only.
        return ColumnType(name, "string", feast="MAP_LIST", json="objects")
    return ColumnType(
        name,
        element.arrow,
        is_list=True,
        struct_code=STRUCT_CODES.get(element.name, ""),
        timestamp_unit=element.timestamp_unit,
        feast=f"VALUE_{kind}" if element.is_list else f"{element.feast}_{kind}",
        element=element,
    )


def struct_of(fields: Sequence[tuple[str, ColumnType]]) -> ColumnType | None:
    """Return the type of structs of these fields.

    Returns:
        None if there are no fields, two have one name, or one is of a type that stands alone only.
    """
    is_known = all(kind.name not in _ALONE for _, kind in fields)
    if not fields or not is_known or len(dict(fields)) < len(fields):
        return None
    listed = ", ".join(
        f"{name if _PLAIN_NAME.fullmatch(name) else _quoted(name)} {kind.name}"
        for name, kind in fields
    )
    return ColumnType(f"STRUCT({listed})", "struct", feast="STRUCT", fields=tuple(fields))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
