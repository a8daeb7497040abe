"""What can be said of a candidate task without knowing the user."""

from declare import OWNER, schema, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import candidate, clock

from oo_transforms.candidates import CANDIDATE_FEATURES


@on_demand_feature_view(
    sources=[clock, candidate],
    schema=schema(CANDIDATE_FEATURES),
    mode="python",
    description=CANDIDATE_FEATURES.description,
    tags=tags(CANDIDATE_FEATURES),
    owner=OWNER,
)
def candidate_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of a candidate at the request's clock."""
    from oo_transforms.candidates import candidate_features as compute

    return compute(inputs)
