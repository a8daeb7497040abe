"""The one kind of array that everything here computes with."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
"""An array of Float64, of any number of dimensions; NaN is missing."""
