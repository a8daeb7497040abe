"""How a user deals with tasks."""

from datetime import timedelta

from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import clock

from oo_transforms.tasks import TASK_FEATURES, TASK_STATE

task_state = state_view(TASK_STATE, ttl=timedelta(days=90))


@on_demand_feature_view(
    sources=[task_state, clock],
    schema=schema(TASK_FEATURES),
    mode="python",
    description=TASK_FEATURES.description,
    tags=tags(TASK_FEATURES),
    owner=OWNER,
)
def task_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of `task_state` at the request's clock."""
    from oo_transforms.tasks import task_features as compute

    return compute(inputs)
