"""How a user says he feels."""

from datetime import timedelta

from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import clock

from oo_transforms.moods import MOOD_FEATURES, MOOD_STATE

mood_state = state_view(MOOD_STATE, ttl=timedelta(days=7))


@on_demand_feature_view(
    sources=[mood_state, clock],
    schema=schema(MOOD_FEATURES),
    mode="python",
    description=MOOD_FEATURES.description,
    tags=tags(MOOD_FEATURES),
    owner=OWNER,
)
def mood_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of `mood_state` at the request's clock."""
    from oo_transforms.moods import mood_features as compute

    return compute(inputs)
