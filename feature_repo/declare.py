"""From our declarations to Feast's: what is said in `oo_transforms` is not said again here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from entities import user
from feast import FeatureView, Field, RequestSource
from feast.types import Array, Bool, Float64, Int64, String

from oo_stores.sqlite import SQLiteSource
from oo_stores.withholding import WITHHELD_TAG
from oo_transforms.columns import REQUESTED
from oo_transforms.policies import MAX_SCALED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from feast.types import FeastType

    from oo_transforms.fields import FeatureGroup, RequestField, StateField
    from oo_transforms.policies import Policy
    from oo_transforms.state_view import StateView

OWNER = "profiles@oo.example"
"""Who answers for a view unless it says otherwise."""

FEAST_TYPES: dict[str, FeastType] = {
    "Float64": Float64,
    "Int64": Int64,
    "Bool": Bool,
    "String": String,
    "Array(Float64)": Array(Float64),
    "Array(String)": Array(String),
}


def state_view(view: StateView, ttl: timedelta, owner: str = OWNER) -> FeatureView:
    """Declare a state view: its table is its name, its schema that of its fold.

    Args:
        view: The fold's declaration.
        ttl: Age at which the state counts as expired; zero: never.
        owner: Who answers for it.
    """
    return FeatureView(
        name=view.name,
        entities=[user],
        ttl=ttl,
        schema=[_field(field) for field in view.fields()],
        source=SQLiteSource(
            name=f"{view.name}_history",
            table=view.name,
            timestamp_field="event_timestamp",
            created_timestamp_column="created_timestamp",
            description=f"History of {view.name}, written by the profile builder",
            owner=owner,
        ),
        description=view.description,
        tags={**view.tags(), **view.expectation_tags(), "owner": owner},
        owner=owner,
    )


def request_source(
    name: str, fields: Sequence[RequestField], description: str, owner: str = OWNER
) -> RequestSource:
    """Declare what a request brings."""
    return RequestSource(
        name=name,
        schema=[_field(field) for field in fields],
        description=description,
        owner=owner,
    )


def schema(group: FeatureGroup) -> list[Field]:
    """List a group's features; Feast 0.67 keeps only name and type, the tags hold the rest."""
    return [Field(name=f.name, dtype=FEAST_TYPES[f.dtype]) for f in group.features]


def tags(group: FeatureGroup, owner: str = OWNER) -> dict[str, str]:
    """Say what Feast would lose of a group's features, and how our stores treat its function.

    It takes `REQUESTED`, and some of its outputs are withheld where there is nothing behind them.
    """
    withheld = {WITHHELD_TAG: ",".join(group.withheld)} if group.withheld else {}
    return {**group.tags(owner), "requested_outputs": REQUESTED, **withheld}


def policy_tags(policy: Policy) -> dict[str, str]:
    """Say by which constants a policy takes the features of its service, by name.

    `scale` is what a value is divided by, `ridge` the weight of the prior.
    """
    scales = {given.name: given.scale for given in policy.inputs}
    return {
        "scale": json.dumps(scales),
        "ridge": json.dumps(dict(zip(policy.dimensions, policy.ridge, strict=True))),
        "max_scaled": json.dumps(MAX_SCALED),
    }


def _field(field: StateField | RequestField) -> Field:
    return Field(
        name=field.name,
        dtype=FEAST_TYPES[field.dtype],
        description=field.description,
        tags=field.tags(),
    )
