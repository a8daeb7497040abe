"""The two kinds of arrays that everything here computes with."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
"""An array of Float64, of any number of dimensions; NaN is missing."""

Ints: TypeAlias = npt.NDArray[np.int64]
"""An array of Int64: instants in microseconds, or places in other arrays."""
