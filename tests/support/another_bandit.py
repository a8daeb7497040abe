"""What a bandit that is not ours has learned, and the files in which it comes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = ("constant", "hour_sin", "task_age_days")
SCALE = {"constant": 1.0, "hour_sin": 2.0, "task_age_days": 10.0}
RIDGE = 3.0
AS_OF = "2026-01-01T00:00:00+00:00"


def vectors(seed: int) -> Any:  # noqa: ANN401 - an array
    """Make up the vectors of some decisions, by another bandit's scales."""
    x = np.random.default_rng(seed).normal(size=(20, len(NAMES)))
    x[:, 0] = 1.0
    return x


def record(user_id: str, seed: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make what another bandit has learned about a user."""
    x = vectors(seed)
    return {
        "user_id": user_id,
        "features": list(NAMES),
        "A": (x.T @ x + RIDGE * np.eye(len(NAMES))).tolist(),
        "b": (x.T @ (x[:, 1] > 0)).tolist(),
        "ridge": RIDGE,
        "scale": SCALE,
        "as_of": AS_OF,
        **changes,
    }


def lines(path: Path, *records: Mapping[str, Any]) -> Path:
    """Write records as JSON lines."""
    path.write_text("\n".join(map(json.dumps, records)))
    return path
