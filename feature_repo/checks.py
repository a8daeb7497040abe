"""Checks that run whenever Feast reads this folder, which it does before it writes anything.

`feast apply` imports every module here, and an error ends it: so what is incomplete, or would
break a service in use, never reaches the registry. This is why importing this one module acts.
"""

from __future__ import annotations

import importlib
import os
import warnings
from pathlib import Path
from typing import TypeVar

import click
import compatibility
import completeness
from feast import FeatureService, FeatureStore, FeatureView, OnDemandFeatureView
from feast.repo_config import load_repo_config
from feast.repo_operations import get_repo_files
from feast.utils import get_default_yaml_file_path

from oo_stores.registry import AtomicFileRegistryStore

FOLDER = Path(__file__).resolve().parent
CONFIRM_VARIABLE = "OO_CONFIRM_BREAKING"

T = TypeVar("T")


class IncompleteDefinitionsError(ValueError):
    """Something is not said that is said of every view and field, or does not fit the rest.

    Attributes:
        gaps: What is wrong, a line each.
    """

    def __init__(self, gaps: list[str]) -> None:
        lines = "\n  ".join(gaps)
        super().__init__(
            f"the definitions are not complete, so nothing was applied:\n  {lines}\n"
            "Say it where the field is declared: beside its fold or function in oo_transforms, "
            "TTLs and owners in this folder"
        )
        self.gaps = gaps


class BreakingChangeError(ValueError):
    """A change breaks services in use.

    Attributes:
        breaks: What would break, by service.
    """

    def __init__(self, breaks: dict[str, list[str]]) -> None:
        lines = [f"  {name}: {reason}" for name, reasons in breaks.items() for reason in reasons]
        names = ",".join(breaks)
        super().__init__(
            "this change breaks services in use, so nothing was applied:\n"
            + "\n".join(lines)
            + "\nDeclare a new version (of the service, or of the state view) beside the old one, "
            f"or confirm with {CONFIRM_VARIABLE}={names} feast apply (or oo apply "
            + " ".join(f"--confirm {name}" for name in breaks)
            + ")"
        )
        self.breaks = breaks


def check() -> None:
    """Check the definitions of this folder by themselves, and against the registry.

    Raises:
        IncompleteDefinitionsError: A field lacks an owner, description, unit or range, a name
            stands for two fields, or a TTL is not the bound of the ages that it limits.
        BreakingChangeError: A service in use breaks and nobody confirmed it.
    """
    state_views, on_demand_views = _declared(FeatureView), _declared(OnDemandFeatureView)
    gaps = completeness.gaps(state_views, on_demand_views)
    if gaps:
        raise IncompleteDefinitionsError(gaps)
    new = compatibility.shapes(_declared(FeatureService), on_demand_views, state_views)
    confirmed = {name.strip() for name in os.environ.get(CONFIRM_VARIABLE, "").split(",")}
    found = compatibility.breaks(_applied(), new)
    breaks = {name: reasons for name, reasons in found.items() if name not in confirmed}
    if breaks:
        raise BreakingChangeError(breaks)


def _declared(kind: type[T]) -> list[T]:
    """Find the objects of a kind that the modules of this folder declare, as Feast finds them."""
    found: dict[int, T] = {}
    for file in get_repo_files(FOLDER):
        if file != Path(__file__).resolve():
            name = ".".join(file.relative_to(FOLDER).with_suffix("").parts)
            values = vars(importlib.import_module(name)).values()
            found |= {id(value): value for value in values if isinstance(value, kind)}
    return list(found.values())


def _applied() -> dict[str, compatibility.Shape]:
    """Read the services that the registry holds; none if there is no registry yet."""
    config = load_repo_config(FOLDER, _yaml_file())
    if str(config.registry.registry_store_type).endswith(AtomicFileRegistryStore.__name__):
        # Opening a store makes a missing registry, which a refusal would leave behind, empty.
        try:
            AtomicFileRegistryStore(config.registry, FOLDER).get_registry_proto()
        except FileNotFoundError:
            return {}
    store = FeatureStore(config=config)
    return compatibility.shapes(
        store.list_feature_services(),
        store.list_on_demand_feature_views(),
        store.list_feature_views(),
    )


def _yaml_file() -> Path:
    """Return the file that the running `feast` command was told to read, or the usual one."""
    context = click.get_current_context(silent=True)
    given = (context.find_object(dict) or {}).get("FS_YAML_FILE") if context else None
    return Path(given or get_default_yaml_file_path(FOLDER))


# Feast says at every apply that on-demand views are experimental, and PYTHONWARNINGS cannot
# silence it: importing Feast puts its own filter before those.
warnings.filterwarnings("ignore", "On demand feature view is an experimental", RuntimeWarning)
check()
