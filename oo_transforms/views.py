"""Every state view and every group of features that a module of this package declares.

A module declares a view by holding a `StateView`, or a tuple of them, and a group of features by
holding a `FeatureGroup` and, under the group's name, the function that computes it. Nothing else
has to be told of a new one.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from oo_transforms.errors import DeclarationError
from oo_transforms.fields import FeatureGroup
from oo_transforms.state_view import StateView

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from oo_transforms.columns import Inputs, Outputs

    Compute = Callable[[Inputs], Outputs]


def _modules() -> list[ModuleType]:
    folder = Path(__file__).parent
    names = [f"{__package__}.{module.name}" for module in pkgutil.iter_modules([str(folder)])]
    return [importlib.import_module(name) for name in names if name != __name__]


def _state_views(modules: list[ModuleType]) -> tuple[StateView, ...]:
    found = {
        value.name: value
        for module in modules
        for held in vars(module).values()
        for value in (held if isinstance(held, tuple) else (held,))
        if isinstance(value, StateView)
    }
    return tuple(found[name] for name in sorted(found))


def _feature_groups(modules: list[ModuleType]) -> tuple[tuple[FeatureGroup, Compute], ...]:
    groups: dict[str, FeatureGroup] = {}
    functions: dict[str, Compute] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, FeatureGroup):
                groups[value.name] = value
                if hasattr(module, value.name):
                    functions[value.name] = getattr(module, value.name)
    if missing := sorted(groups.keys() - functions.keys()):
        raise DeclarationError(
            f"feature groups {missing} have no function of the same name in their module"
        )
    return tuple((groups[name], functions[name]) for name in sorted(groups))


_MODULES = _modules()

STATE_VIEWS: tuple[StateView, ...] = _state_views(_MODULES)
"""By name."""

FEATURE_GROUPS: tuple[tuple[FeatureGroup, Compute], ...] = _feature_groups(_MODULES)
"""By name, each with the function that computes it."""
