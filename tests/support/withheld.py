"""Features of a world declared withheld, as whoever owns them would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oo_stores.withholding import WITHHELD_TAG
from oo_transforms.fields import FEATURE_TAG

if TYPE_CHECKING:
    from support.world import World


def withhold(world: World, group: str, *features: str) -> None:
    """Withhold features of an on-demand view from all who read this world's registry."""
    view = world.store.get_on_demand_feature_view(group)
    for name in features:
        tag = FEATURE_TAG + name
        view.tags[tag] = json.dumps(json.loads(view.tags[tag]) | {"when_stale": "withheld"})
    view.tags[WITHHELD_TAG] = ",".join(features)
    world.store.registry.apply_feature_view(view, world.store.project)
