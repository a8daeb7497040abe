"""Bytes of a person that no row has any more, overwritten without writing the whole file anew.

When SQLite balances its tree it copies cells to other pages, and leaves the old copy behind in
what is free of a page then. `PRAGMA secure_delete` overwrites what is deleted, but not that.

So a page is filled to the last byte with rows that nobody ever sees, which are deleted again
before the transaction ends. What they filled is overwritten, first by them and then, as they are
deleted, by zeroes; and where the last of them fits only after the page is defragmented, SQLite
zeroes all that is free. After the transaction every row is as before.

A page above the leaves is filled by filling many leaves below it: each that is split puts a row
into the page above.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.errors import DatabaseError
from oo_profile.privacy.pages import (
    INDEX_INTERIOR,
    INDEX_LEAF,
    BTreePage,
    Value,
    cell_bytes,
    values_of,
)
from oo_profile.storage.database import PAGE_BYTES
from oo_stores.sqlite.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.privacy.pages import Cell
    from oo_profile.privacy.writing import PoliteWriter

LAST_ROW_BYTES: Final = 900
"""What one row can fill: a larger one would go to other pages."""

FEW_BYTES: Final = 200
"""Free bytes that may be too few for any row: then one of the page's own gives way meanwhile."""

_FILLER_BYTES = 300
_POINTER_BYTES = 2


def scrub_page(writer: PoliteWriter, page: BTreePage, attempt: int = 0) -> bool:
    """Let SQLite overwrite what is free in a page.

    Args:
        writer: Where to write.
        page: The page as it is in the file. If it was changed since, this may be without effect.
        attempt: How often this was without effect before; things are done a little differently.

    Returns:
        False if it is no page of a table WITHOUT ROWID, or its table takes no other rows; then
        nothing was done.

    Raises:
        DatabaseError: Another writer held the file for too long.
    """
    if page.kind not in {INDEX_LEAF, INDEX_INTERIOR}:
        return False
    connection = writer.connection
    candidates = _tables(connection)
    whole = (cell for cell in page.cells if cell.record)
    for cell in sorted(whole, key=lambda cell: abs(cell.size - FEW_BYTES)):
        row = values_of(cell.record)
        for table in candidates:
            if len(table.columns) == len(row) and table.holds(connection, row):
                return _write(writer, _Filling(table, page, cell, row, attempt))
    return False


@dataclass(frozen=True, slots=True)
class _Table:
    """A table WITHOUT ROWID, its columns in the order of its records: those of the key first.

    Attributes:
        name: Its name.
        columns: Its columns.
        key: How many of them are the key.
        required: Places of the columns that take no null.
    """

    name: str
    columns: tuple[str, ...]
    key: int
    required: frozenset[int]

    def holds(self, connection: sqlite3.Connection, row: Sequence[Value]) -> bool:
        """Say whether exactly this row is in it."""
        listed = ", ".join(map(quoted, self.columns))
        found = connection.execute(
            f"SELECT {listed} FROM {quoted(self.name)} WHERE {self._where()}",  # noqa: S608
            row[: self.key],
        ).fetchone()
        return found is not None and list(found) == list(row)

    def insert(self, connection: sqlite3.Connection, row: Sequence[Value]) -> None:
        """Insert a row."""
        listed, marks = ", ".join(map(quoted, self.columns)), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {quoted(self.name)} ({listed}) VALUES ({marks})", row)  # noqa: S608

    def delete(self, connection: sqlite3.Connection, row: Sequence[Value]) -> None:
        """Delete a row by its key."""
        connection.execute(
            f"DELETE FROM {quoted(self.name)} WHERE {self._where()}",  # noqa: S608
            row[: self.key],
        )

    def stranger(self, row: Sequence[Value], number: int, size: int) -> list[Value]:
        """Make a row whose place is right behind another.

        Args:
            row: The other.
            number: From 0; each has a key of its own.
            size: Bytes that its cell is to take, if it can be as few.
        """
        made: list[Value] = [
            "" if place in self.required else None for place in range(len(self.columns))
        ]
        made[: self.key] = row[: self.key]
        last = row[self.key - 1]
        if isinstance(last, str):
            # Nobody else's: no text that may be a key begins like this, with what is unprintable.
            made[self.key - 1] = f"{last}\x01{chr(number + 1)}"
        elif isinstance(last, int | float):
            # Nor this: all numbers that are keys are whole.
            made[self.key - 1] = last + number + 0.25
        return self._padded(made, size)

    def _padded(self, row: list[Value], size: int) -> list[Value]:
        place = len(row) - 1
        for missing in range(max(size - cell_bytes(row), 0), 0, -1):
            padded = row.copy()
            if isinstance(value := row[place], str):
                padded[place] = value + "\x01" * missing
            else:
                padded[place] = bytes(missing)
            if cell_bytes(padded) <= size:
                return padded
        return row

    def _where(self) -> str:
        return " AND ".join(f"{quoted(column)} = ?" for column in self.columns[: self.key])


@dataclass(frozen=True, slots=True)
class _Filling:
    """What is to be done to one page, in one transaction.

    Attributes:
        table: Whose page it is.
        page: The page.
        cell: A cell of it.
        row: The row of that cell.
        attempt: As `scrub_page`.
    """

    table: _Table
    page: BTreePage
    cell: Cell
    row: list[Value]
    attempt: int

    def run(self, connection: sqlite3.Connection) -> None:
        """Do it; if the row has changed meanwhile, nothing."""
        if not self.table.holds(connection, self.row):
            return
        is_leaf = self.page.kind == INDEX_LEAF
        gives_way = is_leaf and self.page.free < FEW_BYTES
        if gives_way:
            self.table.delete(connection, self.row)
        room = self.page.free + gives_way * (self.cell.size + _POINTER_BYTES)
        strangers = self._filling(room) if is_leaf else self._flood(room)
        for stranger in strangers:
            self.table.insert(connection, stranger)
        for stranger in strangers:
            self.table.delete(connection, stranger)
        if gives_way:
            self.table.insert(connection, self.row)

    def _flood(self, free: int) -> list[list[Value]]:
        # As small as can be, so that few bytes stay where no further one fits.
        size = cell_bytes(self.table.stranger(self.row, 0, 0)) + self.attempt
        splits = free // (size + _POINTER_BYTES) + 2
        count = splits * (PAGE_BYTES // (size + _POINTER_BYTES))
        return [self.table.stranger(self.row, number, size) for number in range(count)]

    def _filling(self, free: int) -> list[list[Value]]:
        strangers: list[list[Value]] = []
        while free > LAST_ROW_BYTES:
            strangers.append(self.table.stranger(self.row, len(strangers), _FILLER_BYTES))
            free -= cell_bytes(strangers[-1]) + _POINTER_BYTES
        return [*strangers, self.table.stranger(self.row, len(strangers), free - _POINTER_BYTES)]


def _write(writer: PoliteWriter, work: _Filling) -> bool:
    try:
        writer.write(lambda: work.run(writer.connection))
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.IntegrityError):
            return False
        raise
    return True


def _tables(connection: sqlite3.Connection) -> list[_Table]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%'"
    ).fetchall()
    return [_table(connection, name) for (name,) in names]


def _table(connection: sqlite3.Connection, name: str) -> _Table:
    info = connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
    columns = sorted(info, key=lambda column: (not column[5], column[5] or column[0]))
    required = frozenset(place for place, column in enumerate(columns) if column[3])
    key = sum(bool(column[5]) for column in columns)
    return _Table(name, tuple(column[1] for column in columns), key, required)
