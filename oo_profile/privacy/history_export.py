"""The history of state views as Parquet files, in slices: memory does not hold it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from oo_profile.errors import UnknownNameError
from oo_profile.storage.state_table import StateTable
from oo_profile.whole_file import OWNER_ONLY, whole_file
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from oo_transforms.state_view import StateView

ALL: Final = "all"
ROWS_AT_ONCE: Final = 20_000
"""Rows of a slice, and of a row group of the file."""

_INSTANT = pa.timestamp("us", tz="UTC")
_TYPES: Final = {
    "Float64": pa.float64(),
    "String": pa.string(),
    "Array(Float64)": pa.list_(pa.float64()),
    "Array(String)": pa.list_(pa.string()),
}


def views_named(name: str) -> list[StateView]:
    """Return the state view of this name; for `all`, every one.

    Raises:
        UnknownNameError: There is none.
    """
    found = [view for view in STATE_VIEWS if name in {ALL, view.name}]
    if not found:
        raise UnknownNameError("state view", name, [view.name for view in STATE_VIEWS])
    return found


def export_history(
    connection: sqlite3.Connection,
    view: StateView,
    path: Path,
    progress: Callable[[int], object] = lambda _: None,
    *,
    rows_at_once: int = ROWS_AT_ONCE,
) -> int:
    """Write all versions of a view to a file, which only its owner may read; return how many.

    Args:
        connection: Where to read, in one transaction.
        view: The view; its table exists.
        path: Where to; it appears when it is complete.
        progress: Told how many more rows are written.
        rows_at_once: Rows of a slice.

    Raises:
        SignalFileError: The file cannot be written; what was there is as before.
    """
    table, written = StateTable(view), 0
    names = [name for name, _ in table.columns]
    schema = _schema(view)
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM {table.name} "  # noqa: S608 - our own declarations
        "ORDER BY user_id, event_timestamp, created_timestamp"
    )
    with (
        whole_file(path, mode=OWNER_ONLY) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        while slice_ := rows.fetchmany(rows_at_once):
            writer.write_table(_table(schema, slice_))
            written += len(slice_)
            progress(len(slice_))
    return written


def _schema(view: StateView) -> pa.Schema:
    keys = [
        ("user_id", pa.string()),
        ("event_timestamp", _INSTANT),
        ("created_timestamp", _INSTANT),
    ]
    return pa.schema([*keys, *((field.name, _TYPES[field.dtype]) for field in view.fields())])


def _table(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [_column(field.type, column) for field, column in zip(schema, columns, strict=True)],
        schema=schema,
    )


def _column(dtype: pa.DataType, values: Sequence[Any]) -> pa.Array:
    if dtype == _TYPES["Array(Float64)"]:
        # Packed as SQLite has them: little-endian doubles behind each other.
        sizes = [len(value) // 8 for value in values]
        numbers = np.frombuffer(b"".join(values), "<f8")
        offsets = np.concatenate(([0], np.cumsum(sizes, dtype=np.int32))).astype(np.int32)
        return pa.ListArray.from_arrays(offsets, numbers)
    if dtype == _TYPES["Array(String)"]:
        return pa.array([json.loads(value) for value in values], dtype)
    return pa.array(values, dtype)
