"""On-demand features that are null where there is nothing behind them, instead of a made-up value.

A function sees None for a state that is too old, and for one that was never there, and must answer
with something. An on-demand view names in its tag `withheld_outputs`, parted by commas, the outputs
whose answer is not to be given then: where all that the view reads of one of its feature views is
null, these outputs are null too, and their status is that of what was read. What a request brings
does not count. The rule looks at nulls alone, so it is the same for online reads and for training
sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feast import OnDemandFeatureView

WITHHELD_TAG = "withheld_outputs"


@dataclass(frozen=True, slots=True)
class Withholding:
    """What an on-demand view withholds.

    Attributes:
        outputs: Names of its outputs.
        sources: What it reads of feature views, by the names that it knows these by.
    """

    outputs: frozenset[str]
    sources: Mapping[str, tuple[str, ...]]


def withholding(view: OnDemandFeatureView) -> Withholding | None:
    """Return what a view withholds; None: nothing, or it reads nothing that could be missing.

    Names of other features are passed over.
    """
    named = {name.strip() for name in (view.tags or {}).get(WITHHELD_TAG, "").split(",")}
    outputs = frozenset(named & {feature.name for feature in view.features})
    sources = {
        source.name: tuple(feature.name for feature in source.features)
        for source in view.source_feature_view_projections.values()
        if source.features
    }
    return Withholding(outputs, sources) if outputs and sources else None
