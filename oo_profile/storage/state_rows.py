"""Versions that come as columns, and the rows of a state table that they become."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_transforms.arrays import Floats
    from oo_transforms.state_view import StateView
    from oo_transforms.version_columns import Names

FieldColumn: TypeAlias = "Floats | list[Any]"
"""The values of a field, one a row."""

NUMBERS = np.dtype("<f8")
"""How the numbers of an array are packed."""


class StateRowCodec:
    """Packs a view's columns, each array of numbers in one piece that is then cut into rows."""

    def __init__(self, view: StateView) -> None:
        self._view = view
        self._fields = view.fields()

    def rows(self, user_ids: Sequence[str], columns: VersionColumns) -> Iterator[tuple[Any, ...]]:
        """Give the rows in the order of the columns, each with the table's columns in theirs."""
        cells: list[Sequence[Any]] = [
            [user_ids[user] for user in columns.users.tolist()],
            columns.event_times_us.tolist(),
            columns.created_us.tolist(),
        ]
        for field, column in zip(self._fields, field_columns(columns), strict=True):
            if isinstance(column, np.ndarray):
                cells.append(column.tolist() if column.ndim == 1 else packed(column))
            elif field.dtype == "Array(String)":
                texts = [msgspec.json.encode(names).decode() for names in columns.names]
                cells.append([texts[at] for at in columns.names_at.tolist()])
            else:
                cells.append(column)
        return zip(*cells, strict=True)

    def columns(self, rows: Sequence[Sequence[Any]]) -> VersionColumns:
        """Take apart rows of the table, whose users are numbered."""
        view, count = self._view, len(rows)
        cells = iter(zip(*rows, strict=True) if rows else itertools.repeat(()))
        users, times_us, created_us = (np.array(next(cells), dtype=np.int64) for _ in range(3))
        next(cells)  # the anchor: the event time in seconds
        last_ids = list(next(cells)) if view.last else []
        last = [np.array(next(cells), dtype=float) for _ in view.last]
        sums = np.empty((count, view.size))
        for first, end in view.spans:
            sums[:, first:end] = self._numbers(next(cells), end - first)
        names: list[Names] = []
        if view.categories:
            names = [tuple(msgspec.json.decode(text)) for text in next(cells)]
        weights = _padded(names, [b"".join(next(cells)) for _ in view.categories])
        return VersionColumns(
            view,
            users,
            times_us,
            created_us,
            sums,
            last_ids,
            np.array(last).T.reshape(count, len(view.last)),
            names,
            np.arange(len(names)),
            weights,
        )

    def _numbers(self, cells: Sequence[Any], width: int) -> Floats:
        if self._view.keeps_maximum:
            seconds = np.array([-np.inf if at is None else at for at in cells], dtype=float)
            return np.rint(seconds * 1e6)[:, np.newaxis]
        if width == 1:
            return np.array(cells, dtype=float)[:, np.newaxis]
        return np.frombuffer(b"".join(cells), NUMBERS).reshape(-1, width)


def field_columns(columns: VersionColumns) -> Iterator[FieldColumn]:
    """Give versions field by field, in the order of the view's fields.

    Numbers come as an array, arrays of one length as a matrix, categories as lists of names, and
    the weights of these packed.
    """
    view = columns.view
    yield columns.event_times_us / 1e6
    if view.last:
        yield columns.last_ids
        yield from columns.last.T
    for first, end in view.spans:
        if view.keeps_maximum:
            seconds = (columns.sums[:, first] / 1e6).tolist()
            yield [at if at > -np.inf else None for at in seconds]
        else:
            yield columns.sums[:, first] if end - first == 1 else columns.sums[:, first:end]
    if view.categories:
        yield [columns.names[at] for at in columns.names_at.tolist()]
        yield from _category_weights(columns)


def packed(matrix: Floats) -> list[bytes]:
    """Pack each row of a matrix."""
    row = matrix.shape[1] * NUMBERS.itemsize
    if not row:
        return [b""] * len(matrix)
    whole = matrix.astype(NUMBERS, copy=False).tobytes()
    return [whole[at : at + row] for at in range(0, len(whole), row)]


def _category_weights(columns: VersionColumns) -> Iterator[list[bytes]]:
    lengths = np.array([len(names) for names in columns.names], dtype=np.int64)
    counts = lengths[columns.names_at]
    used = np.arange(columns.weights.shape[2]) < counts[:, np.newaxis]
    ends = (np.cumsum(counts) * NUMBERS.itemsize).tolist()
    for weights in columns.weights.transpose(1, 0, 2):
        whole = weights[used].astype(NUMBERS, copy=False).tobytes()
        yield [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _padded(names: Sequence[Names], packed_weights: Sequence[bytes]) -> Floats:
    """Spread packed weights by category over as many places as the longest list needs."""
    counts = np.fromiter(map(len, names), np.int64, len(names))
    weights = np.zeros((len(names), len(packed_weights), int(counts.max(initial=0))))
    used = np.arange(weights.shape[2]) < counts[:, np.newaxis]
    for number, packed_list in enumerate(packed_weights):
        weights[:, number][used] = np.frombuffer(packed_list, NUMBERS)
    return weights
