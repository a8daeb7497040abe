"""The user's profile as seen from one candidate task."""

from declare import OWNER, schema, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import candidate, clock
from tasks import task_state
from tips import tip_state

from oo_transforms.matches import MATCH_FEATURES


@on_demand_feature_view(
    sources=[task_state, tip_state, clock, candidate],
    schema=schema(MATCH_FEATURES),
    mode="python",
    description=MATCH_FEATURES.description,
    tags=tags(MATCH_FEATURES),
    owner=OWNER,
)
def match_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute how well a candidate fits what the user does."""
    from oo_transforms.matches import match_features as compute

    return compute(inputs)
