"""Rows that are read once and then looked at column by column, in the memory of one column."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class ColumnSpool:
    """A table in a temporary file.

    Attributes:
        path: The file, in Arrow's format.
        schema: The table's columns.
    """

    path: str
    schema: pa.Schema

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column; it is read from the file where it is looked at.

        The file is mapped anew for each column, so that the memory of the last one can go.
        """
        with pa.memory_map(self.path) as source, pa.ipc.open_file(source) as file:
            return file.read_all().column(name)


@contextmanager
def spooled(slices: Iterator[pa.Table]) -> Iterator[ColumnSpool]:
    """Write slices to a temporary file, and remove it at the end.

    The file is where Python puts temporary files (`TMPDIR`), and as large as the rows in Arrow.

    Args:
        slices: Tables of one schema, at least one.
    """
    with TemporaryDirectory(prefix="oo-stores-") as folder:
        path = str(Path(folder) / "rows.arrow")
        first = next(slices)
        with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, first.schema) as file:
            file.write_table(first)
            for part in slices:
                file.write_table(part)
        yield ColumnSpool(path, first.schema)
