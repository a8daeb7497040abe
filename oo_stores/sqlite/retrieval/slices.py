"""Rows of a statement as Arrow tables, some at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from oo_stores.sqlite.values.codec import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_stores.sqlite.values.column_type import ColumnType

_ROWS_AT_A_TIME = 20_000


def slices(rows: Iterator[tuple[Any, ...]], kinds: Mapping[str, ColumnType]) -> Iterator[pa.Table]:
    """Yield rows in slices; at least one slice, maybe an empty one.

    Args:
        rows: What a statement gives, a value for each column.
        kinds: The columns by the names they get, in the order of the values.

    Raises:
        ValueTypeError: A stored value is not of its column's type.
    """
    part = list(islice(rows, _ROWS_AT_A_TIME))
    while True:
        columns = list(zip(*part, strict=True)) or [()] * len(kinds)
        yield pa.table(
            {
                name: decoded(values, kind, name)
                for (name, kind), values in zip(kinds.items(), columns, strict=True)
            }
        )
        part = list(islice(rows, _ROWS_AT_A_TIME))
        if not part:
            return
