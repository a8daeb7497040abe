"""Feature services: which features a reader gets, and in which order.

A service that is read by position is a vector: nothing in it may move, and a new dimension is a
new service. One that is read by name may grow.
"""

from activity import activity_features
from calendars import calendar_features
from candidates import candidate_features
from declare import OWNER, policy_tags
from feast import FeatureService
from feast.feature_logging import LoggingConfig
from matches import match_features
from moods import mood_features
from syncs import freshness_features
from tasks import task_features
from tips import tip_features

from oo_stores.sqlite import SQLiteLoggingDestination
from oo_transforms.policies import BANDIT_V1, BANDIT_V2

profile_v1 = FeatureService(
    name="profile_v1",
    features=[
        activity_features,
        task_features,
        tip_features,
        calendar_features,
        mood_features,
        freshness_features,
    ],
    description="Everything that is known of a user, for admins and analysis",
    tags={"read_by": "name"},
    owner=OWNER,
    # A sample of profiles, which `feast monitor run --source-type log` measures.
    logging_config=LoggingConfig(destination=SQLiteLoggingDestination(table="profile_v1_log")),
)

bandit_v1 = FeatureService(
    name="bandit_v1",
    features=[candidate_features],
    description="The 7 features that the bandit ranks with today (an assumption, see the ADR)",
    tags={"read_by": "position", **policy_tags(BANDIT_V1)},
    owner=OWNER,
)

bandit_v2 = FeatureService(
    name="bandit_v2",
    features=[
        candidate_features,
        match_features,
        task_features[["completion_rate", "productive_share_this_hour"]],
        tip_features[["tip_done_rate"]],
    ],
    description="The 7 features of bandit_v1, then 5 of the user's profile",
    tags={"read_by": "position", **policy_tags(BANDIT_V2)},
    owner=OWNER,
)
