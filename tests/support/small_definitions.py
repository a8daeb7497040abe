"""The smallest definitions there can be: one state view, one computed view, one service."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from feast import Entity, FeatureService, FeatureView, Field, OnDemandFeatureView, RequestSource
from feast.transformation.python_transformation import PythonTransformation
from feast.types import FeastType, Float64
from feast.value_type import ValueType

from oo_stores.sqlite import SQLiteSource

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
SAID = {"unit": "pieces", "range": "[0, null]"}
FEATURE = {"owner": "us", "description": "What it says", "unit": "pieces", "range": [0, None]}
TAGS = {"source": "app", "owner": "us", "invalidated_by": "signals.x", "half_life_seconds": "60"}


def compute(inputs: dict[str, list[object]]) -> dict[str, list[object]]:
    """Stand for any function."""
    return inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is declared; a test changes a part of it.

    Attributes:
        state: Name and type of the fields of the state view.
        ttl: Its TTL.
        tags: Its tags.
        owner: Its owner.
        field_tags: The tags of its fields, and of those of the request.
        description: Their description.
        request: Name and type of what a request has to bring.
        view: Name of the computed view.
        features: Name and type of its features.
        feature: What its tags say of each of them.
        service: Name of the service.
        read_by: How it is read.
    """

    state: Mapping[str, FeastType] = field(default_factory=lambda: {"s": Float64, "t": Float64})
    ttl: timedelta = timedelta(days=1)
    tags: Mapping[str, str] = field(default_factory=lambda: TAGS)
    owner: str = "us"
    field_tags: Mapping[str, str] = field(default_factory=lambda: SAID)
    description: str = "What it holds"
    request: Mapping[str, FeastType] = field(default_factory=lambda: {"now": Float64})
    view: str = "answers"
    features: Mapping[str, FeastType] = field(default_factory=lambda: {"a": Float64, "b": Float64})
    feature: Mapping[str, object] = field(default_factory=lambda: FEATURE)
    service: str = "vector"
    read_by: str = "position"

    def state_view(self, name: str = "state") -> FeatureView:
        """Return the state view."""
        return FeatureView(
            name=name,
            entities=[USER],
            ttl=self.ttl,
            schema=self._fields(self.state),
            source=SQLiteSource(table=name, timestamp_field="event_timestamp"),
            tags=dict(self.tags),
            owner=self.owner,
        )

    def computed_view(self) -> OnDemandFeatureView:
        """Return the computed view."""
        clock = RequestSource(name="clock", schema=self._fields(self.request))
        return OnDemandFeatureView(
            name=self.view,
            sources=[self.state_view(), clock],
            schema=[Field(name=name, dtype=dtype) for name, dtype in self.features.items()],
            # Feast types its argument by the class of Python functions, which mypy keeps apart.
            feature_transformation=PythonTransformation(
                compute,  # type: ignore[arg-type]
                "def compute(inputs): ...",
            ),
            mode="python",
            tags={f"feature.{name}": json.dumps(self.feature) for name in self.features},
        )

    def feature_service(self) -> FeatureService:
        """Return the service, which holds all features."""
        return FeatureService(
            name=self.service, features=[self.computed_view()], tags={"read_by": self.read_by}
        )

    def _fields(self, types: Mapping[str, FeastType]) -> list[Field]:
        return [
            Field(name=name, dtype=dtype, description=self.description, tags=dict(self.field_tags))
            for name, dtype in types.items()
        ]
