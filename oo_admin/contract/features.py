"""The contract of who reads features."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from oo_admin.contract.document import document, reference
from oo_transforms.candidates import CANDIDATE_FEATURES
from oo_transforms.matches import MATCH_FEATURES
from oo_transforms.policies import POLICIES
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oo_transforms.described import Schema
    from oo_transforms.fields import Feature

OF_CANDIDATES: Final = (CANDIDATE_FEATURES.name, MATCH_FEATURES.name)
"""The views that tell of a candidate; the others tell of a user, and are his profile."""

_TYPES: Final = {"Float64": "number", "Int64": "integer", "Bool": "boolean", "String": "string"}


def features_contract() -> Schema:
    """Return the schema of each view's features, of a profile, and of what each policy takes.

    It comes from the declarations that features are computed and checked by.
    """
    groups = [group for group, _ in FEATURE_GROUPS]
    known = {feature.name: feature for group in groups for feature in group.features}
    parts = {_type_name(group.name): _object(group.description, group.features) for group in groups}
    parts["Profile"] = {
        "description": "All that is known of a user: the service `profile_v1`.",
        "allOf": [reference(_type_name(g.name)) for g in groups if g.name not in OF_CANDIDATES],
    }
    for service, policy in POLICIES.items():
        said = "Features of a candidate, as the service of this name has them, in its order."
        parts[_type_name(service)] = _object(said, [known[name] for name in policy.features])
    by_service = {"profile_v1": "Profile"} | {name: _type_name(name) for name in POLICIES}
    properties = {name: reference(part) for name, part in by_service.items()}
    return document(
        "FeaturesByService",
        "The features that each feature service has.",
        parts,
        {"type": "object", "properties": properties, "required": list(properties)},
    )


def _object(description: str, features: Iterable[Feature]) -> Schema:
    properties = {feature.name: _feature(feature) for feature in features}
    return {
        "type": "object",
        "description": f"{description.rstrip('.')}.",
        "properties": properties,
        "required": list(properties),
    }


def _feature(feature: Feature) -> Schema:
    said = f"{feature.description.rstrip('.')}. Unit: {feature.unit}."
    told: dict[str, Any] = {"type": _TYPES[feature.dtype]}
    if feature.dtype in {"Float64", "Int64"}:
        bounds = {"minimum": feature.minimum, "maximum": feature.maximum}
        told |= {key: bound for key, bound in bounds.items() if bound is not None}
    without = _word(feature.none)
    if feature.when_stale == "withheld":
        without, told = "null, withheld", {"anyOf": [told, {"type": "null"}]}
    return {
        "description": f"{said} Without evidence: {without}.",
        **told,
        "x-unit": feature.unit,
        "x-without-evidence": feature.none,
        "x-when-stale": feature.when_stale,
    }


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return json.dumps(value)


def _type_name(name: str) -> str:
    """Write a name as types are written.

    >>> _type_name("mood_features"), _type_name("bandit_v1")
    ('MoodFeatures', 'BanditV1')
    """
    return "".join(word.capitalize() for word in name.split("_"))
