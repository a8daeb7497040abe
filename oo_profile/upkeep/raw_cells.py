"""Rows as SQLite stores them, compared so that nothing in a damaged one can stop it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from oo_profile.deviation import deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_transforms.arrays import Floats
    from oo_transforms.fields import StateField

KEY_COLUMNS = 3
_NUMBERS = np.dtype("<f8")


@dataclass(frozen=True, slots=True)
class Matched:
    """Two lists of rows, put together by key.

    Attributes:
        pairs: Rows of both lists under the same key.
        missing: Rows that only the second list has.
        extra: Rows that only the first list has.
    """

    pairs: list[tuple[RawRow, RawRow]]
    missing: list[RawRow]
    extra: list[RawRow]

    @classmethod
    def of(cls, stored: Sequence[RawRow], expected: Sequence[RawRow]) -> Matched:
        """Match what is stored with what should be."""
        if not stored:
            return cls([], list(expected), [])
        if len(stored) == len(expected) and all(map(_same_key, stored, expected)):
            return cls(list(zip(stored, expected, strict=True)), [], [])
        unmatched = {row[:KEY_COLUMNS]: row for row in stored}
        pairs, missing = [], []
        for row in expected:
            other = unmatched.pop(row[:KEY_COLUMNS], None)
            if other is None:
                missing.append(row)
            else:
                pairs.append((other, row))
        return cls(pairs, missing, list(unmatched.values()))


def deviations(table: StateTable, pairs: Sequence[tuple[RawRow, RawRow]]) -> Floats:
    """Tell how far pairs of rows are apart in each cell, (fields, pairs); see `deviation`.

    All pairs at once, column by column; only a column in which a cell is not of its type is gone
    through cell by cell.
    """
    apart = np.zeros((len(table.fields), len(pairs)))
    for number, field in enumerate(table.fields):
        ones = [one[KEY_COLUMNS + number] for one, _ in pairs]
        others = [other[KEY_COLUMNS + number] for _, other in pairs]
        if ones != others:
            apart[number] = _column(field, ones, others)
    return apart


def least_scale(field: StateField | None, value: object) -> float:
    """Tell by what the deviation of a field's value is measured at least.

    Where the terms of sums may cancel out, that is the largest number of the array: rounding does
    not cancel.

    Args:
        field: The field; None: none of the view's.
        value: What it should be.
    """
    if field is None or not _is_signed(field) or not isinstance(value, list):
        return 0.0
    return max((abs(number) for number in value if isinstance(number, float)), default=0.0)


def _is_signed(field: StateField) -> bool:
    return field.dtype == "Array(Float64)" and field.minimum is None


def plain_cell(dtype: str, cell: Any) -> object:  # noqa: ANN401 - whatever a damaged row holds
    """Return a cell's value: an array or a list of texts as a list, all else as it is.

    What is damaged and cannot be read equals nothing that was meant.

    Args:
        dtype: Of the field.
        cell: As stored.
    """
    try:
        if dtype == "Array(Float64)":
            return np.frombuffer(cell, _NUMBERS).tolist()
        if dtype == "Array(String)":
            return msgspec.json.decode(cell)
    except (TypeError, ValueError):
        return f"unreadable: {cell!r}"
    return cell


def _same_key(one: RawRow, other: RawRow) -> bool:
    return one[:KEY_COLUMNS] == other[:KEY_COLUMNS]


def _column(field: StateField, ones: list[Any], others: list[Any]) -> Floats:
    dtype, kinds = field.dtype, {*map(type, ones), *map(type, others)}
    if dtype == "Float64" and kinds == {float}:
        return _apart(np.array(ones), np.array(others))
    if dtype == "Array(Float64)" and kinds == {bytes}:
        sizes = list(map(len, ones))
        if sizes == list(map(len, others)) and not any(size % _NUMBERS.itemsize for size in sizes):
            return _arrays(sizes, ones, others, is_signed=_is_signed(field))
    cells = [
        (plain_cell(dtype, a), plain_cell(dtype, b)) for a, b in zip(ones, others, strict=True)
    ]
    return np.array([deviation(a, b, least_scale(field, b)) for a, b in cells])


def _arrays(sizes: list[int], ones: list[bytes], others: list[bytes], *, is_signed: bool) -> Floats:
    lengths = np.array(sizes) // _NUMBERS.itemsize
    rows = np.repeat(np.arange(len(sizes)), lengths)
    one, other = (np.frombuffer(b"".join(cells), _NUMBERS) for cells in (ones, others))
    scale = np.zeros(len(sizes))
    if is_signed:
        np.fmax.at(scale, rows, np.abs(other))
    apart = np.zeros(len(sizes))
    np.maximum.at(apart, rows, _apart(one, other, scale[rows]))
    return apart


def _apart(ones: Floats, others: Floats, least: Floats | float = 0.0) -> Floats:
    with np.errstate(all="ignore"):
        scale = np.maximum(np.maximum(np.abs(ones), np.abs(others)), least)
        relative = np.abs(ones - others) / scale
    same = (ones == others) | (np.isnan(ones) & np.isnan(others))
    return np.where(same, 0.0, np.where(np.isnan(relative), math.inf, relative))
