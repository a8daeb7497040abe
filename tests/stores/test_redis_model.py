"""Our store on a real Redis, driven at random beside a dict."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.types import Float64, String
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.contract_project import contract
from support.parity_values import to_proto

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feast import FeatureView
    from feast.infra.online_stores.online_store import OnlineStore
    from support.contract_project import Contract

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
START = datetime(2026, 7, 1, tzinfo=UTC)
STEP = timedelta(minutes=20)
HOUR_IN_STEPS = 3
FEATURES = {"brief": "heat", "lasting": "height"}
"""A view that keeps a value for an hour, and one that keeps it for ever; both of one entity."""

USERS = st.sampled_from(["u", "v"])
VIEWS = st.sampled_from(sorted(FEATURES))
INSTANTS = st.integers(0, 6)
CREATED = st.integers(0, 4) | st.none()
VALUES = st.floats(allow_nan=False) | st.none()


@dataclass(frozen=True, slots=True)
class Written:
    """A row.

    Args:
        user: Its entity.
        value: Of its only feature.
        event: Steps after the start.
        created: Steps too; None if the writer does not say.
    """

    user: str
    value: float | None
    event: int
    created: int | None

    def beats(self, stored: Written | None) -> bool:
        """Return whether the row takes the stored one's place."""
        if stored is None or self.event != stored.event:
            return stored is None or self.event > stored.event
        if self.created is None or stored.created is None:
            return True
        return self.created >= stored.created


ROWS = st.builds(Written, USERS, VALUES, INSTANTS, CREATED)


@dataclass(slots=True)
class Model:
    """What should be stored.

    Args:
        rows: By view and user.
    """

    rows: dict[tuple[str, str], Written] = field(default_factory=dict)

    def write(self, view: str, rows: Sequence[Written]) -> None:
        """Write rows in their order."""
        for row in rows:
            if row.beats(self.rows.get((view, row.user))):
                self.rows[view, row.user] = row

    def read(self, view: str, user: str, now: int) -> tuple[float | None, int]:
        """Return the value and its status at a clock."""
        row = self.rows.get((view, user))
        if row is None:
            return None, FieldStatus.NOT_FOUND
        if view == "brief" and now - row.event > HOUR_IN_STEPS:
            return None, FieldStatus.OUTSIDE_MAX_AGE
        if row.value is None:
            return None, FieldStatus.NULL_VALUE
        return row.value, FieldStatus.PRESENT


class StoreMachine(RuleBasedStateMachine):
    """Writes, deletes and reads of two views of two users."""

    project: ClassVar[Contract]
    online: ClassVar[OnlineStore]
    views: ClassVar[dict[str, FeatureView]]

    @initialize()
    def empty(self) -> None:
        """Begin with an empty Redis."""
        self.project.empty()
        self.model = Model()

    @rule(view=VIEWS, rows=st.lists(ROWS, min_size=1, max_size=4))
    def write(self, view: str, rows: list[Written]) -> None:
        """Write a batch, event times forward, back and equal."""
        batch = [
            (
                EntityKey(join_keys=["user_id"], entity_values=to_proto(String, [row.user])),
                {FEATURES[view]: to_proto(Float64, [row.value])[0]},
                START + row.event * STEP,
                None if row.created is None else START + row.created * STEP,
            )
            for row in rows
        ]
        self.online.online_write_batch(self.project.feast.config, self.views[view], batch, None)
        self.model.write(view, rows)

    @rule(view=VIEWS)
    def delete_view(self, view: str) -> None:
        """Delete a view's rows, and no others."""
        self.online.update(self.project.feast.config, [self.views[view]], [], [], [], partial=True)
        self.model.rows = {key: row for key, row in self.model.rows.items() if key[0] != view}

    @rule(users=st.lists(USERS, min_size=1, max_size=3), now=INSTANTS)
    def read(self, users: list[str], now: int) -> None:
        """Read both views of some users at a clock."""
        self.check(users, now)

    @invariant()
    def newest_rows_stand(self) -> None:
        """At a clock before all rows, whatever is stored is answered."""
        self.check(["u", "v"], 0)

    def check(self, users: list[str], now: int) -> None:
        """Compare values and statuses with the model's."""
        rows = [{"user_id": user, "now": (START + now * STEP).timestamp()} for user in users]
        references = [f"{view}:{feature}" for view, feature in FEATURES.items()]
        answer = self.project.feast.get_online_features(references, rows)
        values, names = answer.to_dict(), list(answer.proto.metadata.feature_names.val)
        for view, feature in FEATURES.items():
            statuses = answer.proto.results[names.index(feature)].statuses
            found = list(zip(values[feature], statuses, strict=True))
            assert found == [self.model.read(view, user, now) for user in users]


def test_the_store_follows_the_model(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Older never overwrites, later created wins at a tie, TTL and deletion hold, in any order."""
    folder = tmp_path_factory.mktemp("model")
    StoreMachine.project = contract(folder, redis_server.address, ttl_clock="now")
    config = StoreMachine.project.feast.config
    StoreMachine.online = get_online_store_from_config(config.online_store)
    StoreMachine.views = {
        name: StoreMachine.project.feast.get_feature_view(name) for name in FEATURES
    }
    case = StoreMachine.TestCase
    case.settings = settings(deadline=None, max_examples=40, stateful_step_count=12)
    case().runTest()
