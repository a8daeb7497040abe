"""Modules of `feature_repo/`, which Feast imports as top-level modules and tests by their file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

REPO = Path(__file__).parents[2] / "feature_repo"


def definitions_module(name: str) -> ModuleType:
    """Import a module of `feature_repo/` that needs none of its neighbours."""
    known = f"definitions_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, REPO / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        # Before it runs: dataclasses look their module up.
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]
