"""How a user answers tips."""

from datetime import timedelta

from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import clock

from oo_transforms.tips import TIP_FEATURES, TIP_STATE

tip_state = state_view(TIP_STATE, ttl=timedelta(days=60))


@on_demand_feature_view(
    sources=[tip_state, clock],
    schema=schema(TIP_FEATURES),
    mode="python",
    description=TIP_FEATURES.description,
    tags=tags(TIP_FEATURES),
    owner=OWNER,
)
def tip_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of `tip_state` at the request's clock."""
    from oo_transforms.tips import tip_features as compute

    return compute(inputs)
