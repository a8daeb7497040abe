"""When and how long a user is in the app."""

from datetime import timedelta

from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import clock

from oo_transforms.activity import ACTIVITY_FEATURES, ACTIVITY_STATE

activity_state = state_view(ACTIVITY_STATE, ttl=timedelta(days=90))


@on_demand_feature_view(
    sources=[activity_state, clock],
    schema=schema(ACTIVITY_FEATURES),
    mode="python",
    description=ACTIVITY_FEATURES.description,
    tags=tags(ACTIVITY_FEATURES),
    owner=OWNER,
)
def activity_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of `activity_state` at the request's clock."""
    from oo_transforms.activity import activity_features as compute

    return compute(inputs)
