"""Metrics of a column of categories."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def categorical_metrics(column: pa.ChunkedArray, top_n: int) -> dict[str, Any]:
    """Return what Feast keeps of a column of categories, counts of rows left out.

    Values are texts, booleans `true` and `false`: Feast's page measures a text's length.

    Args:
        column: The values.
        top_n: How many values are named: the most frequent, of equally frequent ones the first in
            the order of texts.

    Returns:
        The histogram, by Feast's name; nothing where all are null.

    Raises:
        pyarrow.ArrowInvalid: A value that is no text.
        pyarrow.ArrowNotImplementedError: Values of the column's type cannot be counted.

    >>> categorical_metrics(pa.chunked_array([["a", "b", "a", None]]), 1)["histogram"]
    {'values': [{'value': 'a', 'count': 2}], 'other_count': 1, 'unique_count': 2}
    """
    present = column.drop_null()
    if not len(present):
        return {}
    counted = pc.value_counts(present)
    table = pa.table(
        {
            "value": counted.field("values").cast(pa.string()),
            "count": counted.field("counts"),
        }
    )
    order = [("count", "descending"), ("value", "ascending")]
    top = table.take(pc.select_k_unstable(table, k=top_n, sort_keys=order)).to_pylist()
    return {
        "histogram": {
            "values": top,
            "other_count": len(present) - sum(entry["count"] for entry in top),
            "unique_count": table.num_rows,
        }
    }
