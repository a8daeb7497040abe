"""The schema of signals refuses what the builder refuses, and nothing else that it can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from support.payloads import DECISION, ECHO, OWN_FIELDS, RECEIVED_US, message
from support.strategies import Logged, logs

from oo_admin.contract.document import reference
from oo_admin.contract.features import features_contract
from oo_admin.contract.signals import signals_contract
from oo_transforms.errors import SignalRejected
from oo_transforms.signals import decode
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from support.world import World

CONTRACT = signals_contract()
BENT: tuple[Any, ...] = (None, True, "", "x" * 129, -1e20, 1e20, 2.5, [], {}, {"a": 1})
"""What is put into each field: none is an instant, which the schema leaves to its format."""

WHOLE: dict[str, dict[str, Any]] = {
    "signals.tip.shown": {"decision": DECISION},
    "signals.tip.feedback": {"decision": ECHO},
    "signals.calendar.synced": {"busy_minutes": 0},
}
"""What makes messages whole, and their fields say nothing of each other."""


def takes(subject: str, data: object) -> bool:
    """Say whether the schema takes a message."""
    schema = {**CONTRACT["properties"][subject], "$defs": CONTRACT["$defs"]}
    return Draft202012Validator(schema).is_valid(data)


def accepts(subject: str, data: object) -> bool:
    """Say whether the builder takes it."""
    try:
        decode(subject, json.dumps(data).encode(), RECEIVED_US)
    except SignalRejected:
        return False
    return True


def test_the_schemas_are_schemas() -> None:
    """Both, by the meta-schema of their dialect."""
    Draft202012Validator.check_schema(CONTRACT)
    Draft202012Validator.check_schema(features_contract())


@pytest.mark.parametrize("subject", sorted(OWN_FIELDS))
def test_a_field_bent_is_refused_by_both_or_by_none(subject: str) -> None:
    """Each field of each subject missing, of another type, out of its bounds."""
    whole = message(subject, **WHOLE.get(subject, {}))
    assert takes(subject, whole)
    assert accepts(subject, whole)
    for name in whole:
        without = {key: value for key, value in whole.items() if key != name}
        assert takes(subject, without) == accepts(subject, without), name
        for bent in BENT:
            data = {**whole, name: bent}
            if name == "occurred_at" and isinstance(bent, str):
                continue
            assert takes(subject, data) == accepts(subject, data), (name, bent)


def test_a_decision_bent_is_refused_by_both_or_by_none() -> None:
    """Within the decision too, but for what one field says of another."""
    for name in DECISION:
        for bent in BENT:
            data = message("signals.tip.shown", decision={**DECISION, name: bent})
            if name in {"service", "live", "features", "policies"}:
                assert takes("signals.tip.shown", data) or not accepts("signals.tip.shown", data)
            else:
                assert takes("signals.tip.shown", data) == accepts("signals.tip.shown", data)


@given(logs())
def test_whatever_a_log_holds_is_taken(log: list[Logged]) -> None:
    """Every signal that the builder may meet keeps to the contract."""
    assert all(takes(logged.subject, dict(logged.data)) for logged in log)


def test_every_computed_feature_keeps_to_its_type() -> None:
    """What the functions give without any evidence is what the contract says of each view."""
    contract = features_contract()
    for group, compute in FEATURE_GROUPS:
        name = "".join(word.capitalize() for word in group.name.split("_"))
        row = {feature: column[0] for feature, column in compute({"now": [1e9]}).items()}
        schema = {**reference(name), "$defs": contract["$defs"]}
        Draft202012Validator(schema).validate(row)
        assert list(contract["$defs"][name]["properties"]) == list(row)


@pytest.mark.live
def test_services_have_the_features_that_the_contract_says(world: World) -> None:
    """By name and in order, as the registry has them."""
    from oo_profile.registry import service_features  # noqa: PLC0415 - imports Feast

    contract = features_contract()
    for service, told in contract["properties"].items():
        part = contract["$defs"][told["$ref"].rpartition("/")[2]]
        parts = [contract["$defs"][p["$ref"].rpartition("/")[2]] for p in part.get("allOf", ())]
        names = [name for one in parts or [part] for name in one["properties"]]
        applied = service_features(world.store.get_feature_service(service))
        assert (sorted(names) if parts else names) == (sorted(applied) if parts else applied)
