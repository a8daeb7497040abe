"""The array that everything here computes with, and symmetric matrices as packed numbers."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from oo_bandit.errors import InputRefused

Floats: TypeAlias = npt.NDArray[np.float64]
"""An array of Float64, of any number of dimensions."""

Ints: TypeAlias = npt.NDArray[np.intp]
"""Places in another array."""

MAX_DIMENSIONS = 512
"""More is no linear policy for one person: a state would have over 131,000 numbers."""


def packed_size(dimensions: int) -> int:
    """Count the numbers of a packed symmetric matrix.

    >>> packed_size(8), packed_size(13)
    (36, 91)
    """
    return dimensions * (dimensions + 1) // 2


def dimensions_of(size: int) -> int:
    """Tell the dimensions of a packed symmetric matrix from the count of its numbers.

    Raises:
        InputRefused: No matrix of 1 to `MAX_DIMENSIONS` dimensions has so many.

    >>> dimensions_of(91)
    13
    """
    dimensions = (isqrt(8 * size + 1) - 1) // 2
    if not 1 <= dimensions <= MAX_DIMENSIONS or packed_size(dimensions) != size:
        raise InputRefused(
            "outer",
            f"{size} numbers",
            "the upper triangle of a matrix, row by row: 36 numbers for 8 dimensions, 91 for 13",
        )
    return dimensions


def pack(matrix: Floats) -> Floats:
    """Take the upper triangle of a symmetric matrix, row by row.

    >>> pack(np.array([[1.0, 2.0], [2.0, 3.0]])).tolist()
    [1.0, 2.0, 3.0]
    """
    return matrix[_triangle(matrix.shape[0])]


def unpack(packed: Floats, dimensions: int) -> Floats:
    """Lay a packed symmetric matrix out as a new square one.

    >>> unpack(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return packed[_places(dimensions)]


def corner(dimensions: int, larger: int) -> Ints:
    """Find where a matrix lies in a larger one, of which it is the first block, both packed."""
    places: Ints = _places(larger)[_triangle(dimensions)]
    return places


def diagonal(dimensions: int) -> Ints:
    """Find the diagonal in a packed matrix."""
    places: Ints = _places(dimensions).diagonal()
    return places


@lru_cache(maxsize=MAX_DIMENSIONS)
def _triangle(dimensions: int) -> tuple[Ints, Ints]:
    return np.triu_indices(dimensions)


@lru_cache(maxsize=MAX_DIMENSIONS)
def _places(dimensions: int) -> Ints:
    # One read through this table fills both triangles.
    places = np.zeros((dimensions, dimensions), np.intp)
    rows, columns = _triangle(dimensions)
    places[rows, columns] = places[columns, rows] = np.arange(rows.size)
    places.flags.writeable = False
    return places
