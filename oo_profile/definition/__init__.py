"""State and features by their definitions alone, to hold everything else against.

Plain sums over raw signals and the formulas as they are documented, without the fold, its algebra
or any of its code. Slow on purpose: simple enough to be checked by reading.
"""

from oo_profile.definition.features import feature_scales_at, features_at
from oo_profile.definition.state import VIEWS, Raw, state_at

__all__ = ["VIEWS", "Raw", "feature_scales_at", "features_at", "state_at"]
