"""How full a user's calendar is."""

from datetime import timedelta

from declare import OWNER, schema, state_view, tags
from feast.on_demand_feature_view import on_demand_feature_view
from request_sources import clock

from oo_transforms.calendars import CALENDAR_FEATURES, CALENDAR_STATE

calendar_state = state_view(CALENDAR_STATE, ttl=timedelta(hours=24))


@on_demand_feature_view(
    sources=[calendar_state, clock],
    schema=schema(CALENDAR_FEATURES),
    mode="python",
    description=CALENDAR_FEATURES.description,
    tags=tags(CALENDAR_FEATURES),
    owner=OWNER,
)
def calendar_features(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Compute the features of `calendar_state` at the request's clock."""
    from oo_transforms.calendars import calendar_features as compute

    return compute(inputs)
