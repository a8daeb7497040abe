"""Versions that come as columns, and the rows of a state table that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_transforms.arrays import Floats
    from oo_transforms.state_view import StateView
    from oo_transforms.version_columns import VersionColumns

NUMBERS = np.dtype("<f8")
"""How the numbers of an array are packed."""


class StateRowCodec:
    """Packs a view's columns, each array of numbers in one piece that is then cut into rows."""

    def __init__(self, view: StateView) -> None:
        self._view = view

    def rows(self, user_ids: Sequence[str], columns: VersionColumns) -> Iterator[tuple[Any, ...]]:
        """Give the rows in the order of the columns, each with the table's columns in theirs."""
        cells = [
            [user_ids[user] for user in columns.users.tolist()],
            columns.event_times_us.tolist(),
            columns.created_us.tolist(),
            (columns.event_times_us / 1e6).tolist(),
        ]
        if self._view.last:
            cells += [columns.last_ids, *columns.last.T.tolist()]
        cells += self._sums(columns.sums)
        if self._view.categories:
            cells += _categories(columns)
        return zip(*cells, strict=True)

    def _sums(self, sums: Floats) -> Iterator[list[Any]]:
        if self._view.keeps_maximum:
            for slot in sums.T:
                yield [at if at > -np.inf else None for at in (slot / 1e6).tolist()]
            return
        for first, end in self._view.spans:
            single = end - first == 1
            yield sums[:, first].tolist() if single else packed(sums[:, first:end])


def packed(matrix: Floats) -> list[bytes]:
    """Pack each row of a matrix."""
    row = matrix.shape[1] * NUMBERS.itemsize
    if not row:
        return [b""] * len(matrix)
    whole = matrix.astype(NUMBERS, copy=False).tobytes()
    return [whole[at : at + row] for at in range(0, len(whole), row)]


def _categories(columns: VersionColumns) -> Iterator[list[Any]]:
    texts = [msgspec.json.encode(names).decode() for names in columns.names]
    lengths = np.array([len(names) for names in columns.names], dtype=np.int64)
    places = columns.names_at.tolist()
    yield [texts[at] for at in places]
    counts = lengths[columns.names_at]
    used = np.arange(columns.weights.shape[2]) < counts[:, np.newaxis]
    ends = (np.cumsum(counts) * NUMBERS.itemsize).tolist()
    for weights in columns.weights.transpose(1, 0, 2):
        whole = weights[used].astype(NUMBERS, copy=False).tobytes()
        yield [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
