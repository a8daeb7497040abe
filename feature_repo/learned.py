"""What policies have learned about a user: a state view each, and the service that reads them.

A policy is declared in `oo_transforms/policies.py`, and its view follows from that.
"""

from datetime import timedelta

from declare import OWNER, state_view
from feast import FeatureService

from oo_transforms.learned import LEARNED_VIEWS

# None expires: what was learned fades by itself, and doubt grows back to that of the prior.
LEARNED = {view.name: state_view(view, ttl=timedelta(0)) for view in LEARNED_VIEWS}

# Feast takes up what a module holds under a name of its own.
globals().update(LEARNED)

learned = FeatureService(
    name="learned",
    features=list(LEARNED.values()),
    description="What every policy has learned about a user, for whoever ranks: packed, unscored",
    tags={"read_by": "name"},
    owner=OWNER,
)
