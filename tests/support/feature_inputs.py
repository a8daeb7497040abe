"""What Feast passes to an on-demand function, from states or from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.logs import columns_of, entries_of, state_of

from oo_profile.definition.state import TTL_US
from oo_transforms import CANDIDATE, CLOCK, FEATURE_GROUPS, STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.strategies import Logged

    from oo_transforms import StateField

STATE_FIELDS: dict[str, StateField] = {
    f"{view.name}__{field.name}": field for view in STATE_VIEWS for field in view.fields()
}
"""Every state column by the name under which a function reads it."""

REQUEST_FIELDS = {field.name: field for field in (*CLOCK, *CANDIDATE)}
DTYPES: dict[str, str] = {
    **{name: field.dtype for name, field in STATE_FIELDS.items()},
    **{name: field.dtype for name, field in REQUEST_FIELDS.items()},
}
"""The declared type of every input."""

NOTHING: dict[str, Any] = dict.fromkeys((*STATE_FIELDS, *REQUEST_FIELDS))
"""One row without any value."""


def row_of(log: Sequence[Logged], now_us: int, **request: object) -> dict[str, Any]:
    """Build the row of a user at a time: states that are known and not expired, and the request."""
    row = dict(NOTHING)
    known = [logged for logged in log if logged.event_us <= now_us]
    for view in STATE_VIEWS:
        state = state_of(view, entries_of(view, known))
        ttl_us = TTL_US.get(view.name)
        if state.anchor_us is None or (ttl_us and now_us - state.anchor_us > ttl_us):
            continue
        columns = columns_of(view, state.cells())
        row |= {f"{view.name}__{name}": value for name, value in columns.items()}
    return {**row, "now": now_us / 1e6, **request}


def compute(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Run every on-demand function over rows, each on all of the inputs."""
    inputs = {name: [row[name] for row in rows] for name in NOTHING}
    outputs: dict[str, list[Any]] = {}
    for _, function in FEATURE_GROUPS:
        outputs |= function(inputs)
    return outputs


def compute_one(row: Mapping[str, Any]) -> dict[str, Any]:
    """Run every on-demand function over one row."""
    return {name: values[0] for name, values in compute([row]).items()}
