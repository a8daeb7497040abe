"""How fresh each source is."""

from datetime import timedelta

from activity import activity_state
from calendars import calendar_state
from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from moods import mood_state
from request_sources import clock
from tasks import task_state
from tips import tip_state

from oo_transforms.syncs import FRESHNESS_FEATURES, SYNC_STATE

sync_state = state_view(SYNC_STATE, ttl=timedelta(0))


@on_demand_feature_view(
    sources=[
        sync_state,
        activity_state[["activity_last_event_at"]],
        task_state[["task_last_event_at"]],
        tip_state[["tip_last_event_at"]],
        calendar_state[["calendar_last_event_at"]],
        mood_state[["mood_last_event_at"]],
        clock,
    ],
    schema=schema(FRESHNESS_FEATURES),
    mode="python",
    description=FRESHNESS_FEATURES.description,
    tags=tags(FRESHNESS_FEATURES),
    owner=OWNER,
)
def freshness_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the age of each source at the request's clock."""
    from oo_transforms.syncs import freshness_features as compute

    return compute(inputs)
