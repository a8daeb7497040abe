"""The pages of an SQLite file, read as bytes: where live cells lie, and what they hold.

See "Database File Format" in SQLite's documentation, section 1.6, B-tree Pages.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEX_LEAF: Final = 0x0A
"""A leaf of an index, or of a table WITHOUT ROWID."""

INDEX_INTERIOR: Final = 0x02
"""A page above such leaves; it holds rows too, one between any two pages below."""

_LEAVES = (INDEX_LEAF, 0x0D)
_INDEXES = (INDEX_LEAF, INDEX_INTERIOR)
_KINDS = (INDEX_INTERIOR, 0x05, INDEX_LEAF, 0x0D)
_FILE_HEADER = 100
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_FLOAT, _ZERO, _ONE, _BLOB, _TEXT = 7, 8, 9, 12, 13

Value = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A live cell of a page.

    Attributes:
        start: Where it begins in the page.
        end: Where what follows it begins.
        record: Its record, if all of it is in this page; else empty.
    """

    start: int
    end: int
    record: bytes

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class BTreePage:
    """A page of a B-tree.

    Attributes:
        kind: Its first byte.
        free: Bytes that no cell takes, wherever they lie.
        cells: The live cells.
    """

    kind: int
    free: int
    cells: tuple[Cell, ...]

    @classmethod
    def parse(cls, page: bytes, number: int, usable: int) -> BTreePage | None:
        """Read a page; None if it is no whole page of a B-tree.

        Args:
            page: Its bytes.
            number: Its number in the file, from 1.
            usable: Its bytes less those that the file reserves.
        """
        head = _FILE_HEADER if number == 1 else 0
        kind = page[head]
        if kind not in _KINDS:
            return None
        count, content = struct.unpack_from(">HH", page, head + 3)
        pointers = head + (8 if kind in _LEAVES else 12)
        end = pointers + 2 * count
        if not end <= (content or 65536) <= usable:
            return None
        try:
            starts = struct.unpack_from(f">{count}H", page, pointers)
            cells = tuple(_cell(page, kind, start, usable) for start in starts)
        except (IndexError, struct.error):
            return None
        return cls(kind, usable - end - sum(cell.size for cell in cells), cells)

    def is_live(self, start: int, end: int) -> bool:
        """Say whether a live cell has these bytes, or a part of them."""
        return any(cell.start < end and start < cell.end for cell in self.cells)


def values_of(record: bytes) -> list[Value]:
    """Decode a record; a column that was added after it was written is not in it."""
    size, place = _varint(record, 0)
    kinds = []
    while place < size:
        kind, place = _varint(record, place)
        kinds.append(kind)
    return list(_values(record, kinds, size))


def cell_bytes(values: list[Value]) -> int:
    """Return how many bytes the cell of such a record takes in a leaf of an index."""
    kinds = [_kind(value) for value in values]
    head = 1 + sum(_varint_bytes(kind) for kind in kinds)
    head += head > 127  # noqa: PLR2004 - then its own size takes two bytes
    payload = head + sum(map(_body_bytes, kinds))
    return _varint_bytes(payload) + payload


def _cell(page: bytes, kind: int, start: int, usable: int) -> Cell:
    place = start if kind in _LEAVES else start + 4
    is_index = kind in _INDEXES
    payload = 0
    if is_index or kind in _LEAVES:
        payload, place = _varint(page, place)
    if not is_index:
        _, place = _varint(page, place)
    local = _local_bytes(payload, usable, is_index=is_index)
    end = place + local + (4 if local < payload else 0)
    record = page[place:end] if local == payload else b""
    return Cell(start, max(end, start + 4), record)


def _local_bytes(payload: int, usable: int, *, is_index: bool) -> int:
    most = (usable - 12) * 64 // 255 - 23 if is_index else usable - 35
    if payload <= most:
        return payload
    least = (usable - 12) * 32 // 255 - 23
    fitting = least + (payload - least) % (usable - 4)
    return fitting if fitting <= most else least


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for number in range(9):
        byte = data[place + number]
        if number == 8:  # noqa: PLR2004 - the ninth has eight bits of the value
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the highest bit
            return value, place + number + 1
    return value, place + 9


def _varint_bytes(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))


def _values(record: bytes, kinds: list[int], place: int) -> Iterator[Value]:
    for kind in kinds:
        size = _body_bytes(kind)
        body = record[place : place + size]
        place += size
        if kind == _FLOAT:
            yield struct.unpack(">d", body)[0]
        elif kind in {_ZERO, _ONE}:
            yield kind - _ZERO
        elif kind >= _BLOB:
            yield body.decode(errors="surrogateescape") if kind % 2 else body
        else:
            yield int.from_bytes(body, "big", signed=True) if kind else None


def _body_bytes(kind: int) -> int:
    if kind >= _BLOB:
        return (kind - _BLOB) // 2
    if kind < _FLOAT:
        return _INTEGER_BYTES[kind]
    return 8 if kind == _FLOAT else 0


def _kind(value: Value) -> int:
    if value is None:
        return 0
    if isinstance(value, bytes):
        return _BLOB + 2 * len(value)
    if isinstance(value, str):
        return _TEXT + 2 * len(value.encode(errors="surrogateescape"))
    if isinstance(value, float):
        return _FLOAT
    if value in {0, 1}:
        return _ZERO + value
    return next(
        kind
        for kind, size in enumerate(_INTEGER_BYTES)
        if size and -1 << 8 * size - 1 <= value < 1 << 8 * size - 1
    )
